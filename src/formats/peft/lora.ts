// LORA: lora_A and lora_B beside chosen dense layers, each of its own rank and α where patterns say so; with `bias`, the backbone's own biases too;
// with `modules_to_save`, modules that are trained whole.

import { fanInFanOut, modulesToSave, patternFor, patternOf, targetModules } from './modules.ts';
import { countOf, layerOf, listed, matches, numberOf, type PeftBase, type PeftConfig, type PeftType, refusePeft } from './peft_type.ts';

const biases = ['none', 'all', 'lora_only'];
/** Ways to start that leave the base as it is; the others (PiSSA, OLoRA, LoftQ, ...) take something out of its weights. */
const plainStarts = [true, false, 'gaussian', 'eva', 'orthogonal'];
interface Kinds {
  readonly number: number;
  readonly string: string;
}

const isListOf = <K extends keyof Kinds>(value: unknown, kind: K): value is Kinds[K][] =>
  Array.isArray(value) && value.every((each) => typeof each === kind);

/**
 * Layers below the first of `layers_to_transform`, where those are all from one on to the last and the file has nothing else: our own way to say it.
 * Else 0, and the modules are named one by one.
 */
function frozenLayers(given: PeftConfig, { stored, model, mirrored }: PeftBase): number {
  const { layers_to_transform: layers, target_modules, layers_pattern, exclude_modules } = given;
  if (!isListOf(layers, 'number') || !isListOf(target_modules, 'string') || layers_pattern || exclude_modules) return 0;
  const sorted = layers.toSorted((a, b) => a - b);
  const first = sorted[0] ?? 0;
  if (mirrored['frozen_layers'] === first) return first;
  const { dense, parameters } = model.names();
  const last = Math.max(...dense.map(layerOf).filter((layer) => !Number.isNaN(layer)));
  const toTheTop = sorted.at(-1) === last && sorted.every((layer, i) => layer === first + i);
  // PEFT counts layers alone among the modules, and every bias of the model.
  // Two stacks each count from 0, and ours go on.
  const again = dense.slice(dense.findIndex((path) => layerOf(path) >= first)).some((path) => layerOf(path) < first);
  const outside = dense.some((path) => Number.isNaN(layerOf(path)) && matches(path, target_modules));
  const begin = Math.max(
    0,
    parameters.findIndex((name) => layerOf(name) >= first),
  );
  const below = [...stored].some((name) => layerOf(name) < first) || parameters.slice(0, begin).some((name) => stored.has(name));
  return toTheTop && !again && !outside && !below ? first : 0;
}

/** `name=number` entries as PEFT's object. */
const asPattern = (entries: readonly string[]): Record<string, number> =>
  Object.fromEntries(entries.map((entry) => [entry.slice(0, entry.lastIndexOf('=')), Number(entry.slice(entry.lastIndexOf('=') + 1))]));

export const lora: PeftType = {
  peft_type: 'LORA',
  method: 'lora',
  prefix: 'base_model.model.',
  known: [
    ...['init_lora_weights', 'eva_config', 'corda_config', 'lora_ga_config', 'loftq_config'],
    ...['layers_to_transform', 'layers_pattern', 'target_modules', 'exclude_modules', 'rank_pattern', 'alpha_pattern', 'use_rslora'],
    'ensure_weight_tying',
  ],
  toPeft({ hyper_parameters }, specs, model) {
    const { adapter_size, lora_alpha, lora_dropout, target_modules, bias, use_rslora, rank_pattern, alpha_pattern, frozen_layers } =
      hyper_parameters;
    const paths = specs.filter(({ name }) => name.endsWith('.lora_A.weight')).map(({ name }) => name.slice(0, -'.lora_A.weight'.length));
    const layers = paths.map(layerOf);
    // What the ends of names and numbers of layers can't say is said module by module, as PEFT itself does for "all-linear": two stacks count theirs apart.
    const named = listed(target_modules);
    const frozen = Number(frozen_layers ?? 0);
    const above = frozen > 0 && layers.every((layer) => layer >= frozen);
    const each = named.includes('all-linear') || (frozen > 0 && !above);
    return {
      alpha_pattern: asPattern(listed(alpha_pattern)),
      bias: bias ?? 'none',
      fan_in_fan_out: fanInFanOut(paths, model),
      init_lora_weights: true,
      layers_pattern: null,
      layers_to_transform: !each && above ? [...new Set(layers)].toSorted((a, b) => a - b) : null,
      lora_alpha,
      lora_dropout,
      r: adapter_size,
      rank_pattern: asPattern(listed(rank_pattern)),
      target_modules: (each ? paths.map((path) => model.prefix + path) : named).toSorted(),
      ...(use_rslora ? { use_rslora } : {}),
    };
  },
  fromPeft(given, base) {
    const bias = given.bias ?? 'none';
    const asked = typeof bias === 'string' ? bias : '';
    if (!biases.includes(asked)) refusePeft(given, 'bias', biases.map((name) => `"${name}"`).join(' or '));
    if (!plainStarts.some((start) => start === (given.init_lora_weights ?? true)))
      refusePeft(given, 'init_lora_weights', 'a start that leaves the base model as it is');
    if ([...base.stored].some((name) => name.includes('.lora_embedding_')))
      refusePeft(given, 'target_modules', 'what chooses dense layers, not embeddings,');
    if (typeof (given.use_rslora ?? false) !== 'boolean') refusePeft(given, 'use_rslora', 'true or false');
    const modules_to_save = modulesToSave(given, base);
    const frozen_layers = frozenLayers(given, base);
    const chosen = frozen_layers > 0 ? { ...given, layers_to_transform: null } : given;
    // Some versions of PEFT did not save the biases of "lora_only", and load the adapter without them.
    const saved = asked !== 'lora_only' || [...base.stored].some((name) => name.endsWith('.bias') && !base.isHead(name));
    return {
      adapter_size: countOf(given, 'r', 8),
      lora_alpha: numberOf(given, 'lora_alpha', 8),
      lora_dropout: numberOf(given, 'lora_dropout', 0),
      target_modules: targetModules(chosen, base, base.model.defaults.lora.target_modules, modules_to_save),
      bias: saved ? asked : 'none',
      use_rslora: given.use_rslora === true,
      rank_pattern: patternOf(given, 'rank_pattern', base),
      alpha_pattern: patternOf(given, 'alpha_pattern', base),
      modules_to_save,
      ...(given.layers_to_transform ? { frozen_layers } : {}),
    };
  },
  onHead(given, _, path, [out, into]) {
    const rank = patternFor(given, 'rank_pattern', path) ?? countOf(given, 'r', 8);
    const alpha = patternFor(given, 'alpha_pattern', path) ?? numberOf(given, 'lora_alpha', 8);
    const scale = alpha / (given.use_rslora === true ? Math.sqrt(rank) : rank);
    return {
      specs: [
        { name: `${path}.lora_A.weight`, shape: [rank, into] },
        { name: `${path}.lora_B.weight`, shape: [out, rank] },
      ],
      put(name, part, adapter) {
        const [A, B] = ['A', 'B'].map((letter) => adapter.get(`${path}.lora_${letter}.weight`)?.data ?? new Float32Array());
        if (name !== `${path}.weight` || !A || !B) return part;
        // W + scale · B A
        return part.map((w, at) => {
          const [row, column] = [Math.floor(at / into), at % into];
          let sum = 0;
          for (let k = 0; k < rank; k++) sum += (B[row * rank + k] as number) * (A[k * into + column] as number);
          return w + scale * sum;
        });
      },
    };
  },
  place({ name, shape }, specs, _, inBackbone) {
    // PEFT wraps a dense layer that it adapts, so that the layer's own bias moves one down.
    const path = name.replace(/\.bias$/, '');
    const wrapped = path !== name && specs.some((spec) => spec.name === `${path}.lora_A.weight`);
    return { name: inBackbone(wrapped ? `${path}.base_layer.bias` : name), shape };
  },
};
