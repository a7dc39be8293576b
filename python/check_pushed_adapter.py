"""Has PEFT load an adapter that Retrace trained and pushed, by its id: `PeftModel.from_pretrained("double/topics")` from a hub of our own, and the other way
round an adapter that PEFT saved and huggingface_hub pushed, by `retrace predict --adapter`. Exit 1 where the logits differ by more than 1e-4.

Usage: python check_pushed_adapter.py      Needs node, the packages of `npm install`, torch, transformers and peft; reaches loopback alone.
"""

import json
import math
import os
import socket
import sys

from check_hub_cache import retrace
from check_hub_double import TOKEN, WORK, start

BASE = "org/tiny"
TEXTS = ["play my song", "pay the bill now", "what is the balance on my card"]
WORDS = "play song radio louder pay bill balance account card the my please now what is on".split()


def draw_base():
    """A small BERT with a vocabulary of its own, saved as Transformers does."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    folder = WORK / "org" / "tiny"
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = WORK / "vocab.txt"
    vocabulary.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]) + "\n")
    BertTokenizer(str(vocabulary)).save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    config = BertConfig(vocab_size=5 + len(WORDS), max_position_embeddings=64, **sizes)
    BertForSequenceClassification(config).bert.save_pretrained(folder)
    return folder


def logits_of(model, tokenizer):
    import torch

    model.eval()
    with torch.no_grad():
        return [model(**tokenizer(text, return_tensors="pt")).logits[0].tolist() for text in TEXTS]


def probabilities_of(home, endpoint, adapter):
    texts = [word for text in TEXTS for word in ("--text", text)]
    rows = retrace(home, endpoint, "predict", "--adapter", adapter, *texts)
    return [list(row["probabilities"].values()) for row in rows if row["type"] == "prediction"]


def softmax(row):
    whole = [math.exp(value - max(row)) for value in row]
    return [value / sum(whole) for value in whole]


def compare(name, one, other):
    assert len(one) == len(other) == len(TEXTS)
    difference = max(abs(a - b) for row, twin in zip(one, other, strict=True) for a, b in zip(row, twin, strict=True))
    print(f"{name}: largest difference {difference:.1e}")
    assert difference <= 1e-4, name


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main():
    # Python's libraries read these once, as they are loaded.
    port = free_port()
    os.environ.update(HF_ENDPOINT=f"http://127.0.0.1:{port}", HF_TOKEN=TOKEN, HF_HOME=str(WORK / "python"), HF_HUB_DISABLE_XET="1")
    folder = draw_base()
    double, endpoint = start(folder, "--port", str(port))
    try:
        import huggingface_hub
        from peft import LoraConfig, PeftModel, get_peft_model
        from transformers import AutoModelForSequenceClassification, AutoTokenizer
        from transformers.utils import logging

        logging.set_verbosity_error()
        logging.disable_progress_bar()
        data = WORK / "topics.tsv"
        rows = [f"{'play my song' if i % 2 else 'pay the bill'} {WORDS[i % len(WORDS)]}\t{'music' if i % 2 else 'bank'}" for i in range(40)]
        data.write_text("text\ttopic\n" + "\n".join(rows) + "\n")
        home, out = WORK / "retrace", WORK / "topics"
        flags = ["--label-column", "topic", "--method", "lora", "--pooling", "cls", "--batch-size", "8", "--max-steps", "5"]
        pushed = retrace(home, endpoint, "train", "--model", BASE, "--data", str(data), *flags, "--out", str(out), "--push", "double/topics", token=TOKEN)
        assert pushed[-1]["type"] == "pushed", pushed[-1]

        tokenizer = AutoTokenizer.from_pretrained(BASE)
        plain = AutoModelForSequenceClassification.from_pretrained(BASE, num_labels=2)
        loaded = PeftModel.from_pretrained(plain, "double/topics")
        compare("pushed by Retrace, loaded by PEFT", [softmax(row) for row in logits_of(loaded, tokenizer)], probabilities_of(WORK / "new", endpoint, "double/topics"))

        plain = AutoModelForSequenceClassification.from_pretrained(BASE, num_labels=2)
        own = get_peft_model(plain, LoraConfig(task_type="SEQ_CLS", r=4, target_modules=["query", "value"], init_lora_weights=False))
        own.save_pretrained(WORK / "peft", safe_serialization=True)
        named = json.loads((WORK / "peft" / "adapter_config.json").read_text())["base_model_name_or_path"]
        assert named == BASE, named
        huggingface_hub.create_repo("double/peft")
        huggingface_hub.upload_folder(repo_id="double/peft", folder_path=WORK / "peft")
        compare("pushed by Python, predicted by Retrace", [softmax(row) for row in logits_of(own, tokenizer)], probabilities_of(WORK / "other", endpoint, "double/peft"))
    finally:
        double.terminate()
    print("the same")
    return 0


if __name__ == "__main__":
    sys.exit(main())
