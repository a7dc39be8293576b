// Bundles the command line and the measurements into plain JavaScript for a machine that has Node and the package `webgpu`, but neither Vite nor TypeScript nor
// other packages: `node scripts/bundle_bench.mjs OUT`. Every module keeps its place under OUT (src/gpu/device.ts becomes src/gpu/device.mjs), so that paths which
// sources make from their own place hold; shaders and WebAssembly are part of the modules that import them. What is left out: models, data, and what needs a
// browser or Vite itself (pictures, benches that open the page).
// Invariant: OUT is emptied first, so it must be a folder that holds nothing else.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { ROOT } from './setup.mjs';

/** Packages that stay packages: `webgpu` must be there; the others are asked for by what is left out alone. */
const external = ['webgpu', 'sharp', 'vite', 'playwright-core'];

const MARK = 'retrace-bundle';

/** Sources of bench/ that run by themselves: those with a `run`, and bench:gpu. */
const measurements = () =>
  readdirSync(join(ROOT, 'bench'))
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => file === 'gpu.ts' || /^export async function run\(/m.test(readFileSync(join(ROOT, 'bench', file), 'utf8')));

/** Throws where OUT holds anything that no bundle has put there. */
function requireOwn(out) {
  if (!existsSync(out) || readdirSync(out).length === 0) return;
  const manifest = join(out, 'package.json');
  if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === MARK) return;
  throw new Error(`${out} holds something that is no bundle of Retrace. Name a folder that is empty, or not there yet.`);
}

/** Packages that are bundled go beside the sources: npm would take them out of node_modules again. */
const placeOf = ({ name }) => `${name.replace(/^node_modules\//, 'packages/')}.mjs`;

export async function bundleBench(out) {
  requireOwn(out);
  await build({
    root: ROOT,
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    ssr: { noExternal: true, external },
    build: {
      ssr: true,
      outDir: out,
      emptyOutDir: true,
      target: 'node20',
      minify: false,
      rolldownOptions: {
        input: ['cli/main.ts', ...measurements().map((file) => `bench/${file}`)].map((file) => join(ROOT, file)),
        external,
        output: { preserveModules: true, preserveModulesRoot: ROOT, entryFileNames: placeOf, chunkFileNames: '[name].mjs' },
      },
    },
  });
  const { version, license, engines, dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const manifest = { name: MARK, version, license, private: true, type: 'module', engines, dependencies: { webgpu: dependencies.webgpu } };
  writeFileSync(join(out, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  copyFileSync(join(ROOT, 'scripts', 'bundle_runner.mjs'), join(out, 'bench.mjs'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [out, ...more] = process.argv.slice(2);
  if (out === undefined || out.startsWith('-') || more.length > 0) {
    console.error('Usage: node scripts/bundle_bench.mjs OUT');
    process.exit(2);
  }
  mkdirSync(out, { recursive: true });
  try {
    await bundleBench(resolve(out));
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
  console.log(
    `${out}: with the package webgpu in its node_modules, node cli/main.mjs, node bench.mjs NAME and node bench.mjs gpu run there.`,
  );
}
