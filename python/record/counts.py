"""Records vectors/counts: how many parameters each method trains on bert-base-uncased, two labels, by PEFT where PEFT has the method and by
retrace/methods for the rest. Shapes only: no weights are made.
"""

import torch
from transformers import BertConfig

from retrace.methods import METHODS, build
from retrace.methods.peft_methods import PeftTwin

from .recording import VECTORS, write_json

NUM_LABELS = 2
MEFT = {"adapter_size": 8, "streams": "fixed", "lambda": 0.125, "beta": 0.125, "fraction_bits": 20}
LORA = {"adapter_size": 8, "lora_alpha": 16, "lora_dropout": 0.0}
READ = {"rnn_hidden_size": 256, "aggregation": "mean", "output_scale": 1.0}
SPARSE = {"num_experts": 0, "num_probed_experts": 8, "num_activated": 64, "activation_rule": "token"}
CASES = [
    ("full", {}),
    ("linear-probe", {}),
    ("bitfit", {}),
    ("lora", LORA | {"target_modules": ["query", "value"], "bias": "none"}),
    ("lora", LORA | {"target_modules": ["query", "key", "value", "dense"], "bias": "none"}),
    ("lora", LORA | {"target_modules": ["query", "value"], "bias": "all"}),
    ("lora", LORA | {"target_modules": ["query", "value"], "bias": "lora_only"}),
    ("ia3", {"target_modules": ["key", "value", "output.dense"], "feedforward_modules": ["output.dense"]}),
    ("houlsby", {"adapter_size": 64}),
    ("parallel-adapter", {"adapter_size": 64, "adapter_scaling": 4.0}),
    ("prefix-tuning", {"num_virtual_tokens": 20}),
    ("prompt-tuning", {"num_virtual_tokens": 20}),
    ("lst", {"reduction_factor": 8, "gate_temperature": 0.1}),
    ("read", READ | {"rnn_type": "gru", "joiner": False}),
    ("read", READ | {"rnn_type": "gru", "joiner": True}),
    ("read", READ | {"rnn_type": "lstm", "joiner": False}),
    ("read", READ | {"rnn_type": "rnn", "joiner": False}),
    ("meft1", MEFT),
    ("meft1", MEFT | {"adapter_layer_norm": True}),
    ("meft1", MEFT | {"frozen_layers": 4}),
    ("meft2", MEFT),
    ("meft3", MEFT),
    ("sparse_meft", SPARSE | {"adapter_size": 256}),
    ("sparse_meft", SPARSE | {"adapter_size": 512}),
    ("sparse_meft", SPARSE | {"adapter_size": 1024}),
]


def count(method, hyper_parameters, pooling):
    with torch.device("meta"):
        model = build(method, BertConfig(), NUM_LABELS, pooling, hyper_parameters)
    parameters = model.trainable()
    head = sum(p.numel() for name, p in parameters.items() if "classifier" in name)
    by = "peft" if isinstance(model, PeftTwin) else "retrace/methods"
    return by, {"trainable_parameters": sum(p.numel() for p in parameters.values()), "of_them_classifier": head}


def main():
    if set(METHODS) != {method for method, _ in CASES}:
        raise RuntimeError("a method is not counted")
    cases = []
    for method, hyper_parameters in CASES:
        (by, mean), (_, cls) = (count(method, hyper_parameters, pooling) for pooling in ("mean", "cls"))
        cases.append({"method": method, "counted_by": by, "hyper_parameters": hyper_parameters, "mean": mean, "cls": cls})
        print(method, hyper_parameters, mean["trainable_parameters"], cls["trainable_parameters"])
    about = {"recorded_by": "python/record/counts.py", "base": "bert-base-uncased (BertConfig's defaults)", "num_labels": NUM_LABELS}
    write_json(VECTORS / "counts" / "expected.json", about | {"cases": cases})


if __name__ == "__main__":
    main()
