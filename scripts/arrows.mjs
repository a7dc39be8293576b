// The one-way arrows of the house, as a rule: who may import whom. Not about packages in general, only that src/ runs in a worker and in
// Node alike. Invariant: what is not allowed here is forbidden, so a new folder under src/ or app/ needs a row.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const ARROWS = {
  // The page: its entry and frame, screens, what screens share, the model of what is chosen and answered. What only draws knows no state.
  app: ['app/bench', 'app/choose', 'app/train', 'app/compare', 'app/results', 'app/frame', 'app/state', 'app/styles', 'client', 'protocol'],
  'app/bench': ['app/state', 'app/ui', 'protocol'],
  'app/train': ['app/choose', 'app/memory', 'app/state', 'app/ui', 'protocol'],
  'app/compare': ['app/choose', 'app/queue', 'app/study', 'app/memory', 'app/options', 'app/state', 'app/ui', 'protocol'],
  'app/choose': ['app/hub', 'app/memory', 'app/options', 'app/state', 'app/ui', 'protocol'],
  'app/results': ['app/hub', 'app/options', 'app/state', 'app/ui', 'protocol'],
  'app/queue': ['app/memory', 'app/options', 'app/state', 'app/ui', 'protocol'],
  'app/study': ['app/state', 'app/ui', 'protocol'],
  'app/frame': ['app/state', 'app/ui', 'protocol'],
  'app/hub': ['app/state', 'app/ui', 'protocol'],
  'app/memory': ['app/state', 'app/ui', 'protocol'],
  'app/options': ['app/state', 'app/ui', 'protocol'],
  'app/ui': ['protocol'],
  'app/state': ['client', 'protocol'],
  'app/styles': [],
  client: ['worker', 'session', 'protocol'],
  worker: ['session', 'data', 'offload', 'hub', 'protocol'],
  session: [
    'measure',
    'generate',
    'tasks',
    'train',
    'offload',
    'methods',
    'models',
    'data',
    'hub',
    'formats',
    'plan',
    'stack',
    'graph',
    'gpu',
    'kernels',
    'protocol',
    'random',
  ],
  // What a step takes and a device can do: profiles, and the stages of bench:gpu and of #bench.
  measure: ['train', 'tasks', 'data', 'methods', 'models', 'plan', 'graph', 'kernels', 'gpu', 'protocol', 'random'],
  train: ['tasks', 'data', 'methods', 'offload', 'models', 'plan', 'stack', 'graph', 'gpu', 'kernels', 'protocol', 'random'],
  // Texts that a model writes. Its programs are traced by the code of those that train.
  generate: ['train', 'methods', 'models', 'plan', 'graph', 'gpu', 'protocol', 'random'],
  tasks: ['data', 'graph', 'protocol'],
  methods: ['models', 'offload', 'stack', 'graph', 'kernels', 'protocol', 'random'],
  models: ['stack', 'graph', 'kernels', 'protocol', 'random'],
  plan: ['graph', 'kernels', 'protocol'],
  stack: ['graph', 'kernels', 'protocol'],
  // What lives off the GPU: rows, routing, updates. Knows nothing of the engine.
  offload: ['protocol', 'random'],
  // Knows no feature: what lives off the GPU, say, is a host call to it.
  graph: ['kernels', 'protocol', 'random'],
  kernels: [],
  // gpu replays plans; what makes them knows nothing of gpu.
  gpu: ['plan', 'graph', 'kernels', 'offload', 'protocol', 'shaders'],
  data: ['hub', 'formats', 'protocol', 'random'],
  hub: ['formats', 'protocol', 'random'],
  formats: ['protocol', 'random'],
  protocol: [],
  random: [],
};

const IMPORT = /(?:\bfrom|\bimport|\bimport\s*\(|\bimport\.meta\.glob(?:<[^>]*>)?\(|\bnew URL\()\s*'([^']+)'/g;
const PAGE_ONLY = /^(?:node:|react(?:-dom)?(?:\/|$)|radix-ui|webgpu$)/;
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The house folder of a path from the root: `graph` for src/graph/x.ts, `app/ui` for app/ui/x.tsx, `app` for app/x.tsx, `shaders` for shaders/x.wgsl. */
function folderOf(path) {
  const [first, second, third] = path.split('/');
  if (first === 'app' && third !== undefined) return `app/${second}`;
  return first === 'src' ? second : first;
}

/** What is wrong with the imports of one file: lines for people, empty when all is well. `path` is from the root, with slashes. */
export function brokenArrows(path, source) {
  const from = folderOf(path);
  const allowed = ARROWS[from];
  if (allowed === undefined) return [`${path}: its folder, ${from}, has no row in the table of arrows`];
  return [...source.matchAll(IMPORT)].flatMap(([, target], index, all) => {
    const line = source.slice(0, all[index].index).split('\n').length;
    if (!target.startsWith('.')) {
      return !path.startsWith('app/') && PAGE_ONLY.test(target)
        ? [`${path}:${line}: src/ runs in a worker and in Node alike and may not import ${target}`]
        : [];
    }
    const to = folderOf(posix.join(posix.dirname(path), target));
    return to === from || allowed.includes(to) ? [] : [`${path}:${line}: ${from} may not import ${to} (${target})`];
  });
}

function sources(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return sources(path);
    // Tests, and what only they use, may look anywhere.
    return /\.tsx?$/.test(name) && !/(\.test\.tsx?|(^|[\\/])testing\.ts|[\\/]cases[\\/].*)$/.test(path) ? [path] : [];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const broken = ['app', 'src'].flatMap((folder) =>
    sources(join(ROOT, folder)).flatMap((path) => brokenArrows(relative(ROOT, path).split(sep).join('/'), readFileSync(path, 'utf8'))),
  );
  for (const line of broken) console.error(line);
  process.exit(broken.length === 0 ? 0 : 1);
}
