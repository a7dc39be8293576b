"""Records what PEFT says of its methods on the tiny BERT (but plain LoRA, which lora.py has), both poolings: logits, loss, gradients.

Each folder is also an adapter in PEFT's layout, saved by PEFT from the model with the pooler. Gradients, and the same adapter again in
adapter_*.safetensors, carry the names that all of Retrace has (PeftTwin.shared).
"""

import json

from .recording import TINY_BERT, VECTORS, judged, model_inputs, tiny_batch, write_json, write_tensors
from .twins import AdapterFiles, draw, tiny_twin

LORA = {"adapter_size": 4, "lora_alpha": 8, "lora_dropout": 0.0}
IA3 = {"target_modules": ["key", "value", "output.dense"], "feedforward_modules": ["output.dense"]}
FOLDERS = {
    "lora-all-biases": ("lora", LORA | {"target_modules": ["query", "value"], "bias": "all"}),
    "lora-own-biases": ("lora", LORA | {"target_modules": ["query", "value"], "bias": "lora_only"}),
    "lora-all-dense": ("lora", LORA | {"target_modules": ["query", "key", "value", "dense"], "bias": "none"}),
    "lora-frozen-layer": ("lora", LORA | {"target_modules": ["query", "value"], "bias": "lora_only", "frozen_layers": 1}),
    "lora-patterns": (
        "lora",
        LORA | {"target_modules": ["query", "value"], "use_rslora": True, "rank_pattern": ["value=2"], "alpha_pattern": ["layer.1.attention.self.query=3"], "modules_to_save": ["attention.output.LayerNorm"]},
    ),
    "ia3": ("ia3", IA3),
    "ia3-frozen-layer": ("ia3", IA3 | {"frozen_layers": 1}),
    "prefix-tuning": ("prefix-tuning", {"num_virtual_tokens": 5}),
    "prompt-tuning": ("prompt-tuning", {"num_virtual_tokens": 5}),
}


def save(twin, folder):
    """As PEFT saves, less what differs from one machine or run to the next: the base's path, the order of a set, the model card."""
    twin.model.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink()
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text())
    config["base_model_name_or_path"] = TINY_BERT.name
    for modules in ("target_modules", "feedforward_modules"):
        if config.get(modules):
            config[modules].sort()
    path.write_text(json.dumps(config, indent=2) + "\n")


def record(folder, method, hyper_parameters):
    batch, cases, adapters = tiny_batch(), {}, AdapterFiles(VECTORS / folder)
    for pooling in ("cls", "mean"):
        model = tiny_twin(method, pooling, hyper_parameters)
        draw(model.trainable())
        if pooling == "cls":
            save(model, VECTORS / folder)
        files = {"adapter": adapters.write(pooling, model.shared(model.trainable())), "gradients": f"grads_{pooling}.safetensors"}
        recorded, gradients = judged(lambda b: model(**model_inputs(b)), model, batch, model.trainable)
        write_tensors(VECTORS / folder / files["gradients"], model.shared(gradients))
        cases[pooling] = {"pooling": pooling, "hyper_parameters": hyper_parameters, **files, **recorded}
        print(folder, pooling, recorded["loss"], recorded["loss_float64"], recorded["float32_gradient_error"])
    content = {"recorded_by": "python/record/through_peft.py", "base": "../tiny_bert", "method": method, "cases": cases}
    write_json(VECTORS / folder / "expected.json", content)


def main():
    for folder, (method, hyper_parameters) in FOLDERS.items():
        record(folder, method, hyper_parameters)


if __name__ == "__main__":
    main()
