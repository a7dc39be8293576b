"""Compares the logits that an export in AdapterHub's layout carries with what AdapterHub's own `adapters` library computes of it.

Usage: python check_adapter_hub.py FOLDER-OR-ZIP... --base BASE-MODEL-FOLDER
It needs an environment of its own: pip install adapters==1.2.0. Exit 1 where a logit differs by more than 1e-4.
"""

import argparse
import json
import sys
import tempfile
import zipfile
from pathlib import Path

import torch
from adapters import AutoAdapterModel
from safetensors import safe_open
from transformers import AutoTokenizer

TOLERANCE = 1e-4


def unpacked(path, folder):
    if path.is_dir():
        return path
    zipfile.ZipFile(path).extractall(folder)
    return Path(folder)


@torch.no_grad()
def difference(folder, base):
    with safe_open(folder / "adapter.safetensors", "pt") as file:
        config = json.loads(file.metadata()["retrace"])
    model = AutoAdapterModel.from_pretrained(base)
    model.load_adapter(str(folder), use_safetensors=True, set_active=True)
    model.eval()
    tokenizer = AutoTokenizer.from_pretrained(base)
    worst = 0.0
    for text, logits in zip(config["self_test"]["texts"], config["self_test"]["logits"], strict=True):
        parts = (text,) if isinstance(text, str) else tuple(text)
        inputs = tokenizer(*parts, truncation=True, max_length=config["max_length"], return_tensors="pt")
        worst = max(worst, (model(**inputs).logits[0] - torch.tensor(logits)).abs().max().item())
    return worst, len(config["self_test"]["texts"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("exports", nargs="+", type=Path)
    parser.add_argument("--base", required=True, type=Path)
    given = parser.parse_args()
    bad = 0
    for path in given.exports:
        with tempfile.TemporaryDirectory() as folder:
            worst, texts = difference(unpacked(path, folder), given.base)
        bad += worst > TOLERANCE
        print(f"{path}: {texts} texts, largest difference {worst:.1e}{'' if worst <= TOLERANCE else '  TOO LARGE'}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
