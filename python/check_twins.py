"""Checks retrace/methods against Transformers, finite differences and the recorded vectors: exit 1 where one fails. Needs only vectors/.

Usage: python check_twins.py

1. With what a method adds at zero, the model's own logits, on BERT and on the other architectures (reversible ones with lambda * beta = 0, reading the pretrained model's stream).
2. Fixed streams agree with float streams of the same factors to the resolution of 20 fraction bits, gradients too.
3. Gradients agree with central finite differences in float64.
4. PEFT's prefix tuning gives the logits of methods/prefix_tuning.py, on every architecture that it has it on; on pictures, where PEFT has no virtual tokens,
   Transformers' own forward pass does, with rows put before its embeddings or its keys and values.
5. A recorded adapter, loaded by name, gives the recorded logits.
"""

import argparse
import json
import sys
from itertools import product
from types import SimpleNamespace

import torch
from safetensors.torch import load_file
from transformers import AutoConfig
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from record.meft1 import STREAMS
from record.on_architectures import METHODS, MODELS, REFUSED, tiny, variants_of
from record.recording import TINY_BERT, VECTORS, logits_loss_gradients, model_inputs, read_batch, read_json, recorded_batch, relative_difference, tiny_batch
from record.tiny_pictures import MODELS as MODELS_OF_PICTURES
from record.through_peft import FOLDERS as THROUGH_PEFT
from record.twins import FOLDERS as TWINS
from record.twins import draw, of_head, tiny_twin
from retrace.architectures import defaults_of
from retrace.base import classifier_model
from retrace.methods import build
from retrace.methods.prefix_tuning import PrefixTuning
from retrace.tensors import fill


def logits_of(model):
    return model(**model_inputs(tiny_batch()))


REVERSIBLE = {"adapter_size": 4, "streams": "float", "final_combination": "weighted", "combination_weight": 0.0}
NOT_REVERSED = {"meft1": {"lambda": 0.0, "beta": 1.0}, "meft2": {"lambda": 1.0, "beta": 0.0}, "meft3": {"lambda": 0.0, "beta": 0.0}}


def nothing_added_gives_each_model():
    """The same of the small models of other architectures, by Transformers' own classes."""
    worst = 0.0
    for base in MODELS:
        expected = read_json(VECTORS / base / "expected.json")
        batch, defaults = recorded_batch(VECTORS / base), defaults_of(AutoConfig.from_pretrained(VECTORS / base))
        for method in METHODS:
            if method in REFUSED.get(base, ()) or method in ("prefix-tuning", "prompt-tuning", "bitfit", "ia3"):
                continue
            for pooling, hyper_parameters in variants_of(method, defaults).values():
                if method in NOT_REVERSED:
                    hyper_parameters = REVERSIBLE | NOT_REVERSED[method]
                model = tiny(method, base, pooling, hyper_parameters)
                for name, p in model.trainable().items():
                    p.data.mul_(1.0 if of_head(name) else 0.0)
                logits = model(**model_inputs(batch))
                worst = max(worst, (logits - torch.tensor(expected["cases"][pooling]["logits"])).abs().max().item())
            if defaults.vocabulary:
                worst = max(worst, _writes_alike(method, base, hyper_parameters, batch))
    return worst, 5e-6


def _writes_alike(method, base, hyper_parameters, batch):
    """How far the logits of the vocabulary are from the recorded ones, at valid tokens."""
    tasks = read_json(VECTORS / base / "tasks.json")["tasks"]
    task = tasks.get("causal_lm") or tasks["seq2seq"]
    target = read_batch(task["target"]) if "target" in task else {}
    model = build(method, VECTORS / base, None, "vocabulary", hyper_parameters).eval()
    for p in model.trainable().values():
        p.data.mul_(1.0 if method == "full" else 0.0)
    logits = model(**model_inputs(batch), **{name: t for name, t in target.items() if name == "decoder_input_ids"})
    valid = target["labels"] != -100 if target else batch["attention_mask"] == 1
    return (logits - load_file(VECTORS / base / task["logits_file"])["logits"])[valid].abs().max().item()


def nothing_added_gives_bert():
    plain = classifier_model(TINY_BERT, "cls", 3).eval()
    expected = plain(**model_inputs(tiny_batch())).logits
    reversible = {"adapter_size": 8, "streams": "float", "final_combination": "weighted", "combination_weight": 0.0}
    given = {"meft1": (0.0, 1.0), "meft2": (1.0, 0.0), "meft3": (0.0, 0.0)}
    cases = [(method, reversible | {"lambda": lam, "beta": beta}) for method, (lam, beta) in given.items()]
    for method in ("houlsby", "parallel-adapter", "lst", "read", "sparse_meft"):
        cases += [(method, hyper_parameters) for _, hyper_parameters in TWINS[method][1].values()]
    worst = 0.0
    for method, hyper_parameters in cases:
        model = tiny_twin(method, "cls", hyper_parameters)
        for name, p in model.trainable().items():
            p.data.mul_(1.0 if name.startswith(("classifier.", "pooler.")) else 0.0)  # modules of the model that are trained whole
        worst = max(worst, (logits_of(model) - expected).abs().max().item())
    return worst, 1e-6


def fixed_agrees_with_float():
    worst = 0.0
    for method in ("meft1", "meft2", "meft3"):
        gradients = {}
        for streams in ("float", "fixed"):
            given = STREAMS["fixed"] if method == "meft1" else TWINS[method][1]["fixed"][1]
            model = tiny_twin(method, "mean", {"adapter_size": 8, **given, "streams": streams})
            draw(model.trainable())
            model.double()
            gradients[streams] = logits_loss_gradients(lambda b: model(**model_inputs(b)), tiny_batch(), model.trainable())[2]
        worst = max(worst, relative_difference(gradients["fixed"], gradients["float"]))
    return worst, 1e-4


def gradients_agree_with_differences():
    worst = 0.0
    for folder, (method, variants) in TWINS.items():
        for _, hyper_parameters in variants.values():
            if hyper_parameters.get("streams") != "fixed":
                worst = max(worst, *_slopes(method, hyper_parameters))
    return worst, 1e-5


def _slopes(method, hyper_parameters):
    """For each tensor, how far the gradient is from a finite difference along a random direction, relative to the gradient's norm."""
    batch, model = tiny_batch(), tiny_twin(method, "cls", hyper_parameters)
    draw(model.trainable())
    trainable = model.double().trainable()
    gradients = logits_loss_gradients(lambda b: model(**model_inputs(b)), batch, trainable)[2]
    step = 1e-6
    for name, p in trainable.items():
        direction = torch.randn(p.shape, dtype=p.dtype, generator=torch.Generator().manual_seed(7))
        losses = []
        for sign in (1, -1):
            p.data += sign * step * direction
            with torch.no_grad():
                losses.append(torch.nn.functional.cross_entropy(model(**model_inputs(batch)), batch["labels"]).item())
            p.data -= sign * step * direction
        gradient = gradients.get(name, torch.zeros_like(p))
        yield abs((losses[0] - losses[1]) / (2 * step) - (gradient * direction).sum().item()) / (gradient.norm().item() + 1e-3)


def prefixes_agree():
    through_peft = tiny_twin("prefix-tuning", "mean", {"num_virtual_tokens": 5})
    draw(through_peft.trainable())
    ours = PrefixTuning(classifier_model(TINY_BERT, "mean", 3), "mean", {"num_virtual_tokens": 5}).eval()
    fill(ours.trainable(), through_peft.shared(through_peft.trainable()))
    worst = (logits_of(ours) - logits_of(through_peft)).abs().max().item()
    for base in MODELS:
        # PEFT has none here either, nor of pictures
        if "prefix-tuning" in REFUSED.get(base, ()) or base in ("tiny_distilbert", *MODELS_OF_PICTURES):
            continue
        batch, pooling = recorded_batch(VECTORS / base), "mean"
        through_peft = tiny("prefix-tuning", base, pooling, {"num_virtual_tokens": 5})
        draw(through_peft.trainable())
        ours = PrefixTuning(classifier_model(VECTORS / base, pooling, 3), pooling, {"num_virtual_tokens": 5}).eval()
        fill(ours.trainable(), through_peft.shared(through_peft.trainable()))
        worst = max(worst, (ours(**model_inputs(batch)) - through_peft(**model_inputs(batch))).abs().max().item())
    return worst, 2e-6


def virtual_tokens_of_pictures_agree():
    """The modules of `ours` are those of Transformers' model, which is run whole, by its own forward pass."""
    worst = 0.0
    for base in MODELS_OF_PICTURES:
        pixel_values = recorded_batch(VECTORS / base)["pixel_values"]
        for method, pooling in product(("prompt-tuning", "prefix-tuning"), ("cls", "mean")):
            ours = tiny(method, base, pooling, {"num_virtual_tokens": 5})
            draw(ours.trainable())
            logits, backbone = ours(pixel_values=pixel_values), ours.backbone
            if method == "prompt-tuning":
                rows = ours.added.embeddings.prompt_embeddings.weight
                before = backbone.embeddings.register_forward_hook(lambda _, inputs, h, rows=rows: torch.cat((rows.expand(len(h), -1, -1), h), 1))
            else:
                before = _with_prefixes(ours)
            hidden = backbone(pixel_values).last_hidden_state[:, 5 if method == "prompt-tuning" else 0 :]
            before.remove()
            pooled = hidden[:, 0] if pooling == "cls" else hidden[:, ours.architecture.leading_tokens :].mean(1)
            worst = max(worst, (ours.model.classifier(pooled) - logits).abs().max().item())
    return worst, 2e-6


def _with_prefixes(ours):
    """Makes Transformers' attention read a prefix in each layer."""
    prefixes = {id(layer.attention): added.attention.self for layer, added in ours.layers(ours.architecture.stacks[0])}

    def attention(module, query, key, value, attention_mask, scaling, **given):
        prefix = prefixes[id(module)]
        heads = lambda rows: rows.view(len(rows), -1, module.head_dim).transpose(0, 1).expand(len(key), -1, -1, -1)  # [P, C] -> [B, NH, P, HD]
        key, value = torch.cat((heads(prefix.prefix_key), key), 2), torch.cat((heads(prefix.prefix_value), value), 2)
        return torch.nn.functional.scaled_dot_product_attention(query, key, value, scale=scaling).transpose(1, 2), None

    ALL_ATTENTION_FUNCTIONS.register("with_prefixes", attention)
    ours.model.set_attn_implementation("with_prefixes")
    return SimpleNamespace(remove=lambda: ours.model.set_attn_implementation("eager"))


def recorded_adapters_give_recorded_logits():
    worst = 0.0
    for folder in (*TWINS, *THROUGH_PEFT):
        expected = json.loads((VECTORS / folder / "expected.json").read_text())
        for case in expected["cases"].values():
            model = tiny_twin(expected["method"], case["pooling"], case["hyper_parameters"])
            tensors = load_file(VECTORS / folder / case["adapter"])
            fill(model.shared(model.trainable()), tensors)
            worst = max(worst, (logits_of(model) - torch.tensor(case["logits"])).abs().max().item())
    for base in MODELS:
        batch = recorded_batch(VECTORS / base)
        for method in METHODS:
            if method in REFUSED.get(base, ()):
                continue
            folder = VECTORS / f"{method}-{base.removeprefix('tiny_')}"
            for case in read_json(folder / "expected.json")["cases"].values():
                model = build(method, VECTORS / base, 3, case["pooling"], case["hyper_parameters"]).eval()
                fill(model.shared(model.trainable()), load_file(folder / case["adapter"]))
                worst = max(worst, (model(**model_inputs(batch)) - torch.tensor(case["logits"])).abs().max().item())
    return worst, 5e-6  # float32 is up to 2e-6 from float64 here, and rounds otherwise on another processor


CHECKS = (
    nothing_added_gives_bert,
    nothing_added_gives_each_model,
    fixed_agrees_with_float,
    gradients_agree_with_differences,
    prefixes_agree,
    virtual_tokens_of_pictures_agree,
    recorded_adapters_give_recorded_logits,
)


def main():
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    failed = 0
    for check in CHECKS:
        found, allowed = check()
        failed += found > allowed
        verdict = "ok" if found <= allowed else "FAILED"
        print(f"{verdict}  {check.__name__.replace('_', ' ')}: {found:.1e} (allowed {allowed:.0e})", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
