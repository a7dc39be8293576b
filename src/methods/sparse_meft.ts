// sparse_meft (Hao et al., ACL 2024, "Memory-Efficient Fine-Tuning through Sparse Adapter"): a wide parallel adapter beside each feed-forward pair, of
// which a token activates few neurons, found through a router over groups of them. Its weights and moments live off the GPU; a step moves the rows
// that the batch activates. Not the reversible network of the same name.

import type { RoutingShape } from '../offload/routing.ts';
import type { MethodOptions } from '../protocol/config.ts';
import { RetraceError } from '../protocol/errors.ts';
import { type Method, trainsAdditions } from './method.ts';
import { notReversible, singleStream } from './single_stream.ts';
import { sparseAdapter } from './sparse_adapter.ts';

/** Slots and experts share a 32-bit word. */
const mostExperts = 65535;

/** The divisor of `neurons` that is nearest to 4·√neurons, the best point of the authors' sweep. */
function expertsFor(neurons: number): number {
  const wanted = 4 * Math.sqrt(neurons);
  let best = 1;
  for (let n = 1; n <= neurons; n++) if (neurons % n === 0 && Math.abs(n - wanted) < Math.abs(best - wanted)) best = n;
  return best;
}

/** Routing of a layer of `hidden_size`. At most all experts are probed, and all their neurons activated. Errors: `experts`. */
export function routingShape(hidden_size: number, options: MethodOptions): RoutingShape {
  const { adapter_size: neurons, num_experts, num_probed_experts, num_activated, activation_rule: rule } = options;
  const experts = num_experts || expertsFor(neurons);
  if (neurons % experts !== 0 || experts > mostExperts) {
    throw new RetraceError({
      code: 'experts',
      message: `${neurons} neurons can't be divided among ${experts} experts.`,
      where: 'num_experts',
      remedy: `Use a divisor of ${neurons}, ${expertsFor(neurons)} say, or 0.`,
    });
  }
  const probed = Math.min(num_probed_experts, experts);
  return { hidden_size, neurons, experts, probed, activated: Math.min(num_activated, (probed * neurons) / experts), rule };
}

export const sparseMeft: Method = {
  name: 'sparse_meft',
  title: 'Sparse adapter (MEFT)',
  summary: 'Wide adapters of which a token activates a few neurons train; their weights and moments live off the GPU.',
  group: 'off-gpu',
  diagram: { adds: [{ part: 'sparse-adapter', at: 'ffn-parallel' }], kept: 'everything', off_gpu: true },
  paper: {
    title: 'MEFT: Memory-Efficient Fine-Tuning through Sparse Adapter (Hao et al., ACL 2024)',
    url: 'https://aclanthology.org/2024.acl-long.129/',
  },
  trains: trainsAdditions,
  refuses: notReversible('The sparse adapter'),
  defaultPolicy: 'store',
  learning_rate: 1e-3,
  labels: { adapter_size: 'Neurons a layer' },
  uses: ['adapter_size', 'num_experts', 'num_probed_experts', 'num_activated', 'activation_rule', 'adapter_init_std', 'frozen_layers'],
  why: {
    adapter_size: 'Wide: a token activates 64 of them. The paper goes to 8464.',
    num_activated: 'The value of the paper’s experiments, for all tasks; never more than the probed experts have.',
    adapter_init_std: 'The authors’ value for keys. Values start at 0, so training starts at the pretrained behaviour.',
  },
  options: () => ({ adapter_size: 1024 }),
  wire: ({ config: { hidden_size } }, options) => {
    const shape = routingShape(hidden_size, options);
    const std = options.adapter_init_std;
    return {
      ...singleStream({ ffn: (g, a, y, lengths) => g.scope('sparse_adapter', () => sparseAdapter(g, a, y, { shape, lengths, std })) }),
      // Parts would each move rows of their own, and many would be the same. A union over a part is not that over the batch.
      wholeBatch: shape.rule === 'union' ? 'always' : 'unless asked',
    };
  },
};
