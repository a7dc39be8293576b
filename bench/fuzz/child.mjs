// The process that reads damaged files, so that an abort or a hang ends it and nothing else. It says which case it begins, what came of it, and how
// much memory it has taken at most; fuzz.ts, which started it, judges silence and death.
import { loadSource } from '../../scripts/sources.mjs';

const { formatNamed } = await loadSource('/bench/fuzz/formats.ts');
const { bytesOf, tryCase } = await loadSource('/bench/fuzz/case.ts');

async function cases({ name, seed, from, to }) {
  const format = formatNamed(name);
  for (let index = from; index < to; index++) {
    const bytes = await bytesOf(format, seed, index);
    process.send({ index });
    const before = performance.now();
    const { code, fault } = await tryCase(format, bytes);
    process.send({ index, code, fault, ms: performance.now() - before, megabytes: process.resourceUsage().maxRSS / 1024 });
    // Messages leave only when the loop turns.
    if (index % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  process.send({ done: true });
}

process.on('message', (asked) => {
  cases(asked).catch((error) => process.send({ broken: error.stack }));
});
process.send({ ready: true });
