"""Records vectors/meft1: MEFT1 on the tiny BERT with random adapters, streams float and fixed, both poolings, two adapter sizes."""

import json

import torch
from safetensors.torch import load_file

from retrace.base import bert_model
from retrace.meft import Meft1Config, Meft1ForSequenceClassification

from .recording import TINY_BERT, VECTORS, judged, model_inputs, tiny_batch, write_json, write_tensors

FOLDER = VECTORS / "meft1"
STREAMS = {"float": {"streams": "float", "lam": 0.1}, "fixed": {"streams": "fixed", "lam": 0.125, "fraction_bits": 20}}


def random_adapters(model, seed):
    """Every adapter tensor ~ N(0, 0.2^2), biases too; the classifier stays."""
    generator = torch.Generator().manual_seed(seed)
    for p in model.encoder.parameters():
        p.data = 0.2 * torch.randn(p.shape, generator=generator)


def tiny_meft1(pooling, config):
    """MEFT1 over the tiny BERT with the tiny BERT's own classifier."""
    bert = bert_model(TINY_BERT, pooling)
    num_labels = len(json.loads((TINY_BERT / "config.json").read_text())["id2label"])
    model = Meft1ForSequenceClassification(bert, num_labels, pooling, config).eval()
    base = load_file(TINY_BERT / "model.safetensors")
    model.classifier.load_state_dict({"weight": base["classifier.weight"], "bias": base["classifier.bias"]})
    random_adapters(model, seed=10 + config.adapter_size)
    return model


def hyper_parameters(config):
    both = {"adapter_size": config.adapter_size, "streams": config.streams, "lambda": config.lam, "beta": config.beta}
    return both | ({"fraction_bits": config.fraction_bits} if config.streams == "fixed" else {})


def main():
    batch = tiny_batch()
    cases = {}
    for size in (8, 4):
        for pooling in ("mean", "cls"):
            for streams, how in STREAMS.items():
                config = Meft1Config(adapter_size=size, **how)
                model = tiny_meft1(pooling, config)
                write_tensors(FOLDER / f"adapter_r{size}.safetensors", model.trainable())
                recorded, gradients = judged(lambda b: model(**model_inputs(b)), model, batch, model.trainable)
                name = f"{pooling}_{streams}_r{size}"
                write_tensors(FOLDER / f"grads_{name}.safetensors", gradients)
                files = {"adapter": f"adapter_r{size}.safetensors", "gradients": f"grads_{name}.safetensors"}
                cases[name] = {"pooling": pooling, "hyper_parameters": hyper_parameters(config), **files, **recorded}
                print(name, recorded["loss"], recorded["loss_float64"], recorded["float32_gradient_error"])
    write_json(FOLDER / "expected.json", {"recorded_by": "python/record/meft1.py", "base": "../tiny_bert", "cases": cases})


if __name__ == "__main__":
    main()
