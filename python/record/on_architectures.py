"""Records every method on the small models of the other architectures (tiny_models.py, tiny_pictures.py), each in vectors/{method}-{architecture}: logits, loss and the
gradient of every trained parameter, from PEFT where it has the method and from retrace/methods for the rest.

Heads are those that these drew; DeiT's is its teacher's, for ViT has the other. All names are Retrace's.
"""

import shutil

import torch
from safetensors.torch import load_file
from torch.nn.functional import cross_entropy
from transformers import AutoConfig

from retrace.architectures import defaults_of
from retrace.methods import build

from .recording import VECTORS, cross_entropy_of_labels, judged, model_inputs, read_batch, read_json, recorded_batch, write_json, write_tensors
from .tiny_models import MODELS as MODELS_OF_TEXTS
from .tiny_pictures import MODELS as MODELS_OF_PICTURES
from .twins import LEAST_MARGIN, AdapterFiles, draw, least_margin, of_head

MODELS = (*MODELS_OF_TEXTS, *MODELS_OF_PICTURES)
FLOAT, FIXED = {"adapter_size": 4, "streams": "float"}, {"adapter_size": 4, "streams": "fixed", "fraction_bits": 20}
FACTORS = {"meft1": ({"lambda": 0.1, "beta": 1.0}, {"lambda": 0.125, "beta": 1.0})}
FACTORS["meft2"] = ({"lambda": 1.0, "beta": 0.1}, {"lambda": 1.0, "beta": 0.125})
FACTORS["meft3"] = ({"lambda": 0.1, "beta": 0.1}, {"lambda": 0.125, "beta": 0.125})
MOST_ERROR = 1e-5
LORA = {"adapter_size": 4, "lora_alpha": 8, "lora_dropout": 0.0}
READ = {"rnn_type": "gru", "rnn_hidden_size": 8, "aggregation": "mean", "output_scale": 1.0}
SPARSE = {"adapter_size": 32, "num_experts": 16, "num_probed_experts": 4, "num_activated": 4}


def variants_of(method, defaults):
    """{case: (pooling, hyper-parameters)}, with the architecture's own classifier, or the last of them, and with the mean."""
    own = list(defaults.own_heads)[-1]
    if method in FACTORS:
        of_float, of_fixed = FACTORS[method]
        joined = defaults.final_combination
        return {f"{own}_float": (own, FLOAT | of_float | joined), "mean_fixed": ("mean", FIXED | of_fixed | joined)}
    one = {
        "lora": LORA | defaults.lora,
        "ia3": defaults.ia3,
        "bitfit": {},
        "houlsby": {"adapter_size": 4},
        "parallel-adapter": {"adapter_size": 4, "adapter_scaling": 4.0},
        "prefix-tuning": {"num_virtual_tokens": 5},
        "prompt-tuning": {"num_virtual_tokens": 5},
        "lst": {"reduction_factor": 2, "gate_temperature": 0.1},
    }
    if method == "read":
        return {f"{own}_gru": (own, READ | {"joiner": False}), f"{own}_gru_joiner": (own, READ | {"joiner": True})}
    if method == "sparse_meft":
        return {f"{own}_{rule}": (own, SPARSE | {"activation_rule": rule}) for rule in ("token", "union")}
    return {own: (own, one[method]), "mean": ("mean", one[method])} if method in ("lora", "ia3", "prompt-tuning") else {own: (own, one[method])}


METHODS = (*FACTORS, "lora", "ia3", "bitfit", "houlsby", "parallel-adapter", "prefix-tuning", "prompt-tuning", "read", "lst", "sparse_meft")
# What is not defined, or that PEFT and Transformers cannot do: no virtual tokens for BART's classifier, none of a narrower table, and side
# networks of an encoder and a decoder.
REFUSED = {"tiny_bart": ("prefix-tuning", "prompt-tuning", "read", "lst"), "tiny_opt_350m": ("prompt-tuning",)}


def tiny(method, base, pooling, hyper_parameters):
    """A method over a small model with the head that tiny_models.py drew; what the method adds is as the method starts it."""
    model = build(method, VECTORS / base, 3, pooling, hyper_parameters).eval()
    if pooling == "vocabulary":
        return model
    head = load_file(VECTORS / base / read_json(VECTORS / base / "expected.json")["cases"][pooling]["adapter"])
    trainable = model.shared(model.trainable())
    if {name for name in trainable if of_head(name)} != set(head):
        raise RuntimeError(f"{method} on {base}: another head trains than {sorted(head)}")
    for name, t in head.items():
        trainable[name].data.copy_(t)
    return model


def judged_well(method, base, pooling, hyper_parameters, batch, inputs_of=model_inputs, loss_of=cross_entropy_of_labels):
    """The same with values at random, such that nothing hangs on rounding: none of sparse MEFT's choices, and no LayerNorm of LST's narrow network,
    whose few columns may happen to be nearly equal. Gives the model, what was recorded, and the gradients.
    """
    for seed in range(100):
        model = tiny(method, base, pooling, hyper_parameters)
        draw(model.trainable(), str(seed))
        if method == "sparse_meft" and least_margin(model, inputs_of(batch)) < LEAST_MARGIN:
            continue
        recorded, gradients = judged(lambda b: model(**inputs_of(b)), model, batch, model.trainable, loss_of)
        if recorded["float32_gradient_error"] < MOST_ERROR:
            return model, recorded, gradients
    raise RuntimeError(f"{method} on {base}: no seed is far enough from rounding")


def record(method, base):
    batch = recorded_batch(VECTORS / base)
    folder = VECTORS / f"{method}-{base.removeprefix('tiny_')}"
    shutil.rmtree(folder, ignore_errors=True)
    cases, adapters = {}, AdapterFiles(folder)
    defaults = defaults_of(AutoConfig.from_pretrained(VECTORS / base))
    for case, (pooling, hyper_parameters) in variants_of(method, defaults).items():
        model, recorded, gradients = judged_well(method, base, pooling, hyper_parameters, batch)
        adapter = adapters.write(case, model.shared(model.trainable()))
        files = {"adapter": adapter, "gradients": f"grads_{case}.safetensors"}
        write_tensors(folder / files["gradients"], model.shared(gradients))
        cases[case] = {"pooling": pooling, "hyper_parameters": hyper_parameters, **files, **recorded}
        print(folder.name, case, recorded["loss"], recorded["loss_float64"], recorded["float32_gradient_error"])
    about = {"recorded_by": "python/record/on_architectures.py", "base": f"../{base}", "model": base, "method": method}
    write_json(folder / "expected.json", about | {"cases": cases})


def record_writing(method, base):
    """The same of a model that writes: the loss of language modelling on all tokens but a context, or of a target, as tiny_models.py has them."""
    task = read_json(VECTORS / base / "tasks.json")["tasks"]
    batch = recorded_batch(VECTORS / base)
    folder, defaults = VECTORS / f"{method}-{base.removeprefix('tiny_')}", defaults_of(AutoConfig.from_pretrained(VECTORS / base))
    name = "causal_lm_context" if "causal_lm_context" in task else "seq2seq"
    if name == "seq2seq":
        target = read_batch(task[name]["target"])
        written = torch.arange(target["labels"].shape[1]) < target["lengths"][:, None]  # [B, T]
        inputs_of = lambda b: model_inputs(b) | {"decoder_input_ids": target["decoder_input_ids"], "decoder_attention_mask": written.long()}
        loss_of = lambda logits, _: cross_entropy(logits.flatten(0, 1), target["labels"].flatten())
    else:
        labels = torch.tensor(task[name]["labels"])
        inputs_of = model_inputs
        loss_of = lambda logits, _: cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())
    *_, (_, hyper_parameters) = variants_of(method, defaults).values()
    model, recorded, gradients = judged_well(method, base, "vocabulary", hyper_parameters, batch, inputs_of, loss_of)
    with torch.no_grad():
        tensors = {"logits": model(**inputs_of(batch))}
    files = {"adapter": f"adapter_{name}.safetensors", "gradients": f"grads_{name}.safetensors", "logits_file": f"logits_{name}.safetensors"}
    for key, content in zip(files, (model.shared(model.trainable()), model.shared(gradients), tensors), strict=True):
        write_tensors(folder / files[key], content)
    kept = {key: value for key, value in recorded.items() if key not in ("logits", "logits_float64")}
    print(folder.name, name, recorded["loss"], recorded["loss_float64"], recorded["float32_gradient_error"])
    about = {"recorded_by": "python/record/on_architectures.py", "base": f"../{base}", "model": base, "method": method}
    task = {"task": "seq2seq" if name == "seq2seq" else "causal_lm", "hyper_parameters": hyper_parameters}
    write_json(folder / "tasks.json", about | {"tasks": {name: task | files | kept}})


def main(models=MODELS):
    for base in models:
        for method in METHODS:
            if method not in REFUSED.get(base, ()):
                record(method, base)
                if base in MODELS_OF_TEXTS and MODELS_OF_TEXTS[base][2] == "last":
                    record_writing(method, base)


if __name__ == "__main__":
    main()
