"""What the recording scripts share: where vectors go, how numbers are written, the tiny model and its batches.

Everything is seeded and runs on one thread, so recording again on the same versions writes the same bytes.
"""

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from transformers.utils import logging

VECTORS = Path(__file__).resolve().parent.parent / "vectors"
TINY_BERT = VECTORS / "tiny_bert"

torch.set_num_threads(1)
logging.set_verbosity_error()
logging.disable_progress_bar()


def numbers(tensor):
    """A tensor as nested lists; float32 in the fewest digits that give the same float32 back."""
    if tensor.dtype == torch.float32:
        shortest = np.array([float(str(x)) for x in tensor.detach().numpy().reshape(-1)])
        return shortest.reshape(tensor.shape).tolist()
    return tensor.detach().tolist()


def number(tensor):
    return numbers(tensor.reshape(1))[0]


def write_json(path, content):
    """Objects are indented, lists of numbers stay on one line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_lines(content, "") + "\n")


def _lines(content, indent):
    deeper = indent + "  "
    if isinstance(content, dict):
        rows = (f"{deeper}{json.dumps(k)}: {_lines(v, deeper)}" for k, v in content.items())
        return "{\n" + ",\n".join(rows) + "\n" + indent + "}"
    if isinstance(content, list) and content and isinstance(content[0], (list, dict)):
        return "[\n" + ",\n".join(deeper + _lines(v, deeper) for v in content) + "\n" + indent + "]"
    return json.dumps(content, ensure_ascii=False)


def write_tensors(path, tensors):
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: t.detach().contiguous() for name, t in tensors.items()}, path, metadata={"format": "pt"})


def random_batch(seed, lengths, padded_length, vocab_size, num_labels):
    """Tokens are never 0, so the padding id stays out of the valid part; token types change somewhere inside each text."""
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.tensor(lengths)
    position = torch.arange(padded_length)
    attention_mask = (position < lengths[:, None]).long()
    draw = lambda low, high: torch.randint(low, high, (len(lengths), padded_length), generator=generator)
    first = torch.randint(1, padded_length, (len(lengths), 1), generator=generator)
    return {
        "lengths": lengths,
        "input_ids": draw(1, vocab_size) * attention_mask,
        "attention_mask": attention_mask,
        "token_type_ids": (position >= first).long() * attention_mask,
        "labels": torch.randint(0, num_labels, (len(lengths),), generator=generator),
    }


def batch_json(batch):
    return {name: numbers(t) for name, t in batch.items()}


def read_batch(record):
    return {name: torch.tensor(values) for name, values in record.items()}


def recorded_batch(folder):
    """The batch of a small model's folder. Pictures stand in a file of their own."""
    record = read_json(folder / "expected.json")["batch"]
    pictures = load_file(folder / record.pop("pixel_values")) if "pixel_values" in record else {}
    return pictures | read_batch(record)


def model_inputs(batch):
    """Without token types where the architecture has none; pictures in place of tokens."""
    return {name: batch[name] for name in ("input_ids", "attention_mask", "token_type_ids", "pixel_values") if name in batch}


def read_json(path):
    return json.loads(path.read_text())


def tiny_batch():
    """The batch that tiny_bert.py recorded."""
    return read_batch(read_json(TINY_BERT / "expected.json")["batch"])


def cross_entropy_of_labels(logits, batch):
    return torch.nn.functional.cross_entropy(logits, batch["labels"])


def logits_loss_gradients(logits_of, batch, parameters, loss_of=cross_entropy_of_labels):
    """`parameters` by name; a parameter that the loss does not touch has no entry in the gradients."""
    logits = logits_of(batch)
    loss = loss_of(logits, batch)
    gradients = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
    return logits, loss, {name: g for name, g in zip(parameters, gradients, strict=True) if g is not None}


def relative_difference(ours, theirs):
    """Largest over the tensors of |ours - theirs| / |theirs|, both as Euclidean norms over a tensor; all-but-zero tensors are left out."""
    floor = 1e-6 * max(t.double().norm().item() for t in theirs.values())
    return max(
        ((ours[name].double() - t.double()).norm() / t.double().norm()).item() for name, t in theirs.items() if t.double().norm() > floor
    )


def judged(logits_of, model, batch, parameters, loss_of=cross_entropy_of_labels):
    """One case as recorded, with what float64 says beside it: {logits, loss, ..._float64, float32_gradient_error}, gradients (float32)."""
    logits, loss, gradients = logits_loss_gradients(logits_of, batch, parameters(), loss_of)
    model.double()
    logits64, loss64, gradients64 = logits_loss_gradients(logits_of, batch, parameters(), loss_of)
    model.float()
    return {
        "logits": numbers(logits),
        "loss": number(loss),
        "logits_float64": numbers(logits64),
        "loss_float64": number(loss64),
        "float32_gradient_error": float(f"{relative_difference(gradients, gradients64):.1e}"),
    }, gradients
