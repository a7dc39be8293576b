"""Records vectors/lora: LoRA on the tiny BERT through PEFT itself, saved by PEFT (so the folder is also a PEFT adapter to read), with
logits, loss and gradients for both poolings. Gradients carry the names under which PEFT saves the tensors.
"""

import json

import torch
from peft import LoraConfig, TaskType, get_peft_model, get_peft_model_state_dict

from retrace.base import bert_for_sequence_classification

from .recording import TINY_BERT, VECTORS, judged, model_inputs, tiny_batch, write_json, write_tensors

FOLDER = VECTORS / "lora"


def tiny_lora(pooling):
    config = LoraConfig(task_type=TaskType.SEQ_CLS, target_modules=["query", "value"], r=4, lora_alpha=8, lora_dropout=0.0)
    model = get_peft_model(bert_for_sequence_classification(TINY_BERT, pooling, num_labels=3), config).eval()
    generator = torch.Generator().manual_seed(20)
    for name, p in model.named_parameters():
        if "lora_" in name:
            p.data = 0.2 * torch.randn(p.shape, generator=generator)
    return model


def trainable(model):
    """Trainable parameters by the names that PEFT gives them in a file."""
    saved = lambda name: name.replace(".default", "").replace(".modules_to_save", "")
    return {saved(name): p for name, p in model.named_parameters() if p.requires_grad}


def save(model):
    """As PEFT saves, less what differs from one machine or run to the next: the base's path, the order of a set, the model card."""
    model.save_pretrained(FOLDER, save_embedding_layers=False)
    (FOLDER / "README.md").unlink()
    path = FOLDER / "adapter_config.json"
    config = json.loads(path.read_text())
    config["base_model_name_or_path"] = TINY_BERT.name
    config["target_modules"].sort()
    path.write_text(json.dumps(config, indent=2) + "\n")


def main():
    batch, cases = tiny_batch(), {}
    for pooling in ("cls", "mean"):
        model = tiny_lora(pooling)
        recorded, gradients = judged(lambda b: model(**model_inputs(b)).logits, model, batch, lambda: trainable(model))
        if set(gradients) != set(get_peft_model_state_dict(model)):
            raise RuntimeError("PEFT saves other tensors than it trains")
        write_tensors(FOLDER / f"grads_{pooling}.safetensors", gradients)
        cases[pooling] = {"pooling": pooling, "gradients": f"grads_{pooling}.safetensors", **recorded}
        print(pooling, recorded["loss"], recorded["loss_float64"], recorded["float32_gradient_error"])
    save(model)
    files = {"adapter": "adapter_model.safetensors", "adapter_config": "adapter_config.json"}
    write_json(FOLDER / "expected.json", {"recorded_by": "python/record/lora.py", "base": "../tiny_bert", **files, "cases": cases})


if __name__ == "__main__":
    main()
