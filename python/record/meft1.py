"""Records vectors/meft1: MEFT1 on the tiny BERT with random adapters, streams float and fixed, both poolings, two adapter sizes.

Its adapters are older than the way in which twins.py draws others', and stay as they are.
"""

import torch

from .recording import VECTORS, judged, model_inputs, tiny_batch, write_json, write_tensors
from .twins import tiny_twin

FOLDER = VECTORS / "meft1"
STREAMS = {
    "float": {"streams": "float", "lambda": 0.1, "beta": 1.0},
    "fixed": {"streams": "fixed", "lambda": 0.125, "beta": 1.0, "fraction_bits": 20},
}


def random_adapters(model, seed):
    """Every adapter tensor ~ N(0, 0.2^2), biases too; the classifier stays."""
    generator = torch.Generator().manual_seed(seed)
    for p in model.added.parameters():
        p.data = 0.2 * torch.randn(p.shape, generator=generator)


def tiny_meft1(pooling, hyper_parameters):
    """MEFT1 over the tiny BERT with the tiny BERT's own classifier."""
    model = tiny_twin("meft1", pooling, hyper_parameters)
    random_adapters(model, seed=10 + hyper_parameters["adapter_size"])
    return model


def main():
    batch = tiny_batch()
    cases = {}
    for size in (8, 4):
        for pooling in ("mean", "cls"):
            for streams, how in STREAMS.items():
                hyper_parameters = {"adapter_size": size, **how}
                model = tiny_meft1(pooling, hyper_parameters)
                write_tensors(FOLDER / f"adapter_r{size}.safetensors", model.trainable())
                recorded, gradients = judged(lambda b: model(**model_inputs(b)), model, batch, model.trainable)
                name = f"{pooling}_{streams}_r{size}"
                write_tensors(FOLDER / f"grads_{name}.safetensors", gradients)
                files = {"adapter": f"adapter_r{size}.safetensors", "gradients": f"grads_{name}.safetensors"}
                cases[name] = {"pooling": pooling, "hyper_parameters": hyper_parameters, **files, **recorded}
                print(name, recorded["loss"], recorded["loss_float64"], recorded["float32_gradient_error"])
    about = {"recorded_by": "python/record/meft1.py", "base": "../tiny_bert", "method": "meft1"}
    write_json(FOLDER / "expected.json", about | {"cases": cases})


if __name__ == "__main__":
    main()
