"""Records vectors/optimizer: five AdamW steps on the tiny BERT as Transformers' Trainer takes them, for MEFT1 with fixed streams (mean
pooling) and for full fine-tuning (pooler), two batches by turns.

As Trainer: weight decay on what is neither a bias nor in a LayerNorm, clipping by the global norm, the schedule stepped after the
optimizer, so the first of the two warm-up steps has learning rate 0. Step n's record is taken after step n, n = 1 ... 5; its loss and
gradient norm (before clipping) are those that the step was made from.
"""

import torch
from torch import nn
from transformers import get_linear_schedule_with_warmup
from transformers.trainer_pt_utils import get_parameter_names

from retrace.base import classifier_model

from .meft1 import STREAMS, tiny_meft1
from .recording import TINY_BERT, VECTORS, batch_json, model_inputs, number, random_batch, tiny_batch, write_json, write_tensors

FOLDER = VECTORS / "optimizer"
STEPS = 5
TRAINING = {
    "learning_rate": 3e-3,
    "adam_beta1": 0.9,
    "adam_beta2": 0.98,
    "adam_epsilon": 1e-6,
    "weight_decay": 0.1,
    "max_grad_norm": 0.05,
    "warmup_steps": 2,
    "max_steps": 8,
}
NO_DECAY = [r"bias", r"layernorm", r"rmsnorm", r"(?:^|\.)norm(?:$|\.)", r"_norm(?:$|\.)"]  # Trainer.get_decay_parameter_names


def five_steps(model, logits_of, batches):
    """Trains `model` in place; returns the record of every step and the trainable parameters after it."""
    t = TRAINING
    trainable = model.trainable() if hasattr(model, "trainable") else dict(model.named_parameters())
    decayed = set(get_parameter_names(model, [nn.LayerNorm], NO_DECAY))
    decays = {id(p) for name, p in model.named_parameters() if name in decayed}
    decayed = {name for name, p in trainable.items() if id(p) in decays}
    groups = [
        {"params": [p for name, p in trainable.items() if name in decayed], "weight_decay": t["weight_decay"]},
        {"params": [p for name, p in trainable.items() if name not in decayed], "weight_decay": 0.0},
    ]
    betas = (t["adam_beta1"], t["adam_beta2"])
    optimizer = torch.optim.AdamW(groups, lr=t["learning_rate"], betas=betas, eps=t["adam_epsilon"], foreach=False)
    schedule = get_linear_schedule_with_warmup(optimizer, t["warmup_steps"], t["max_steps"])
    steps, parameters = [], []
    for n in range(STEPS):
        batch = batches[n % len(batches)]
        loss = nn.functional.cross_entropy(logits_of(batch), batch["labels"])
        optimizer.zero_grad()
        loss.backward()
        grad_norm = nn.utils.clip_grad_norm_(trainable.values(), t["max_grad_norm"])
        learning_rate = schedule.get_last_lr()[0]
        optimizer.step()
        schedule.step()
        parameters.append({name: p.detach().clone() for name, p in trainable.items()})
        steps.append(
            {
                "step": n + 1,
                "batch": n % len(batches),
                "loss": number(loss),
                "grad_norm": number(grad_norm),
                "learning_rate": learning_rate,
                "checksums": {name: checksum(p) for name, p in parameters[-1].items()},
            }
        )
    return steps, parameters, sorted(set(trainable) & decayed)


def checksum(parameter):
    """[sum, Euclidean norm], added up in float64."""
    values = parameter.double()
    return [values.sum().item(), values.norm().item()]


def record_case(name, build, about, steps_in_file):
    batches = [tiny_batch(), random_batch(4, lengths=[4, 11, 6, 10], padded_length=11, vocab_size=99, num_labels=3)]
    model, logits_of = build()
    steps, parameters, decayed = five_steps(model, logits_of, batches)
    model64, logits_of64 = build()
    steps64, parameters64, _ = five_steps(model64.double(), logits_of64, batches)
    error = max((p.double() - parameters64[-1][n]).abs().max().item() for n, p in parameters[-1].items())
    file = f"{name}.safetensors"
    write_tensors(FOLDER / file, {f"step{n}.{key}": p for n in steps_in_file for key, p in parameters[n - 1].items()})
    print(name, [(s["loss"], s["grad_norm"], s["learning_rate"]) for s in steps], "float64 differs by", error)
    case = {**about, "parameters": file, "steps_in_file": steps_in_file, "decayed": decayed, "float32_parameter_error": float(f"{error:.1e}")}
    return batches, {**case, "steps": steps}


def main():
    hyper_parameters = {"adapter_size": 8, **STREAMS["fixed"]}

    def meft1():
        model = tiny_meft1("mean", hyper_parameters)
        return model, lambda batch: model(**model_inputs(batch))

    def full():
        model = classifier_model(TINY_BERT, "cls", 3).eval()
        return model, lambda batch: model(**model_inputs(batch)).logits

    about = {"method": "meft1", "pooling": "mean", "hyper_parameters": hyper_parameters, "adapter": "../meft1/adapter_r8.safetensors"}
    batches, meft1_case = record_case("meft1", meft1, about, [1, 2, 3, 4, 5])
    _, full_case = record_case("full", full, {"method": "full", "pooling": "cls"}, [5])
    content = {"recorded_by": "python/record/optimizer.py", "base": "../tiny_bert", "training": TRAINING}
    content |= {"batches": [batch_json(b) for b in batches], "cases": {"meft1": meft1_case, "full": full_case}}
    write_json(FOLDER / "expected.json", content)


if __name__ == "__main__":
    main()
