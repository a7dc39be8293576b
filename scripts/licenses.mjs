// The licence texts of every package that the page may contain, for dist/licenses.md. From the lock file and not from the bundle: Vite's
// own list (build.license, 8.3) leaves out what only the worker imports.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './setup.mjs';

/** Production packages that never reach the page: types, the compiler that a peer dependency names, the command line's Dawn, its way of pushing and what it decodes pictures with. */
const NOT_IN_THE_PAGE =
  /^(?:@types\/|@typescript\/|@webgpu\/|typescript$|webgpu$|csstype$|debug$|ms$|@huggingface\/|gearhash-jit$|cli-progress$|ansi-regex$|emoji-regex$|is-fullwidth-code-point$|string-width$|strip-ansi$|sharp$|@img\/|detect-libc$|semver$)/;

/** Markdown: one heading a package with its version and licence, then the text as the package carries it. */
export function licenseTexts() {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  const shipped = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev && existsSync(join(ROOT, path)));
  const sections = shipped.flatMap(([path, { version, license }]) => {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    if (NOT_IN_THE_PAGE.test(name)) return [];
    const files = readdirSync(join(ROOT, path)).filter((file) => /^(?:licen[cs]e|notice|copyrightnotice)/i.test(file));
    return [`## ${name} ${version} (${license})`, ...files.map((file) => readFileSync(join(ROOT, path, file), 'utf8').trim())];
  });
  return `${['# Licences of what this page contains', ...sections].join('\n\n')}\n`;
}
