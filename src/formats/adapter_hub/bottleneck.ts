// Bottleneck adapters (BnConfig). Houlsby's, behind both sub-layers (`double_seq_bn`), and the scaled parallel one (`par_bn`) are ours; Pfeiffer's
// (`seq_bn`) is not, for it reads what the layer's LayerNorm makes and goes through that LayerNorm a second time.

import { type HubConfig, type HubType, leftOut, refuseHub, requireHub } from './hub_type.ts';

/** By Transformers' names. */
const activations: Readonly<Record<string, string>> = { gelu: 'gelu', relu: 'relu', swish: 'swish', silu: 'swish' };

function activationOf(given: HubConfig): string {
  const named = typeof given['non_linearity'] === 'string' ? activations[given['non_linearity'].toLowerCase()] : undefined;
  return named ?? refuseHub(given, 'non_linearity', '"gelu", "relu" or "swish"');
}

function frozenLayers(given: HubConfig): number {
  const layers = leftOut(given);
  return layers.every((layer, i) => layer === i) ? layers.length : refuseHub(given, 'leave_out', 'the bottom layers, from 0 on,');
}

/** What BnConfig's presets say of what is not used here, for other programs that read the file. */
const unused = {
  ...{ adapter_residual_before_ln: false, cross_adapter: false, dropout: 0, init_weights_seed: null },
  ...{ inv_adapter: null, inv_adapter_reduction_factor: null, ln_after: false, ln_before: false, original_ln_after: true },
  ...{ original_ln_before: false, phm_layer: false, residual_before_ln: true, use_gating: false },
};

export const bottleneck: HubType = {
  fromHub(given, file) {
    requireHub(given, {
      ln_before: false,
      ln_after: false,
      use_gating: false,
      phm_layer: false,
      inv_adapter: null,
      original_ln_after: true,
    });
    const parallel = given['is_parallel'] === true;
    if (!parallel) requireHub(given, { original_ln_before: false, scaling: 1 });
    requireHub(given, { output_adapter: true, mh_adapter: !parallel, cross_adapter: false });
    const scaling = given['scaling'] ?? 1;
    if (typeof scaling !== 'number') refuseHub(given, 'scaling', 'a number');
    if (typeof (given['reduction_factor'] ?? 1) !== 'number') refuseHub(given, 'reduction_factor', 'one number for all layers');
    const first = [...file.tensors.values()].find(({ name }) => name.endsWith('.adapter_down.0.weight'));
    const hyper_parameters = {
      // What the factor rounds to; every tensor is held to it.
      adapter_size: first?.shape[0] ?? 1,
      non_linearity: activationOf(given),
      frozen_layers: frozenLayers(given),
    };
    return parallel
      ? { method: 'parallel-adapter', hyper_parameters: { ...hyper_parameters, adapter_scaling: Number(scaling) } }
      : { method: 'houlsby', hyper_parameters };
  },
  toHub({ method, hyper_parameters: { adapter_size, adapter_scaling, non_linearity, frozen_layers } }, specs, { hidden_act }) {
    const parallel = method === 'parallel-adapter';
    const C = specs.find(({ name }) => name === 'classifier.weight')?.shape[1] ?? 1;
    const [R, asked] = [Number(adapter_size), non_linearity ?? 'model'];
    return {
      ...unused,
      init_weights: parallel ? 'mam_adapter' : 'bert',
      is_parallel: parallel,
      leave_out: Array.from({ length: Number(frozen_layers ?? 0) }, (_, i) => i),
      mh_adapter: !parallel,
      non_linearity: asked === 'model' ? hidden_act : asked,
      output_adapter: true,
      // The library rounds C / factor down; half a unit above R falls to R whatever the division rounds to.
      reduction_factor: C % R === 0 ? C / R : C / (R + 0.5),
      scaling: parallel ? Number(adapter_scaling) : 1,
    };
  },
  storedName: (name, adapter) =>
    name
      .replace(/\.attention\.output\.adapter\./, `.attention.output.adapters.${adapter}.`)
      .replace(/(\.layer\.\d+)\.adapter(?:_ffn)?\./, `$1.output.adapters.${adapter}.`)
      .replace(/\.down\.(weight|bias)$/, '.adapter_down.0.$1')
      .replace(/\.up\.(weight|bias)$/, '.adapter_up.$1'),
};
