"""Records vectors/lora: LoRA on the tiny BERT through PEFT itself, saved by PEFT (so the folder is also a PEFT adapter to read), with
logits, loss and gradients for both poolings. Gradients carry the names under which PEFT saves the tensors.
"""

import torch
from peft import get_peft_model_state_dict

from retrace.methods import build

from .recording import TINY_BERT, VECTORS, judged, model_inputs, tiny_batch, write_json, write_tensors
from .through_peft import save

FOLDER = VECTORS / "lora"
HYPER_PARAMETERS = {"adapter_size": 4, "lora_alpha": 8, "lora_dropout": 0.0, "target_modules": ["query", "value"]}


def tiny_lora(pooling):
    twin = build("lora", TINY_BERT, 3, pooling, HYPER_PARAMETERS).eval()
    generator = torch.Generator().manual_seed(20)
    for name, p in twin.named_parameters():
        if "lora_" in name:
            p.data = 0.2 * torch.randn(p.shape, generator=generator)
    return twin


def main():
    batch, cases = tiny_batch(), {}
    for pooling in ("cls", "mean"):
        model = tiny_lora(pooling)
        recorded, gradients = judged(lambda b: model(**model_inputs(b)), model, batch, model.trainable)
        if set(gradients) != set(get_peft_model_state_dict(model.model)):
            raise RuntimeError("PEFT saves other tensors than it trains")
        write_tensors(FOLDER / f"grads_{pooling}.safetensors", gradients)
        hyper_parameters = {"adapter_size": 4, "lora_alpha": 8}
        cases[pooling] = {"pooling": pooling, "hyper_parameters": hyper_parameters, "gradients": f"grads_{pooling}.safetensors", **recorded}
        print(pooling, recorded["loss"], recorded["loss_float64"], recorded["float32_gradient_error"])
    save(model, FOLDER)
    about = {"recorded_by": "python/record/lora.py", "base": "../tiny_bert", "method": "lora"}
    files = {"adapter": "adapter_model.safetensors", "adapter_config": "adapter_config.json"}
    write_json(FOLDER / "expected.json", {**about, **files, "cases": cases})


if __name__ == "__main__":
    main()
