// In a bundle (bundle_bench.mjs) what scripts/bench.mjs and `npm run bench:gpu` are among the sources: `node bench.mjs NAME [--json] [OF...]`,
// `node bench.mjs gpu [--out DIR] [--tiny]`. Copied there; here it finds nothing.
const [name = '', ...rest] = process.argv.slice(2);
const { run, main } = await import(new URL(`./bench/${name}.mjs`, import.meta.url).href);
const of = rest.filter((word) => word !== '--json');
const measured = main ? main(rest) : run(rest.includes('--json'), of);
const code = await measured.catch((error) => {
  console.error(error.remedy === undefined ? error : `${error.message}\n${error.remedy}`);
  return 1;
});
process.exit(code ?? 0);
