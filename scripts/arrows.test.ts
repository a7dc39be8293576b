import { expect, test } from 'vitest';
import { brokenArrows } from './arrows.mjs';

test('an import along an arrow or within a folder is allowed', () => {
  expect(brokenArrows('src/gpu/executor.ts', "import type { Plan } from '../graph/plan.ts';\nimport { x } from './deep/x.ts';")).toEqual(
    [],
  );
  expect(brokenArrows('src/gpu/shaders.ts', "const all = import.meta.glob('../../shaders/*.wgsl', { eager: true });")).toEqual([]);
  expect(brokenArrows('src/graph/ops/gelu.ts', "import { Tensor } from '../tensor.ts';\nimport * as v from 'valibot';")).toEqual([]);
});

test('an import against an arrow is named with its line, also when only a type, several lines long, lazy or a worker', () => {
  expect(brokenArrows('src/plan/plan.ts', "\nimport type { Device } from '../gpu/device.ts';")).toEqual([
    'src/plan/plan.ts:2: plan may not import gpu (../gpu/device.ts)',
  ]);
  expect(brokenArrows('src/models/bert.ts', "export {\n  a,\n  b,\n} from '../../src/methods/lora.ts';")).toHaveLength(1);
  expect(brokenArrows('app/App.tsx', "const session = await import('../src/session/session.ts');")).toHaveLength(1);
  expect(brokenArrows('src/data/rows.ts', "new Worker(new URL('../worker/main.ts', import.meta.url))")).toHaveLength(1);
});

test('the state of the page knows no screen, and what only draws knows no state', () => {
  expect(brokenArrows('app/state/store.ts', "import { latest } from './latest.ts';\nimport { typedRepo } from './hub/typed.ts';")).toEqual(
    [],
  );
  expect(brokenArrows('app/state/hub/hubbing.ts', "import type { Row } from '../../compare/rows.ts';")).toEqual([
    'app/state/hub/hubbing.ts:1: app/state may not import app/compare (../../compare/rows.ts)',
  ]);
  expect(brokenArrows('app/ui/Row.tsx', "import { useApp } from '../state/context.ts';")).toHaveLength(1);
  expect(brokenArrows('app/choose/data/DataSection.tsx', "import { useApp } from '../../state/context.ts';")).toEqual([]);
  expect(brokenArrows('app/results/Export.tsx', "import { x } from '../train/x.ts';")).toHaveLength(1);
});

test('src may not import Node or React, and a folder without a row is refused', () => {
  expect(brokenArrows('src/hub/folder.ts', "import { readFileSync } from 'node:fs';")).toHaveLength(1);
  expect(brokenArrows('src/client/client.ts', "import { useState } from 'react';")).toHaveLength(1);
  expect(brokenArrows('app/App.tsx', "import { useState } from 'react';")).toEqual([]);
  expect(brokenArrows('src/utils/misc.ts', '')).toHaveLength(1);
});
