"""Compares an exported adapter's own record of logits with what PyTorch computes; exit 1 where they differ by more than 1e-4.

Usage: python check_adapter.py ADAPTER --base FOLDER      ADAPTER: a zip or a folder, in Retrace's layout or in PEFT's
"""

import argparse
import sys

import torch
from transformers.utils import logging

from retrace import AdapterError, load

ALLOWED = 1e-4


def compare(adapter, base, check_base=True):
    """What was loaded, and the largest difference of a logit from those that the export carries. Errors: AdapterError."""
    loaded = load(adapter, base, check_base=check_base)
    if not loaded.self_test:
        raise AdapterError("it carries no self-test (texts with their logits), so there is nothing to compare.")
    return loaded, largest_difference(loaded)


def largest_difference(loaded):
    """Of an output from what was recorded of the self-test's texts, or pictures."""
    pairs = zip(loaded.self_test["texts"], loaded.self_test["logits"], strict=True)
    return max((torch.tensor(loaded.outputs(text)) - torch.tensor(row)).abs().max().item() for text, row in pairs)


def quiet():
    """Without Transformers' reports and progress bars."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("adapter", help="zip or folder as exported")
    arguments.add_argument("--base", required=True, help="folder of the base model: config.json, tokenizer.json, model.safetensors")
    arguments.add_argument("--any-base", action="store_true", help="do not compare the base's sha256")
    arguments = arguments.parse_args()
    quiet()
    try:
        loaded, difference = compare(arguments.adapter, arguments.base, check_base=not arguments.any_base)
    except AdapterError as error:
        print(f"cannot check {arguments.adapter}: {error}", file=sys.stderr)
        return 1
    agrees = difference <= ALLOWED
    texts, labels = len(loaded.self_test["texts"]), len(loaded.labels)
    print(f"{texts} {'texts' if loaded.image_size is None else 'pictures'}, {labels} labels, {loaded.pooling} pooling: largest difference of a logit {difference:.1e}")
    print("the same logits" if agrees else f"NOT the same logits: allowed is {ALLOWED:.0e}")
    return 0 if agrees else 1


if __name__ == "__main__":
    sys.exit(main())
