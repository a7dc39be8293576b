// Asks axe about a page at both widths, in light and dark.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string }[];
}

const rulesOfColour = ['color-contrast', 'link-in-text-block'];

/** What axe finds wrong, a line each: empty when all is well. Both colour schemes have the same elements, so that in the dark one only colours are asked about. */
export async function complaintsOfAxe(page: Page, what: string): Promise<string[]> {
  const found: string[] = [];
  // Evaluated rather than added as a script: the page's policy forbids foreign scripts.
  if (await page.evaluate(() => !('axe' in globalThis))) await page.evaluate(source);
  for (const width of [1440, 390]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      await page.waitForFunction((theme) => document.documentElement.dataset.theme === theme, colorScheme);
      // Charts measure their new width and draw once more; what is judged is what stays.
      await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
      const violations = await page.evaluate(
        async (options) => {
          const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<{ violations: Violation[] }> } };
          return (await axe.run(options)).violations;
        },
        { resultTypes: ['violations'], ...(colorScheme === 'dark' ? { runOnly: { type: 'rule', values: rulesOfColour } } : {}) },
      );
      for (const { id, help, nodes } of violations) {
        found.push(`${what}, ${width} px, ${colorScheme}: ${id} (${help}) at ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
      }
      const [scrollWidth, clientWidth] = await page.evaluate(
        () => [document.documentElement.scrollWidth, document.documentElement.clientWidth] as const,
      );
      if (scrollWidth > clientWidth)
        found.push(`${what}, ${width} px, ${colorScheme}: scrolls sideways, ${scrollWidth} > ${clientWidth} px`);
    }
  }
  return found;
}
