// How the page is tested in a real Chromium: first files whose pages need no GPU, two at a time, then the others one after another.

import { configDefaults, defineConfig } from 'vitest/config';

/** Files whose pages compute nothing on a GPU: they mostly wait, for a worker, a drawing or a slow answer, and two at a time fill two cores. */
const light = ['axe', 'hosting', 'hub_faults', 'hub_store', 'page', 'pictures', 'pictures_hub', 'question_sets'].map(
  (name) => `e2e/${name}.e2e.ts`,
);

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    environment: 'node',
    testTimeout: 900_000,
    hookTimeout: 120_000,
    projects: [
      { extends: true, test: { name: 'light', include: light, maxWorkers: 2, sequence: { groupOrder: 0 } } },
      {
        extends: true,
        // A software GPU uses every core by itself, and how soon the page answers is measured: one at a time.
        test: {
          name: 'gpu',
          include: ['e2e/**/*.e2e.ts'],
          exclude: [...configDefaults.exclude, ...light],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
