// `npm run bench:gpu`: runs bench/gpu.ts as it stands. Not a test. What is bundled runs it without this file (bundle_runner.mjs).
import { loadSource } from './sources.mjs';

const { main } = await loadSource('/bench/gpu.ts');
const code = await main(process.argv.slice(2)).catch((error) => {
  console.error(error.remedy === undefined ? error : `${error.message}\n${error.remedy}`);
  return 1;
});
// Dawn's threads keep the event loop alive.
process.exit(code);
