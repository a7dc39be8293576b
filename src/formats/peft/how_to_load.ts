// What a model card says of loading an adapter in PEFT's layout, by what its head reads.

import { type AdapterConfig, isRegression } from '../adapter_archive.ts';
import { type TaskModel, type TaskType, typeOfHead } from '../task_model.ts';

/** How PEFT alone loads it: `options` are those of the base, `then` what to do with it. */
const byPeft = (
  { base_model }: AdapterConfig,
  { auto_class }: TaskType,
  options: string,
  then: string,
): string => `With \`pip install torch transformers peft\`:

\`\`\`python
from peft import PeftModel
from transformers import ${auto_class}

base = ${auto_class}.from_pretrained(${JSON.stringify(base_model.name)}${options})
model = PeftModel.from_pretrained(base, "this-folder").eval()${then}
\`\`\``;

const withClasses = ({ base_model }: AdapterConfig): string => `With \`pip install torch transformers peft\`:

\`\`\`python
import json
from peft import PeftModel
from transformers import AutoModelForSequenceClassification

labels = json.load(open("this-folder/labels.json"))
base = AutoModelForSequenceClassification.from_pretrained(
    ${JSON.stringify(base_model.name)}, num_labels=len(labels["labels"]),
    id2label=dict(enumerate(labels["labels"])), label2id=labels["label2id"],
)
model = PeftModel.from_pretrained(base, "this-folder").eval()
\`\`\``;

/** Of pictures. At another size than the base's own, Transformers interpolates the positions when it is told to. */
function ofPictures({ base_model, image_size = 224 }: AdapterConfig): string {
  const name = JSON.stringify(base_model.name);
  return `With \`pip install torch transformers peft pillow\`:

\`\`\`python
import json
from peft import PeftModel
from PIL import Image
from transformers import AutoImageProcessor, AutoModelForImageClassification

labels = json.load(open("this-folder/labels.json"))
base = AutoModelForImageClassification.from_pretrained(
    ${name}, num_labels=len(labels["labels"]), ignore_mismatched_sizes=True,
    id2label=dict(enumerate(labels["labels"])), label2id=labels["label2id"],
)
model = PeftModel.from_pretrained(base, "this-folder").eval()

processor = AutoImageProcessor.from_pretrained(${name}, size={"height": ${image_size}, "width": ${image_size}})
inputs = processor(Image.open("picture.png").convert("RGB"), return_tensors="pt")
logits = model(**inputs, interpolate_pos_encoding=True).logits
\`\`\`

Transformers renamed the modules of this model in 5.9. Versions before it need an adapter with the older names: export it once more with these.`;
}

/** What the head of an adapter reads that plain Transformers has no class for. */
const byRetrace = (
  config: AdapterConfig,
): string => `The head reads the mean of the ${config.image_size === undefined ? 'tokens' : 'patches'}; plain Transformers has no such head.
With the \`python/\` folder of Retrace on the path and \`pip install torch transformers peft\`:

\`\`\`python
from retrace import load

adapter = load("this-folder-or-zip", base_model="folder of the base model")
print(adapter.predict(${config.image_size === undefined ? '"a sentence"' : 'PIL.Image.open("picture.png")'}))  # ${isRegression(config) ? 'a number' : 'probability by label'}
\`\`\``;

/** Markdown. */
export function howToLoad(config: AdapterConfig, model: TaskModel): string {
  const type = typeOfHead(model, config.head);
  if (config.head === 'words') return byPeft(config, type, '', '  # model.generate(...) writes');
  if (config.pooling === 'mean') return byRetrace(config);
  if (model.inputs === 'image') return ofPictures(config);
  if (config.head === 'choices')
    return byPeft(config, type, ', num_labels=1', '  # its one logit of (question, choice) is the score of a choice');
  if (isRegression(config)) return byPeft(config, type, ', num_labels=1, problem_type="regression"', '  # its one logit is the number');
  return withClasses(config);
}
