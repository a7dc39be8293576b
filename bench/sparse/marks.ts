// GPU bytes of sparse adapters and of the dense parallel adapter of the same width, by plan, and the most that a step moves.

import { methodNamed, resolveOptions } from '../../src/methods/registry.ts';
import { bert, readBertConfig } from '../../src/models/bert.ts';
import { usualDefaults } from '../../src/models/registry.ts';
import { movedBytes } from '../../src/plan/work.ts';
import { defaultTraining, type MethodChoices, type MethodName, type PolicyName } from '../../src/protocol/config.ts';
import { classification } from '../../src/tasks/classification.ts';
import { planPrograms } from '../../src/train/programs.ts';

export interface Marks {
  /** Adapter, gradient and optimizer bytes at the moment when they are most. */
  readonly trainable_bytes: number;
  /** Numbers of the added parameters, the head's left out. */
  readonly parameters: number;
  readonly to_gpu: number;
  readonly from_gpu: number;
}

/** BERT-base's configuration, 2 labels, dropout 0.1. */
export function marksOf(name: MethodName, policy: PolicyName, options: MethodChoices, batch_size: number, length: number): Marks {
  const method = methodNamed(name);
  const backbone = bert(readBertConfig({}, 'BERT-base'));
  const { plan, registry } = planPrograms({
    task: classification,
    ...{
      backbone,
      method,
      options: resolveOptions(method, options, usualDefaults),
      pooling: 'cls',
      num_labels: 2,
      storedType: () => 'f32',
    },
    ranges: [{ from: 0, to: backbone.config.num_hidden_layers, policy }],
    ...{ batch_size, buckets: [{ length }], optimizer: defaultTraining, purposes: ['training'] },
  });
  const { adapter, gradient, optimizer } = plan.bytes;
  const rows = Math.max(...plan.timeline.map((moment) => moment.adapter));
  const program = plan.programs.get(`training ${length}`);
  if (!program) throw new Error('the plan has no training program');
  const added = [...registry.parameters.values()].filter((parameter) => parameter.trainable && !parameter.name.startsWith('classifier.'));
  return {
    trainable_bytes: adapter - plan.rows + rows + gradient + optimizer,
    parameters: added.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0),
    ...movedBytes(program.lowered),
  };
}
