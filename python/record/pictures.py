"""What PyTorch reaches with a small pretrained ViT on scikit-learn's digits, as bundled: full fine-tuning, MEFT1, LoRA and the linear probe, quality.py's
recipe else, but without dropout, as the checkpoint's configuration has it.

Pictures are prepared by Transformers' image processor as the checkpoint's folder says, at the recipe's size, for which the table of positions is interpolated
once. Writes the loss of every step and the scores on the 360 pictures of the test part to vectors/quality/pictures/METHOD.json, to lay beside what
`node scripts/bench.mjs learning_pictures` reaches. The checkpoint is no part of the repository: a folder with vit-small-dinov2.
Usage, from python/: python -m record.pictures CHECKPOINTS [METHOD ...] [--seed 43] [--learning-rate 1e-3]
Of another seed the scores alone are added to the run's file: how much of a difference is chance. At another learning rate nothing is written.
"""

import argparse
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import torch
from PIL import Image
from torch.nn.functional import cross_entropy
from transformers import AutoConfig, set_seed

from retrace.architectures import defaults_of
from retrace.base import processor_of
from retrace.methods import build
from retrace.pictures import resize

from .quality import FOLDER, LORA, MEFT, PUBLIC, RECIPES, SEED, keep, train

MODEL = "vit-small-dinov2"
IMAGE_SIZE, STEPS = 56, 300
MEFT_OF_VIT = {"fraction_bits": 18, "dropout": 0.0}  # bits: the architecture's default in Retrace; dropout: the checkpoint's
# method: learning rate, as in bench/learning_pictures.ts
RATES = {"full": 2e-5, "meft1": 2e-3, "lora": 2e-3, "linear-probe": 1e-2}


def hyper_parameters_of(method, config):
    if method == "lora":
        return LORA | defaults_of(config).lora
    if method == "meft1":
        return RECIPES["meft1"][1] | MEFT | defaults_of(config).final_combination | MEFT_OF_VIT
    return {}


def examples_of(part, processor, image_size):
    """[(pixel_values [3, S, S], label)] of CLASS/NNNN.png."""
    size = {"height": image_size, "width": image_size}
    with ZipFile(PUBLIC / "data" / "digits" / f"{part}.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".png")]
        pictures = [Image.open(BytesIO(archive.read(name))).convert("RGB") for name in names]
    pixels = processor(images=pictures, size=size, return_tensors="pt")["pixel_values"]
    return list(zip(pixels, [int(name.split("/")[0]) for name in names], strict=True))


def collate(examples):
    """Inputs of a model and what is to come out of it: [N] labels."""
    pixels, labels = zip(*examples, strict=True)
    return {"pixel_values": torch.stack(pixels)}, torch.tensor(labels)


@torch.no_grad()
def scores(model, examples):
    """The metrics of PyTorch's run: accuracy, and the share of pictures whose digit is among the five likeliest."""
    batches = [collate(examples[start : start + 64]) for start in range(0, len(examples), 64)]
    logits, labels = torch.cat([model(**inputs) for inputs, _ in batches]), torch.cat([labels for _, labels in batches])
    of = lambda found: found.double().mean().item()
    return {"accuracy": of(logits.argmax(-1) == labels), "top_5_accuracy": of((logits.topk(5).indices == labels[:, None]).any(-1))}


def classifier_of(module):
    """Transformers' classifier within a method's module, out of PEFT's wrapping where there is one."""
    return module.model.get_base_model() if hasattr(module.model, "get_base_model") else module.model


def prepared(method, base, processor, image_size=IMAGE_SIZE):
    """The model before its first step, the examples of both parts, the hyper-parameters."""
    config = AutoConfig.from_pretrained(base)
    examples, test = (examples_of(part, processor, image_size) for part in ("train", "test"))
    hyper_parameters = hyper_parameters_of(method, config)
    model = build(method, base, 10, defaults_of(config).pooling, hyper_parameters)
    resize(classifier_of(model).base_model, image_size)
    return model.train(), examples, test, hyper_parameters


def run(method, base, learning_rate, seed=SEED):
    """A run's record."""
    set_seed(seed)
    model, examples, test, hyper_parameters = prepared(method, base, processor_of(base))
    losses = [round(loss, 4) for loss in train(model, examples, seed, learning_rate, STEPS, cross_entropy, collate)]
    recipe = {"model": MODEL, "task": "image_classification", "method": method, "image_size": IMAGE_SIZE, "learning_rate": learning_rate}
    about = {"recorded_by": "python/record/pictures.py", "hyper_parameters": hyper_parameters}
    return about | recipe | {"seed": seed, "steps": STEPS, "metrics": scores(model.eval(), test), "loss": losses}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("checkpoints", type=Path, help=f"the folder of {MODEL}")
    arguments.add_argument("methods", nargs="*", metavar="METHOD", help=f"of {', '.join(RATES)}; all where none is named")
    arguments.add_argument("--seed", type=int, default=SEED)
    arguments.add_argument("--learning-rate", type=float, help="instead of the recipe's")
    arguments = arguments.parse_args()
    for method in arguments.methods or RATES:
        recorded = run(method, arguments.checkpoints / MODEL, arguments.learning_rate or RATES[method], arguments.seed)
        if arguments.learning_rate is None:
            keep(FOLDER / "pictures" / f"{method}.json", recorded)
        print(f"{method}: {recorded['learning_rate']:g} {recorded['metrics']}", flush=True)


if __name__ == "__main__":
    main()
