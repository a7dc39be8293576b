"""Loads every merged model in a folder with plain Transformers, as people would, and compares its logits with those that Retrace recorded; exit 1 where one
does not load whole or a logit differs by more than 1e-4.

Usage: python check_merged.py FOLDER
       RETRACE_EXPORTS=FOLDER npx vitest run test/lives.test.ts test/written_lives.test.ts      leaves such a folder: ARCHITECTURE/merged/NAME, and NAME.json with texts and logits

Of a model of pictures NAME.json has no texts, and NAME.safetensors beside it the pictures as they enter the model, `pixel_values` [n, 3, H, W].
"""

import argparse
import json
import sys
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import load_file
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForImageClassification,
    AutoModelForMultipleChoice,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    pipeline,
)

from check_adapter import ALLOWED, largest_difference, quiet
from retrace.architectures import architecture_of
from retrace.load import Loaded
from retrace.pictures import of_pictures


# By what their outputs are made of: classes of texts, scores of choices, or words that go on with a text or are written for it.
CLASSES = {
    "sequence": AutoModelForSequenceClassification,
    "choices": AutoModelForMultipleChoice,
    "choices_as_texts": AutoModelForSequenceClassification,
    "words": AutoModelForCausalLM,
    "target_words": AutoModelForSeq2SeqLM,
}


def pictures_of(folder):
    """Of a merged model the pictures [n, 3, H, W] that logits were recorded of, None where it reads texts."""
    path = folder.with_name(folder.name + ".safetensors")
    return load_file(path)["pixel_values"] if path.is_file() else None


@torch.no_grad()
def difference(folder, recorded):
    """Largest difference of an output. Error ValueError where Transformers finds anything missing, left over or renamed."""
    head, pictures = recorded.get("head", "sequence"), pictures_of(folder)
    config = AutoConfig.from_pretrained(folder)
    scoring = config.architectures[0].endswith("ForMultipleChoice")
    kinds = {"words": "target_words" if config.is_encoder_decoder else "words", "choices": "choices" if scoring else "choices_as_texts"}
    auto_class = CLASSES[kinds.get(head, head)] if pictures is None else AutoModelForImageClassification
    model, info = auto_class.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    wrong = {kind: sorted(map(str, names)) for kind, names in info.items() if names}
    if wrong:
        raise ValueError(f"Transformers says {wrong}")
    if pictures is not None:
        logits = torch.cat([model.eval()(**of_pictures(model.base_model, picture[None])).logits for picture in pictures])
        return (logits - torch.tensor(recorded["logits"])).abs().max().item()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    types = architecture_of(model.config).has_token_types
    if head != "sequence":
        # A model that scores choices takes those of an example together: one example of one choice.
        shaped = lambda t: t[:, None] if scoring else t
        module = lambda **given: model(**{name: shaped(t) for name, t in given.items() if types or name != "token_type_ids"}).logits
        return largest_difference(Loaded(module, tokenizer, [], "", recorded["max_length"], recorded, head, model.eval().config))
    logits = [model.eval()(**tokenizer(text, return_tensors="pt", return_token_type_ids=types)).logits for text in recorded["texts"]]
    return (torch.cat(logits) - torch.tensor(recorded["logits"])).abs().max().item()


def labels(folder, recorded):
    """What a pipeline says of the texts, and what it should; nothing of models that choose or write."""
    if recorded.get("head", "sequence") != "sequence":
        return [], []
    expected = json.loads((folder / "config.json").read_text())["id2label"]
    if pictures_of(folder) is not None:  # they are pixels, and a pipeline takes pictures: any one will show that it runs
        said = pipeline("image-classification", model=str(folder))(Image.new("RGB", (50, 40), "teal"))
        return [one["label"] for one in said if one["label"] not in expected.values()], []
    best = [expected[str(max(range(len(row)), key=row.__getitem__))] for row in recorded["logits"]]
    classify = pipeline("text-classification", model=str(folder))
    # The small models have BERT's tokenizer, whose types GPT-2 would add as words.
    types = architecture_of(classify.model.config).has_token_types
    return [classify(text, return_token_type_ids=types)[0]["label"] for text in recorded["texts"]], best


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    arguments = arguments.parse_args()
    quiet()
    folders = sorted(path.parent for path in arguments.folder.rglob("merged/*/config.json"))
    if not folders:
        print(f"there is no merged model in {arguments.folder}", file=sys.stderr)
        return 1
    failed = 0
    for folder in folders:
        recorded = json.loads(folder.with_name(folder.name + ".json").read_text())
        name = folder.relative_to(arguments.folder)
        try:
            found = difference(folder, recorded)
            said, expected = labels(folder, recorded)
        except Exception as error:  # of many kinds, and each says that people could not load it either
            print(f"FAILED  {name}: {error}", flush=True)
            failed += 1
            continue
        agrees = found <= ALLOWED and said == expected
        failed += not agrees
        print(f"{'ok' if agrees else 'FAILED'}  {name}: {found:.1e}{'' if said == expected else f', {said} for {expected}'}", flush=True)
    print(f"{len(folders)} merged models, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
