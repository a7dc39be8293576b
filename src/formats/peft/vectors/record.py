"""Records what PEFT itself saves for a small random BERT, one folder a type: adapter_config.json and adapter_model.safetensors.

Run from the repository root with python/requirements.txt installed: python src/formats/peft/vectors/record.py. Recording again on the
same versions writes the same bytes. `prefix_tuning/expected.json` holds what PEFT makes of its flat tensor in layer 1.
"""

import json
from pathlib import Path

import torch
from peft import IA3Config, LoraConfig, PrefixTuningConfig, PromptTuningConfig, TaskType, get_peft_model
from transformers import BertConfig, BertForSequenceClassification

HERE = Path(__file__).parent
SHAPE = {"num_hidden_layers": 2, "hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 12}
TASK = {"task_type": TaskType.SEQ_CLS}
CASES = {
    "ia3": IA3Config(**TASK),
    "prefix_tuning": PrefixTuningConfig(**TASK, num_virtual_tokens=3),
    "prompt_tuning": PromptTuningConfig(**TASK, num_virtual_tokens=3),
    "lora_bias_all": LoraConfig(**TASK, r=2, bias="all", target_modules=["query", "output.dense"]),
    "lora_bias_lora_only": LoraConfig(**TASK, r=2, bias="lora_only", target_modules=["query", "intermediate.dense"]),
}


def main():
    for name, config in CASES.items():
        torch.manual_seed(3)
        base = BertForSequenceClassification(BertConfig(**SHAPE, vocab_size=20, max_position_embeddings=16, num_labels=3))
        model = get_peft_model(base, config).eval()
        for p in model.parameters():
            if p.requires_grad:
                p.data = 0.2 * torch.randn(p.shape)
        folder = HERE / name
        model.save_pretrained(folder, save_embedding_layers=False)
        (folder / "README.md").unlink()
        path = folder / "adapter_config.json"
        saved = json.loads(path.read_text())
        saved["base_model_name_or_path"] = "random"
        for key in ("target_modules", "feedforward_modules"):
            if key in saved:
                saved[key].sort()
        path.write_text(json.dumps(saved, indent=2) + "\n")
        if name == "prefix_tuning":
            cache = model.get_prompt(batch_size=1)
            layer = cache.self_attention_cache.layers[1] if hasattr(cache, "self_attention_cache") else cache.layers[1]
            merged = lambda x: x[0].transpose(0, 1).reshape(3, -1).tolist()  # [1, heads, P, head size] -> [P, C]
            expected = {"layer": 1, "prefix_key": merged(layer.keys), "prefix_value": merged(layer.values)}
            (folder / "expected.json").write_text(json.dumps(expected) + "\n")


if __name__ == "__main__":
    main()
