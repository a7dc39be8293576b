"""Records vectors/adapter_hub: adapters as the `adapters` library of AdapterHub saves them, one folder each, and the logits that it gives on the
tiny BERT's batch.

It needs an environment of its own, for the library asks for an older Transformers: pip install adapters==1.2.0, then, from python/,
python -m record.adapter_hub. Nothing else of record/ is used there but what is made of torch alone.
"""

import shutil

import torch
from adapters import AutoAdapterModel, BnConfig, DoubleSeqBnConfig, LoRAConfig, ParBnConfig, SeqBnConfig, init
from transformers import BertForSequenceClassification

from .recording import TINY_BERT, VECTORS, model_inputs, numbers, tiny_batch, write_json

FOLDER = VECTORS / "adapter_hub"
LABELS = {0: "bad", 1: "fine", 2: "good"}
ONE_LAYER = {"layers": 1, "use_pooler": True}
HOULSBY = {"mh_adapter": True, "output_adapter": True}
# name: configuration, head (None: that of BertForSequenceClassification), whether safetensors; and, where it is one, what of it is not ours.
READ = {
    "houlsby": (DoubleSeqBnConfig(reduction_factor=8, non_linearity="gelu"), ONE_LAYER, True),
    "double_seq_bn": (DoubleSeqBnConfig(reduction_factor=16), {}, True),
    "double_seq_bn_pickled": (DoubleSeqBnConfig(reduction_factor=10, non_linearity="relu", leave_out=[0]), ONE_LAYER, False),
    "par_bn": (ParBnConfig(reduction_factor=4), {}, True),
    "par_bn_scaled": (ParBnConfig(reduction_factor=8, scaling=0.5, non_linearity="gelu"), ONE_LAYER, True),
    "lora": (LoRAConfig(r=2, alpha=6), ONE_LAYER, True),
    "lora_everywhere": (LoRAConfig(r=1, alpha=2, intermediate_lora=True, output_lora=True, attn_matrices=["k", "v"], leave_out=[1]), {}, False),
    "static_head": (DoubleSeqBnConfig(reduction_factor=16), None, True),
}
REFUSED = {
    "seq_bn": (SeqBnConfig(reduction_factor=16), ONE_LAYER, True),
    "learned_scaling": (ParBnConfig(reduction_factor=16, scaling="learned"), ONE_LAYER, True),
    "output_alone": (BnConfig(mh_adapter=False, output_adapter=True, reduction_factor=16, non_linearity="relu"), ONE_LAYER, True),
}


def model_with(config, head):
    if head is None:
        model = BertForSequenceClassification.from_pretrained(TINY_BERT)
        init(model)
    else:
        model = AutoAdapterModel.from_pretrained(TINY_BERT)
        model.add_classification_head("task", num_labels=3, id2label=LABELS, **head)
    model.add_adapter("task", config=config)
    model.set_active_adapters("task")
    return model.eval()


def draw(model):
    generator = torch.Generator().manual_seed(41)
    for name, p in sorted(model.named_parameters()):
        if ".task." in name:
            p.data = 0.2 * torch.randn(p.shape, generator=generator)


def main():
    batch, logits = tiny_batch(), {}
    for name, (config, head, safetensors) in (READ | REFUSED).items():
        model = model_with(config, head)
        draw(model)
        folder = FOLDER / name
        shutil.rmtree(folder, ignore_errors=True)
        model.save_adapter(str(folder), "task", with_head=True, use_safetensors=safetensors)
        for path in folder.glob("*.json"):  # it writes where the base lay
            path.write_text(path.read_text().replace(str(TINY_BERT), TINY_BERT.name) + "\n")
        with torch.no_grad():
            ours = model(**model_inputs(batch)).logits
            model.set_active_adapters(None)
            if torch.equal(ours, model(**model_inputs(batch)).logits):
                raise RuntimeError(f"{name}: the adapter does nothing")
        if name in READ:
            logits[name] = numbers(ours)
        print(name, sorted(path.name for path in folder.iterdir()))
    write_json(FOLDER / "expected.json", {"recorded_by": "python/record/adapter_hub.py", "base": "../tiny_bert", "logits": logits})


if __name__ == "__main__":
    main()
