// Image classification: one of some classes for a picture. Everything behind the reading is classification's.

import { encodePicture } from '../data/dataset.ts';
import { classification } from './classification.ts';
import { pictureReading } from './reading.ts';
import type { Task } from './task.ts';

export const imageClassification: Task = {
  ...classification,
  ...pictureReading,
  name: 'image_classification',
  title: 'Image classification',
  summary: 'One of some classes for a picture.',
  inputs: 'image',
  encode: (example, _, { max_length }) => [encodePicture(example, max_length)],
  pipeline_tag: 'image-classification',
};
