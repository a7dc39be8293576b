"""Compares every exported adapter in a folder with what PyTorch computes; exit 1 where one cannot be loaded or a logit differs by more than 1e-4.

Usage: python check_exports.py FOLDER [--base FOLDER]     the base is by default the folder `base` beside a zip
       RETRACE_EXPORTS=FOLDER npx vitest run test/lives.test.ts      leaves such a folder: exports of every method, a folder an
       architecture, with its base

An export over pictures carries those of its self-test at the size of the model: the tensor `pixels` [n, S, S, 3] of self_test.safetensors, 8 bits each.

What is in PEFT's layout is loaded by PEFT alone where it has the architecture's own head, as people would; with mean pooling PEFT loads it into
retrace.pooling's model.
"""

import argparse
import inspect
import json
import sys
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoModelForSequenceClassification

from check_adapter import ALLOWED, compare, largest_difference, quiet
from retrace import AdapterError
from retrace.architectures import architecture_of
from retrace.pictures import of_pictures
from retrace.pooling import image_classifier_of


def plain_model(base, loaded):
    """Transformers' model of the task, the base's weights in it. Auto classes would open a DeiT whose file has its teacher's head with that head, whatever was
    trained."""
    own_heads = list(architecture_of(loaded.config).own_heads)
    if loaded.image_size is not None:
        model_class = image_classifier_of(loaded.config, own_heads.index(loaded.pooling))
        return model_class.from_pretrained(base, num_labels=len(loaded.self_test["logits"][0]), ignore_mismatched_sizes=True)
    if loaded.head != "words":
        return AutoModelForSequenceClassification.from_pretrained(base, num_labels=len(loaded.self_test["logits"][0]))
    return (AutoModelForSeq2SeqLM if loaded.config.is_encoder_decoder else AutoModelForCausalLM).from_pretrained(base)


@torch.no_grad()
def by_peft_alone(adapter, base, loaded):
    """Largest difference of a logit by Transformers and PEFT, with nothing of ours; None where the zip is not PEFT's, reads the mean or scores choices, and of
    a prefix where Transformers has renamed what PEFT gives it by (see retrace.pooling)."""
    if loaded.pooling == "mean" or loaded.head == "choices":
        return None
    with zipfile.ZipFile(adapter) as archive, tempfile.TemporaryDirectory() as folder:
        if "adapter_model.safetensors" not in archive.namelist():
            return None
        archive.extractall(folder)
        prefix = json.loads(archive.read("adapter_config.json"))["peft_type"] == "PREFIX_TUNING"
        plain = plain_model(base, loaded)
        if prefix and "past_key_values" not in inspect.signature(plain.base_model.forward).parameters:
            return None
        try:
            model = PeftModel.from_pretrained(plain, folder).eval()
        except Exception as error:  # of many kinds, and each says that people could not load it either
            raise AdapterError(f"PEFT alone does not load it: {error}") from error
    if loaded.head == "words":
        # A prompt's own tokens stand before the others.
        of_tokens = lambda **given: model(**given).logits[:, -given.get("decoder_input_ids", given["input_ids"]).shape[1] :]
        return largest_difference(replace(loaded, module=of_tokens))
    texts, recorded = loaded.self_test["texts"], torch.tensor(loaded.self_test["logits"])
    if loaded.image_size is not None:
        logits = [model(**of_pictures(plain.base_model, picture[None])).logits for picture in texts]
        return (torch.cat(logits) - recorded).abs().max().item()
    types = architecture_of(plain.config).has_token_types  # which GPT-2 would add as words
    given = {"return_tensors": "pt", "truncation": True, "max_length": loaded.max_length, "return_token_type_ids": types}
    logits = [model(**loaded.tokenizer(text, **given)).logits for text in texts]
    return (torch.cat(logits) - recorded).abs().max().item()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path, help="exported zips")
    arguments.add_argument("--base", type=Path, help="folder of their base model")
    arguments = arguments.parse_args()
    quiet()
    adapters = sorted(arguments.folder.rglob("*.zip"))
    if not adapters:
        print(f"there is no .zip in {arguments.folder}", file=sys.stderr)
        return 1
    failed = 0
    for adapter in adapters:
        base, name = arguments.base or adapter.parent / "base", adapter.relative_to(arguments.folder)
        try:
            loaded, difference = compare(adapter, base)
            alone = by_peft_alone(adapter, base, loaded)
        except AdapterError as error:
            print(f"FAILED  {name}: {error}", flush=True)
            failed += 1
            continue
        agrees = all(found <= ALLOWED for found in (difference, alone or 0.0))  # what is not a number agrees with nothing
        failed += not agrees
        by_peft = "" if alone is None else f", by PEFT alone {alone:.1e}"
        print(f"{'ok' if agrees else 'FAILED'}  {name}: {difference:.1e}{by_peft}", flush=True)
    print(f"{len(adapters)} adapters, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
