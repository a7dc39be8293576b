"""Records a small random ViT and DeiT as tiny_models.py records the models of texts: vectors/tiny_vit and vectors/tiny_deit, each with one batch of pictures,
and of each head the logits, the loss and the gradient of every parameter, from Transformers itself. Beside them

    tiny_vit_old        the same weights under the names that the hub's files have, without a prefix and with a pooler, which classifiers leave alone
    tiny_deit_teacher   tiny_deit under such names with a prefix, and with its teacher's head in the file
    position_tables     tables of positions interpolated to other sizes of pictures

It breaks if a model is saved by save_pretrained as it is: Transformers 5 then writes the old names.
"""

import json
import re

import torch
from safetensors.torch import load_file
from torch.nn.functional import cross_entropy
from transformers import DeiTConfig, ViTConfig
from transformers.models.deit.modeling_deit import DeiTEmbeddings
from transformers.models.vit.modeling_vit import ViTEmbeddings

from retrace.architectures import architecture_of
from retrace.base import classifier_model
from retrace.pictures import interpolated, of_pictures, resize

from .recording import VECTORS, judged, numbers, recorded_batch, write_json, write_tensors
from .tiny_models import CLASS_WEIGHTS, LABEL_SMOOTHING, NUM_LABELS, Recorder, draw, plain_names

BATCH, RESIZED = 4, 20
SIZES = {"num_channels": 3, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
MODELS = {
    "tiny_vit": ViTConfig(image_size=12, patch_size=4, **SIZES),
    "tiny_deit": DeiTConfig(image_size=9, patch_size=3, **SIZES),  # 27 numbers of a patch
}
# case: (embeddings, tokens before the patches, rows and columns of the table, of the picture's patches)
TABLES = {
    "vit_3x3_to_5x5": (ViTEmbeddings, ViTConfig, (3, 3), (5, 5)),
    "vit_3x3_to_2x2": (ViTEmbeddings, ViTConfig, (3, 3), (2, 2)),
    "vit_3x3_to_1x1": (ViTEmbeddings, ViTConfig, (3, 3), (1, 1)),
    "vit_4x4_to_3x7": (ViTEmbeddings, ViTConfig, (4, 4), (3, 7)),
    "vit_14x14_to_24x24": (ViTEmbeddings, ViTConfig, (14, 14), (24, 24)),
    "vit_24x24_to_14x14": (ViTEmbeddings, ViTConfig, (24, 24), (14, 14)),
    "vit_37x37_to_16x16": (ViTEmbeddings, ViTConfig, (37, 37), (16, 16)),
    "deit_14x14_to_16x16": (DeiTEmbeddings, DeiTConfig, (14, 14), (16, 16)),
}
OLD_NAMES = (
    (r"\blayers\.", "encoder.layer."),
    (r"\battention\.q_proj\.", "attention.attention.query."),
    (r"\battention\.k_proj\.", "attention.attention.key."),
    (r"\battention\.v_proj\.", "attention.attention.value."),
    (r"\battention\.o_proj\.", "attention.output.dense."),
    (r"\bmlp\.fc1\.", "intermediate.dense."),
    (r"\bmlp\.fc2\.", "output.dense."),
)


def old_name(name):
    """What files from before Transformers 5 call a parameter."""
    for pattern, old in OLD_NAMES:
        name = re.sub(pattern, old, name)
    return name


def drawn(seed, *shape):
    """Pixels as preprocessing leaves them, between -1 and 1."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def write_model(folder, config, architecture, tensors):
    """A folder as the hub has it. `config` of Transformers, less what names its version."""
    kept = {key: value for key, value in json.loads(config.to_json_string()).items() if key not in ("transformers_version", "dtype")}
    write_json(VECTORS / folder / "config.json", kept | {"architectures": [architecture]})
    write_tensors(VECTORS / folder / "model.safetensors", tensors)


def save_models(folder):
    """The model without a head; its twin under old names."""
    config = MODELS[folder]
    config.num_labels = NUM_LABELS
    model = classifier_model(config, "cls", NUM_LABELS)
    draw(model, folder)
    prefix, name = architecture_of(config).prefix, type(model).__name__.replace("ForImageClassification", "Model")
    own = {name: p for name, p in model.named_parameters() if name.startswith(prefix)}
    write_model(folder, config, name, own)
    if folder == "tiny_vit":
        pooler = {"pooler.dense.weight": drawn(5, config.hidden_size, config.hidden_size), "pooler.dense.bias": drawn(6, config.hidden_size)}
        write_model("tiny_vit_old", config, name, {old_name(name.removeprefix(prefix)): p for name, p in own.items()} | pooler)
    return {old_name(name): p for name, p in own.items()}


class PictureRecorder(Recorder):
    def __init__(self, folder, batch):
        super().__init__(folder, batch)
        self.own = "cls"

    def classifier(self, pooling, num_labels):
        model = classifier_model(self.path, pooling, num_labels).eval()
        prefix = architecture_of(model.config).prefix
        return model, {name: p for name, p in model.named_parameters() if not name.startswith(prefix)}

    def classification(self, name, pooling, **about):
        model, added = self.classifier(pooling, NUM_LABELS)
        weight, smoothing = about.get("class_weights"), about.get("label_smoothing", 0.0)
        weights = lambda logits: None if weight is None else torch.tensor(weight, dtype=logits.dtype)
        loss_of = lambda logits, b: cross_entropy(logits, b["labels"], weight=weights(logits), label_smoothing=smoothing)
        logits_of = lambda b: model(**of_pictures(model.base_model, b["pixel_values"])).logits
        # Transformers has no loss for the teacher's head: it is that of the mean of both logits, which it gives.
        own_loss = None if about or pooling == "distilled" else lambda: model(self.batch["pixel_values"], labels=self.batch["labels"]).loss
        return {"pooling": pooling, "hyper_parameters": {}, **about, **self.record(name, model, added, logits_of, loss_of, own_loss)}

    def hidden_states(self):
        """As in the other models: what enters each layer, and last what leaves the backbone, behind its last norm."""
        model, states = self.classifier("cls", NUM_LABELS)[0], []
        for layer in model.base_model.layers:
            layer.register_forward_pre_hook(lambda _, inputs: states.append(inputs[0]))
        with torch.no_grad():
            states.append(model.base_model(self.batch["pixel_values"]).last_hidden_state)
        write_tensors(self.path / "hidden_states.safetensors", {f"hidden_states.{i}": h for i, h in enumerate(states)})


def record(folder):
    old, config = save_models(folder), MODELS[folder]
    labels = torch.randint(NUM_LABELS, (BATCH,), generator=torch.Generator().manual_seed(4))
    batch = {"pixel_values": drawn(3, BATCH, 3, config.image_size, config.image_size), "labels": labels}
    write_tensors(VECTORS / folder / "batch.safetensors", {"pixel_values": batch["pixel_values"]})
    recorder = PictureRecorder(folder, batch)
    about = {"recorded_by": "python/record/tiny_pictures.py", "model": folder, "method": "full"}
    about["batch"] = {"pixel_values": "batch.safetensors", "labels": numbers(labels)}
    poolings = (*architecture_of(config).own_heads, "mean")
    cases = {pooling: recorder.classification(pooling, pooling) for pooling in poolings}
    write_json(recorder.path / "expected.json", about | {"cases": cases})
    recorder.hidden_states()
    weights = {"class_weights": CLASS_WEIGHTS}
    both, last = weights | {"label_smoothing": LABEL_SMOOTHING}, poolings[-2]  # the class token's head of ViT, the teacher's of DeiT
    tasks = {
        name: {"task": "image_classification", **recorder.classification(name, last, **how)}
        for name, how in (("class_weights", weights), ("class_weights_label_smoothing", both))
    }
    write_json(recorder.path / "tasks.json", {"recorded_by": "python/record/tiny_pictures.py", "model": folder, "tasks": tasks})
    if folder == "tiny_deit":
        head = load_file(recorder.path / cases["distilled"]["adapter"])
        write_model("tiny_deit_teacher", config, "DeiTForImageClassificationWithTeacher", old | head)


def record_resized(folder):
    """Pictures of another size. The table is interpolated once, to be trained in its new size; the logits are those of Transformers, which interpolates in
    every forward pass.
    """
    model = classifier_model(VECTORS / folder, "cls", NUM_LABELS).eval()
    for name, t in load_file(VECTORS / folder / "head_cls.safetensors").items():
        model.get_parameter(name).data.copy_(t)
    labels = recorded_batch(VECTORS / folder)["labels"]
    batch = {"pixel_values": drawn(8, BATCH, 3, RESIZED, RESIZED), "labels": labels}
    write_tensors(VECTORS / folder / "batch_resized.safetensors", {"pixel_values": batch["pixel_values"]})
    logits_of = lambda b: model(**of_pictures(model.base_model, b["pixel_values"])).logits
    with torch.no_grad():
        interpolated_always = logits_of(batch)
    resize(model.base_model, RESIZED)
    recorded, gradients = judged(logits_of, model, batch, lambda: plain_names(model))
    if (interpolated_always - torch.tensor(recorded["logits"])).abs().max() > 1e-6:
        raise RuntimeError("interpolating once gives other logits")
    write_tensors(VECTORS / folder / "grads_resized.safetensors", gradients)
    about = {"recorded_by": "python/record/tiny_pictures.py", "model": folder, "method": "full", "image_size": RESIZED}
    about["batch"] = {"pixel_values": "batch_resized.safetensors", "labels": numbers(labels)}
    case = {"pooling": "cls", "hyper_parameters": {}, "adapter": "head_cls.safetensors", "gradients": "grads_resized.safetensors", **recorded}
    write_json(VECTORS / folder / "resized.json", about | {"cases": {"cls": case}})


def record_tables():
    """Tables of 4 columns, and what Transformers makes of them."""
    tensors, cases = {}, {}
    for i, (name, (embeddings_class, config_class, table, patches)) in enumerate(TABLES.items()):
        embeddings = embeddings_class(config_class(hidden_size=4, image_size=table[0], patch_size=1))
        embeddings.position_embeddings.data = drawn(100 + i, *embeddings.position_embeddings.shape)
        with torch.no_grad():
            found = interpolated(embeddings, *patches)
        tensors |= {f"{name}.position_embeddings": embeddings.position_embeddings.data, f"{name}.interpolated": found}
        cases[name] = {"leading_tokens": found.shape[1] - patches[0] * patches[1], "table": list(table), "patches": list(patches)}
    write_tensors(VECTORS / "position_tables" / "tables.safetensors", tensors)
    about = {"recorded_by": "python/record/tiny_pictures.py", "tensors": "tables.safetensors"}
    write_json(VECTORS / "position_tables" / "tables.json", about | {"cases": cases})


def main():
    for folder in MODELS:
        record(folder)
    record_resized("tiny_vit")
    record_tables()


if __name__ == "__main__":
    main()
