"""Records the methods that PEFT has no type for (but plain MEFT1, which meft1.py has) on the tiny BERT, each in the folder of its name:
logits, loss and the gradient of every trained parameter, from retrace/methods, that is from plain autograd.

Nothing starts as a training run would: what would be zero is drawn at random too, so that no gradient is zero by accident.
"""

import json
import zlib

import torch
from safetensors.torch import load_file

from retrace.methods import build
from retrace.methods.sparse_meft import SparseAdapter, picked

from .recording import TINY_BERT, VECTORS, judged, model_inputs, tiny_batch, write_json, write_tensors

LEAST_MARGIN, SPARSE_SEED = 1e-3, "5"
BOTH, MEAN = ("mean", "cls"), ("mean",)
FLOAT, FIXED = {"adapter_size": 8, "streams": "float"}, {"adapter_size": 8, "streams": "fixed", "fraction_bits": 20}
MEFT1_FLOAT, MEFT1_FIXED = FLOAT | {"lambda": 0.1, "beta": 1.0}, FIXED | {"lambda": 0.125, "beta": 1.0}
WEIGHTED = {"final_combination": "weighted", "combination_weight": 0.1}
FROZEN = {"frozen_layers": 1}
PARALLEL = {"adapter_size": 8, "adapter_scaling": 4.0}
LST = {"reduction_factor": 2, "gate_temperature": 0.1}
READ = {"rnn_type": "gru", "rnn_hidden_size": 16, "aggregation": "mean", "joiner": False, "output_scale": 1.0}
SPARSE = {"adapter_size": 64, "num_experts": 32, "num_probed_experts": 4, "num_activated": 8, "activation_rule": "token"}

# folder: (method, {variant: (poolings, hyper-parameters)})
FOLDERS = {
    "meft1-variants": (
        "meft1",
        {
            "float_weighted": (BOTH, MEFT1_FLOAT | WEIGHTED),
            "fixed_weighted": (MEAN, MEFT1_FIXED | WEIGHTED),
            "float_layer_norm": (MEAN, MEFT1_FLOAT | {"adapter_layer_norm": True}),
            "fixed_layer_norm": (BOTH, MEFT1_FIXED | {"adapter_layer_norm": True}),
            "fixed_frozen_layer": (MEAN, MEFT1_FIXED | FROZEN),
        },
    ),
    "meft2": (
        "meft2",
        {
            "float": (BOTH, FLOAT | {"lambda": 1.0, "beta": 0.1}),
            "fixed": (BOTH, FIXED | {"lambda": 1.0, "beta": 0.125}),
            "fixed_weighted": (MEAN, FIXED | {"lambda": 1.0, "beta": 0.125} | WEIGHTED),
        },
    ),
    "meft3": (
        "meft3",
        {
            "float": (BOTH, FLOAT | {"lambda": 0.1, "beta": 0.1}),
            "fixed": (BOTH, FIXED | {"lambda": 0.125, "beta": 0.125}),
            "fixed_weighted": (MEAN, FIXED | {"lambda": 0.125, "beta": 0.125} | WEIGHTED),
        },
    ),
    "bitfit": ("bitfit", {"plain": (BOTH, {}), "frozen_layer": (MEAN, FROZEN)}),
    "houlsby": (
        "houlsby",
        {
            "r8": (BOTH, {"adapter_size": 8}),
            "frozen_layer": (MEAN, {"adapter_size": 8} | FROZEN),
            "swish_pooler": (("cls",), {"adapter_size": 8, "non_linearity": "swish", "modules_to_save": ["pooler"]}),
        },
    ),
    "parallel-adapter": ("parallel-adapter", {"r8": (BOTH, PARALLEL), "frozen_layer": (MEAN, PARALLEL | FROZEN)}),
    "lst": ("lst", {"k2": (BOTH, LST), "frozen_layer": (MEAN, LST | FROZEN)}),
    "read": (
        "read",
        {
            "gru": (BOTH, READ),
            "lstm": (MEAN, READ | {"rnn_type": "lstm"}),
            "rnn": (MEAN, READ | {"rnn_type": "rnn", "output_scale": 0.5}),
            "gru_last": (MEAN, READ | {"aggregation": "last"}),
            "gru_joiner": (BOTH, READ | {"joiner": True}),
            "frozen_layer": (MEAN, READ | {"joiner": True} | FROZEN),
        },
    ),
    "sparse_meft": (
        "sparse_meft",
        {
            "token": (BOTH, SPARSE),
            "token_few": (MEAN, SPARSE | {"num_activated": 2}),
            "union": (BOTH, SPARSE | {"activation_rule": "union"}),
            "union_few": (MEAN, SPARSE | {"activation_rule": "union", "num_activated": 2}),
        },
    ),
}


def tiny_twin(method, pooling, hyper_parameters):
    """A method over the tiny BERT with the tiny BERT's own classifier; what the method adds is as the method starts it."""
    num_labels = len(json.loads((TINY_BERT / "config.json").read_text())["id2label"])
    model = build(method, TINY_BERT, num_labels, pooling, hyper_parameters).eval()
    base = load_file(TINY_BERT / "model.safetensors")
    for name, p in model.trainable().items():
        if ".classifier." in f".{name}":
            p.data = base[name[name.index("classifier.") :]].clone()
    return model


HEADS = ("classifier", "cls_classifier", "distillation_classifier", "pre_classifier", "score", "classification_head")
NORMS = ("LayerNorm", "layer_norm", "ln_1", "ln_2", "layernorm_before", "layernorm_after", "rms_norm")
MULTIPLIES = (*(f"{norm}.weight" for norm in NORMS), "ia3_l")


def of_head(name):
    return any(f".{head}." in f".{name}" for head in HEADS)


def draw(parameters, seed=""):
    """Gives all but the head values that name and seed decide: N(0, 0.2^2), round 1 for what multiplies."""
    for name, p in parameters.items():
        if of_head(name):
            continue
        noise = 0.2 * torch.randn(p.shape, generator=torch.Generator().manual_seed(zlib.crc32((name + seed).encode())))
        p.data = 1 + noise if name.endswith(MULTIPLIES) else noise


class AdapterFiles:
    """Writes adapters into a folder; equal ones go to one file."""

    def __init__(self, folder):
        self.folder, self.written = folder, {}

    def write(self, case, tensors):
        values = tuple((name, tuple(t.shape), t.detach().contiguous().numpy().tobytes()) for name, t in tensors.items())
        if values not in self.written:
            self.written[values] = f"adapter_{case}.safetensors"
            write_tensors(self.folder / self.written[values], tensors)
        return self.written[values]


def least_margin(model, inputs):
    """How far sparse MEFT's choices are from other ones: the least difference of two scores between which one is made."""
    margins = []

    def look(module, inputs, _):
        x, valid = inputs
        scores, keys = x @ module.router.T, x @ module.keys.T
        probed = picked(scores, module.probed).repeat_interleave(module.experts_size, -1)
        token = module.rule == "token"
        # Below zero nothing is lost by the one or the other choice, where each token has its own.
        a = (scores.repeat_interleave(module.experts_size, -1) * keys).clamp(min=0) if token else keys
        ranked = a.masked_fill(~probed, 0 if token else -torch.inf)
        for ranking, count in ((scores, module.probed), (ranked, module.activated)):
            best = ranking[valid].topk(count + 1, -1).values
            gaps = (best[:, count - 1] - best[:, count])[best[:, count - 1] != 0]
            margins.extend(gaps.tolist())

    hooks = [m.register_forward_hook(look) for m in model.modules() if isinstance(m, SparseAdapter)]
    with torch.no_grad():
        model(**inputs)
    for hook in hooks:
        hook.remove()
    return min(margins)


def record(folder, method, variants):
    batch, cases, adapters = tiny_batch(), {}, AdapterFiles(VECTORS / folder)
    for variant, (poolings, hyper_parameters) in variants.items():
        for pooling in poolings:
            case = f"{pooling}_{variant}"
            model = tiny_twin(method, pooling, hyper_parameters)
            draw(model.trainable(), SPARSE_SEED if method == "sparse_meft" else "")
            if method == "sparse_meft" and (margin := least_margin(model, model_inputs(batch))) < LEAST_MARGIN:
                raise RuntimeError(f"{folder} {case}: two scores differ by {margin:.1e} only: float32 may choose either; take another seed")
            files = {"adapter": adapters.write(case, model.trainable()), "gradients": f"grads_{case}.safetensors"}
            recorded, gradients = judged(lambda b: model(**model_inputs(b)), model, batch, model.trainable)
            write_tensors(VECTORS / folder / files["gradients"], gradients)
            cases[case] = {"pooling": pooling, "hyper_parameters": hyper_parameters, **files, **recorded}
            print(folder, case, recorded["loss"], recorded["loss_float64"], recorded["float32_gradient_error"])
    content = {"recorded_by": "python/record/twins.py", "base": "../tiny_bert", "method": method, "cases": cases}
    write_json(VECTORS / folder / "expected.json", content)


def main():
    for folder, (method, variants) in FOLDERS.items():
        record(folder, method, variants)


if __name__ == "__main__":
    main()
