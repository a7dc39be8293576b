"""Records vectors/peft: adapters in the variants that PEFT writes, one folder each as PEFT saved it, and the logits that PEFT gives on the
tiny BERT's batch. Some folders are then laid out as other versions of PEFT did; PEFT 0.21 gives the logits of what it saved.
"""

import json
import shutil

import torch
from peft import IA3Config, LoraConfig, PeftModel, TaskType, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import BertForSequenceClassification

from .recording import TINY_BERT, VECTORS, model_inputs, numbers, tiny_batch, write_json

FOLDER = VECTORS / "peft"
CLS = {"task_type": TaskType.SEQ_CLS}
Q = {"r": 2, "target_modules": ["query"]}
VARIANTS = {
    "all_linear": LoraConfig(**CLS, r=1, target_modules="all-linear"),
    "all_linear_no_task": LoraConfig(r=1, target_modules="all-linear", exclude_modules=["classifier"], modules_to_save=["classifier"]),
    "full_names": LoraConfig(**CLS, r=2, target_modules=["bert.encoder.layer.0.attention.self.key", "bert.encoder.layer.2.output.dense"]),
    "regex": LoraConfig(**CLS, r=2, target_modules=r"(?!.*layer\.1\.).*\.(?:que[r-t]y|value)$"),
    "regex_groups": LoraConfig(**CLS, r=2, target_modules=r"bert\.encoder\.layer\.([02])\.(attention\.self|nothing)\.(key|valu[^a])"),
    "exclude_list": LoraConfig(**CLS, r=2, target_modules=["dense"], exclude_modules=["pooler.dense", "intermediate.dense", "layer.0.output.dense"]),
    "exclude_regex": LoraConfig(**CLS, r=2, target_modules=["query", "value"], exclude_modules=r".*\.[12]\..*(query|value)"),
    "one_layer": LoraConfig(**CLS, **Q, layers_to_transform=1),
    "some_layers": LoraConfig(**CLS, r=2, target_modules=["query", "dense"], layers_to_transform=[0, 2], layers_pattern="layer"),
    "upper_layers": LoraConfig(**CLS, **Q, layers_to_transform=[1, 2]),
    "upper_layers_dense": LoraConfig(**CLS, r=1, target_modules=["query", "dense"], layers_to_transform=[1, 2]),
    "upper_layers_bias_all": LoraConfig(**CLS, **Q, layers_to_transform=[2], bias="all"),
    "patterns": LoraConfig(
        **CLS, r=3, lora_alpha=5, target_modules=["query", "value"], rank_pattern={"value": 1, "layer.0.attention.self.query": 2}, alpha_pattern={"query": 9}
    ),
    "patterns_regex": LoraConfig(
        **CLS, r=2, lora_alpha=3, target_modules=["query", "key"], rank_pattern={r".*layer\.[01]\..*query": 4, "key|value": 1}, alpha_pattern={r"layer\.\d\.attention\.self\.key": 7.5}
    ),
    "rslora": LoraConfig(**CLS, r=4, lora_alpha=6, use_rslora=True, target_modules=["query"]),
    "rslora_patterns": LoraConfig(**CLS, r=2, lora_alpha=4, use_rslora=True, target_modules=["query", "value"], rank_pattern={"value": 3}, alpha_pattern={"value": 2}),
    "pooler_saved": LoraConfig(**CLS, r=2, target_modules=["query", "dense"], modules_to_save=["pooler"]),
    "norms_saved": LoraConfig(**CLS, **Q, modules_to_save=["LayerNorm", "classifier"]),
    "no_task_type": LoraConfig(**Q, modules_to_save=["classifier"]),
    "bias_all": LoraConfig(**CLS, **Q, bias="all"),
    "bias_all_pooler_saved": LoraConfig(**CLS, **Q, bias="all", modules_to_save=["pooler"]),
    "bias_lora_only": LoraConfig(**CLS, r=2, target_modules=["output.dense"], bias="lora_only"),
    "gaussian": LoraConfig(**CLS, **Q, init_lora_weights="gaussian"),
    "other_name": LoraConfig(**CLS, **Q),
    "old_bias": LoraConfig(**CLS, **Q, bias="lora_only"),
    "whole_state_dict": LoraConfig(**CLS, **Q, modules_to_save=["pooler"]),
    "as_04": LoraConfig(**CLS, **Q),
    "pickled": LoraConfig(**CLS, **Q),
    "ia3": IA3Config(**CLS),
    "ia3_regex": IA3Config(**CLS, target_modules=r".*layer\.[12].*\.(key|output\.dense)", feedforward_modules=r".*[0-9]\.output\.dense"),
    "ia3_full_names": IA3Config(
        **CLS, target_modules=["bert.encoder.layer.0.intermediate.dense", "bert.pooler.dense"], feedforward_modules=["bert.encoder.layer.0.intermediate.dense"]
    ),
    "ia3_exclude": IA3Config(**CLS, target_modules=["value", "output.dense"], feedforward_modules=["output.dense"], exclude_modules=["attention.output.dense"]),
    "ia3_pooler_saved": IA3Config(**CLS, modules_to_save=["pooler"]),
    # No task type and no saved classifier: the base's own works, as it is or with an adapter on it.
    "base_head": LoraConfig(**Q),
    "base_head_f16": LoraConfig(**Q, bias="all"),
    "base_head_adapted": LoraConfig(r=2, lora_alpha=1, use_rslora=True, target_modules="all-linear", rank_pattern={"classifier": 1}, alpha_pattern={"class.*r": 2}),
    "base_head_ia3": IA3Config(target_modules=["value"], feedforward_modules=[]),
    "base_head_ia3_f16": IA3Config(target_modules=["key", "classifier"], feedforward_modules=[]),
    "base_head_ia3_entering": IA3Config(target_modules=["value", "classifier"], feedforward_modules=["classifier"]),
}
# What other versions did otherwise: 0.5 and before put an adapted layer's bias beside its adapter; whole state dicts keep PEFT's wrappers and
# the adapter's name; 0.4 knew a few keys.
KEYS_OF_04 = "auto_mapping base_model_name_or_path bias fan_in_fan_out inference_mode init_lora_weights layers_pattern layers_to_transform lora_alpha lora_dropout modules_to_save peft_type r revision target_modules task_type"


def rename(folder, change):
    path = folder / "adapter_model.safetensors"
    save_file({change(name): t for name, t in load_file(path).items()}, path, metadata={"format": "pt"})


def with_wrappers(name):
    for plain, wrapped in [("classifier.", "classifier.modules_to_save.default."), ("pooler.", "pooler.modules_to_save.default."), ("lora_A.", "lora_A.default."), ("lora_B.", "lora_B.default.")]:
        name = name.replace(plain, wrapped)
    return name


def as_other_versions(variant, folder):
    config = folder / "adapter_config.json"
    if variant == "old_bias":
        rename(folder, lambda name: name.replace(".base_layer.", "."))
    elif variant == "whole_state_dict":
        rename(folder, with_wrappers)
    elif variant == "pickled":
        torch.save(load_file(folder / "adapter_model.safetensors"), folder / "adapter_model.bin")
        (folder / "adapter_model.safetensors").unlink()
    elif variant == "as_04":
        kept = {key: value for key, value in json.loads(config.read_text()).items() if key in KEYS_OF_04.split()}
        config.write_text(json.dumps(kept, indent=2) + "\n")


def draw(model):
    generator = torch.Generator().manual_seed(31)
    for name, p in sorted(model.named_parameters()):
        if "lora_" in name:
            p.data = 0.3 * torch.randn(p.shape, generator=generator)
        elif p.requires_grad:
            p.data = p.data + 0.2 * torch.randn(p.shape, generator=generator)


def save(variant, model, adapter):
    folder = FOLDER / variant
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink()
    config = (folder if adapter == "default" else folder / adapter) / "adapter_config.json"
    saved = json.loads(config.read_text())
    saved["base_model_name_or_path"] = TINY_BERT.name
    for key, value in saved.items():
        if isinstance(value, list) and value and isinstance(value[0], str):
            value.sort()
    config.write_text(json.dumps(saved, indent=2) + "\n")
    return config.parent


def load_base(variant):
    """The tiny BERT, with the classifier that it has after it was stored in f16 where the variant says so."""
    model = BertForSequenceClassification.from_pretrained(TINY_BERT)
    if variant.endswith("_f16"):
        for p in model.classifier.parameters():
            p.data = p.data.half().float()
    return model


def main():
    batch, logits = tiny_batch(), {}
    for variant, config in VARIANTS.items():
        adapter = "mine" if variant == "other_name" else "default"
        base = lambda: load_base(variant)
        model = get_peft_model(base(), config, adapter_name=adapter).eval()
        draw(model)
        folder = save(variant, model, adapter)
        with torch.no_grad():
            again = PeftModel.from_pretrained(base(), folder).eval()(**model_inputs(batch)).logits
            if not torch.equal(again, model(**model_inputs(batch)).logits):
                raise RuntimeError(f"{variant}: PEFT loads another model than it saved")
        as_other_versions(variant, folder)
        logits[variant] = numbers(again)
        print(variant)
    write_json(FOLDER / "expected.json", {"recorded_by": "python/record/peft_variants.py", "base": "../tiny_bert", "logits": logits})


if __name__ == "__main__":
    main()
