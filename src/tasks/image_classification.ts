// Image classification: one of some classes for a picture. Everything behind the reading is classification's.

import { encodePicture } from '../data/dataset.ts';
import type { Metrics } from '../protocol/messages.ts';
import { classification } from './classification.ts';
import { pictureReading } from './reading.ts';
import { type Judged, outputsOf, type Task, targetsOf } from './task.ts';

const five = 5;

/** The share of examples whose class is among the five likeliest; of so few classes it is always 1, and is left out. */
function topFive(examples: readonly Judged[], V: number): Metrics {
  if (V <= five || examples.length === 0) return {};
  const [logits, labels] = [outputsOf(examples), targetsOf(examples)];
  const among = labels.filter((label, i) => {
    const own = logits.subarray(i * V, (i + 1) * V);
    return own.reduce((above, logit) => above + (logit > (own[label] as number) ? 1 : 0), 0) < five;
  });
  return { top_5_accuracy: among.length / examples.length };
}

export const imageClassification: Task = {
  ...classification,
  ...pictureReading,
  name: 'image_classification',
  title: 'Image classification',
  summary: 'One of some classes for a picture.',
  inputs: 'image',
  encode: (example, _, { max_length }) => [encodePicture(example, max_length)],
  score(examples, classes) {
    const { metrics, ...scores } = classification.score(examples, classes);
    return { ...scores, metrics: { ...metrics, ...topFive(examples, classes.length) } };
  },
  metrics: [
    ...classification.metrics.slice(0, 1),
    { name: 'top_5_accuracy', title: 'Top-5 accuracy', greater_is_better: true },
    ...classification.metrics.slice(1),
  ],
  pipeline_tag: 'image-classification',
};
