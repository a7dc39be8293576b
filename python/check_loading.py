"""Checks retrace.load on exports of every method, written here as docs/format.md says and loaded again: exit 1 where logits differ. Over a model of pictures
an export's self-test has them in self_test.safetensors, and they are larger than the base's own here.

Usage: python check_loading.py [--base FOLDER]      FOLDER: a model with tokenizer, of any architecture; by default the bundled BERT; or of pictures, such as vectors/tiny_vit
"""

import argparse
import hashlib
import json
import sys
import tempfile
import zipfile
from itertools import product
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoTokenizer

from record.counts import CASES
from record.recording import VECTORS
from retrace import AdapterError, build, load
from retrace.architectures import architecture_of, layers_of
from retrace.base import config_of
from retrace.methods.peft_methods import PeftTwin
from retrace.pictures import resize

BUNDLED = VECTORS.parent.parent / "public" / "models" / "all-MiniLM-L6-v2"
TEXTS = ["play some jazz", "what is the capital of France, and how far away is it?"]
NUM_LABELS, MAX_LENGTH = 3, 32
PREPARED = {"rescale_factor": 1 / 255, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
WITH_FROZEN = ("full", "bitfit", "lora", "ia3", "houlsby", "prefix-tuning", "lst", "read")
FROZEN = [(method, given | {"frozen_layers": 2}) for method, given in CASES if method in WITH_FROZEN]


def export(folder, method, pooling, hyper_parameters, base):
    """An untrained but perturbed adapter in `folder`, a zip where the layout is Retrace's own; returns its path."""
    model = build(method, base, NUM_LABELS, pooling, hyper_parameters).eval()
    torch.manual_seed(1)
    for p in model.trainable().values():
        p.data += 0.02 * torch.randn_like(p)
    in_peft_layout = isinstance(model, PeftTwin) and (method == "lora" or not hyper_parameters.get("frozen_layers"))
    sha256 = hashlib.sha256((base / "model.safetensors").read_bytes()).hexdigest()
    config = {
        "format": "retrace",
        "format_version": 1,
        "method": method,
        "base_model": {"name": "base", "model_type": json.loads((base / "config.json").read_text())["model_type"], "sha256": sha256},
        "num_labels": NUM_LABELS,
        "pooling": pooling,
        "hyper_parameters": hyper_parameters,
    }
    pictures = pictures_for(base)
    cut = {"max_length": MAX_LENGTH} if pictures is None else {"image_size": pictures.shape[-1]}
    tests = {"texts": TEXTS} if pictures is None else PREPARED
    config |= cut
    if pictures is not None:
        pixels = ((pictures * 0.5 + 0.5) / PREPARED["rescale_factor"]).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous()
        save_file({"pixels": pixels}, folder / "self_test.safetensors")
        if method == "full":  # which trains the table of positions, in the size that it was interpolated to
            resize(model.model.base_model, pictures.shape[-1])
    if in_peft_layout:
        model.model.save_pretrained(folder, save_embedding_layers=False)
        trained = {name: p.detach().contiguous() for name, p in model.trainable().items()}  # PEFT saves more where biases train
        save_file(trained, folder / "adapter_model.safetensors", metadata={"format": "pt", "retrace": json.dumps(config)})
        about = {"pooling": pooling, **cut, **tests, "logits": _logits(model, base)}
        (folder / "self_test.json").write_text(json.dumps(about))
        return folder
    config["self_test"] = tests | {"logits": _logits(model, base)}
    tensors = {name: t.detach().contiguous().clone() for name, t in model.shared(model.trainable()).items()}
    save_file(tensors, folder / "adapter.safetensors", metadata={"format": "pt", "retrace": json.dumps(config)})
    with zipfile.ZipFile(folder / "adapter.zip", "w") as archive:  # without adapter_config.json: the mirror serves
        for path in folder.glob("*.safetensors"):
            archive.write(path, path.name)
    return folder / "adapter.zip"


def pictures_for(base):
    """[2, 3, S, S] of 8 bits a value, two patches larger than the base's each way; None where it reads texts."""
    config = config_of(base)
    if not architecture_of(config).reads_pictures:
        return None
    size = config.image_size + 2 * config.patch_size
    pixels = torch.randint(256, (2, 3, size, size), generator=torch.Generator().manual_seed(3))
    return (pixels * PREPARED["rescale_factor"] - 0.5) / 0.5


@torch.no_grad()
def _logits(model, base):
    if (pictures := pictures_for(base)) is not None:
        return [model(pixel_values=picture[None])[0].tolist() for picture in pictures]
    tokenizer = AutoTokenizer.from_pretrained(base)
    encode = lambda text: tokenizer(text, return_tensors="pt", return_token_type_ids=True, truncation=True, max_length=MAX_LENGTH)
    return [model(**encode(text))[0].tolist() for text in TEXTS]


def cases_on(base):
    """(method, hyper-parameters) of every method that a base takes, LoRA and (IA)^3 on its own modules."""
    config = config_of(base)
    architecture = architecture_of(config)
    for method, given in (*CASES, *FROZEN):
        if config.model_type != "bert":
            if method in ("lora", "ia3"):
                given = given | getattr(architecture, method)
            if method == "lst":
                given = given | {"reduction_factor": 2}
            if "frozen_layers" in given:
                given = given | {"frozen_layers": layers_of(config) - 1}
            if len(architecture.stacks) > 1 and method in ("lst", "read", "prefix-tuning", "prompt-tuning"):
                continue
        yield method, given


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--base", type=Path, default=BUNDLED)
    base = arguments.parse_args().base
    worst = 0.0
    own = architecture_of(config_of(base)).own_heads
    for (method, hyper_parameters), pooling in product(cases_on(base), ("mean",) if base == BUNDLED else ("mean", *own)):
        with tempfile.TemporaryDirectory() as folder:
            try:
                loaded = load(export(Path(folder), method, pooling, hyper_parameters, base), base)
                fresh = build(method, base, NUM_LABELS, pooling, hyper_parameters).trainable()
                if set(loaded.module.trainable()) != set(fresh):
                    raise AdapterError("it cannot go on training: other parameters require gradients")
                difference = (loaded.logits(loaded.self_test["texts"]) - torch.tensor(loaded.self_test["logits"])).abs().max().item()
            except AdapterError as error:
                print(f"FAILED  {method} {pooling} {hyper_parameters}: {error}")
                return 1
        worst = max(worst, difference)
        print(f"{'ok' if difference <= 1e-5 else 'FAILED'}  {method} {pooling} {hyper_parameters}: {difference:.1e}", flush=True)
    return 0 if worst <= 1e-5 else 1


if __name__ == "__main__":
    sys.exit(main())
