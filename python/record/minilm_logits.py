"""Records vectors/minilm: 50 texts of CLINC150's validation part through all-MiniLM-L6-v2 in Transformers, and a seeded classifier.

Weights rounded to float16 as bundled, arithmetic in float32, one text at a time without padding. Ids come from Transformers'
AutoTokenizer and are compared with what tokenizer.json alone gives.
Usage, from python/: python -m record.minilm_logits [--base FOLDER] [--texts validation.tsv]
"""

import argparse
import csv
import json
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from retrace.base import classifier_model
from retrace.pooling import mean_of_tokens

from .recording import VECTORS, numbers, write_json, write_tensors

FOLDER = VECTORS / "minilm"
PUBLIC = VECTORS.parent.parent / "public"
EVERY, NUM_LABELS, MAX_LENGTH = 60, 10, 128


def bert_with_half_weights(base):
    bert = classifier_model(base, "cls", NUM_LABELS).base_model.eval()
    for p in bert.parameters():
        p.data = p.half().float()
    return bert


def classifier(hidden_size):
    generator = torch.Generator().manual_seed(50)
    draw = lambda *shape: 0.05 * torch.randn(shape, generator=generator)
    return {"classifier.weight": draw(NUM_LABELS, hidden_size), "classifier.bias": draw(NUM_LABELS)}


def tokenizers_agree(tokenizer, base, texts):
    plain = Tokenizer.from_file(str(base / "tokenizer.json"))
    plain.no_padding()
    plain.enable_truncation(MAX_LENGTH)
    return all(tokenizer(t, truncation=True, max_length=MAX_LENGTH)["input_ids"] == plain.encode(t).ids for t in texts)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--base", type=Path, default=PUBLIC / "models" / "all-MiniLM-L6-v2")
    arguments.add_argument("--texts", type=Path, default=PUBLIC / "data" / "clinc150" / "validation.tsv")
    arguments = arguments.parse_args()
    with arguments.texts.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[::EVERY]
    tokenizer = AutoTokenizer.from_pretrained(arguments.base)
    if not tokenizers_agree(tokenizer, arguments.base, [row["text"] for row in rows]):
        raise RuntimeError("AutoTokenizer and tokenizer.json give different ids")
    bert = bert_with_half_weights(arguments.base)
    bert64 = bert_with_half_weights(arguments.base).double()
    head = classifier(bert.config.hidden_size)
    texts, error = [], 0.0
    for i, row in enumerate(rows):
        ids = tokenizer(row["text"], truncation=True, max_length=MAX_LENGTH)["input_ids"]
        record = {"row": i * EVERY, "text": row["text"], "domain": row["domain"], "input_ids": ids}
        for pooling in ("mean", "cls"):
            logits, exact = (logits_of(model, ids, pooling, head) for model in (bert, bert64))
            error = max(error, (logits.double() - exact).abs().max().item())
            record[f"logits_{pooling}"] = numbers(logits)
        texts.append(record)
    write_tensors(FOLDER / "head.safetensors", head)
    data = "CLINC150 validation, every 60th row (Larson et al. 2019, CC BY 3.0)"
    about = {"recorded_by": "python/record/minilm_logits.py", "base": "all-MiniLM-L6-v2, weights rounded to float16", "data": data}
    write_json(FOLDER / "expected.json", {**about, "head": "head.safetensors", "float32_logit_error": float(f"{error:.1e}"), "texts": texts})
    print(f"{len(texts)} texts, largest float32 error of a logit {error:.1e}, {json.dumps(texts[0])}")


@torch.no_grad()
def logits_of(bert, ids, pooling, head):
    input_ids = torch.tensor([ids])
    attention_mask = torch.ones_like(input_ids)
    hidden = bert(input_ids, attention_mask=attention_mask).last_hidden_state
    weight, bias = (head[f"classifier.{name}"].to(hidden.dtype) for name in ("weight", "bias"))
    return torch.nn.functional.linear(mean_of_tokens(hidden, attention_mask) if pooling == "mean" else bert.pooler(hidden), weight, bias)[0]


if __name__ == "__main__":
    main()
