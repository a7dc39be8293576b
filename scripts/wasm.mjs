// Builds src/offload/products.wat into src/offload/products_wasm.ts, as base64 in a module, so that page, worker and Node load it alike.
// `--check` only compares. The tool (wabt, Apache-2.0) is needed to change the kernel, never to run it.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import initWabt from 'wabt';

const path = (name) => fileURLToPath(new URL(`../src/offload/${name}`, import.meta.url));

/** The text of products_wasm.ts. */
export async function buildProducts() {
  const wabt = await initWabt();
  const module = wabt.parseWat('products.wat', readFileSync(path('products.wat'), 'utf8'), { simd: true });
  module.validate();
  const { buffer } = module.toBinary({});
  const lines = Buffer.from(buffer)
    .toString('base64')
    .match(/.{1,120}/g)
    .map((line) => `  '${line}',`);
  return `// Made from products.wat by \`node scripts/wasm.mjs\`: not to be edited.\n\nexport const productsWasm = [\n${lines.join('\n')}\n].join('');\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const built = await buildProducts();
  if (!process.argv.includes('--check')) writeFileSync(path('products_wasm.ts'), built);
  else if (readFileSync(path('products_wasm.ts'), 'utf8') !== built) throw new Error('products_wasm.ts is not what products.wat gives');
}
