"""Records what the tokenizers of tokenizer_fuzz.py, and decoders of every kind, make of ids and of tokens.

    python src/data/vectors/tokenizer_decode.py

Run after tokenizer_fuzz.py, whose folders it reads. Ids of texts come back as AutoTokenizer's decode gives them without special tokens; ids drawn at random
show what becomes of bytes that are no text. Needs transformers.
"""

import json
import pathlib
import random

import transformers
from tokenizers import Regex, decoders
from tokenizer_texts import texts

here = pathlib.Path(__file__).parent
words = json.loads((here / "tokenizer_words.json").read_text(encoding="utf-8"))
inputs = ["", " ", "A Top-10 film, isn't it? We 've seen it .", "the Café in New York <mask> İΣ", "good  <ent> film  10!", "привет мир 東京 🙂", *texts(words)[:12]]


def of_folder(folder):
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    draw = random.Random(folder.name)
    rows = [tokenizer(text)["input_ids"] for text in inputs] + [[draw.randrange(len(tokenizer)) for _ in range(12)] for _ in range(8)]
    return [[ids, tokenizer.decode(ids, skip_special_tokens=True)] for ids in rows]


TOKENS = [
    ["▁Hello", "▁wor", "ld", "▁▁!"], ["Hello", "<0xE6>", "<0x9D>", "<0xB1>", "x", "<0xFF>", "<0xE6>", "y", "<0x0a>"], ["he", "##llo", ",", "do", "n't", "do", "not", "##"],
    ["lo", "wer</w>", "low", "est</w>", "x</w>"], ["Ġthe", "ĠcafÃ©", "Ĥ", "x y"], ["", "a", "", "##b", "▁"], [],
]  # fmt: skip
DECODERS = [
    decoders.ByteLevel(), decoders.WordPiece(), decoders.WordPiece(prefix="@@", cleanup=False), decoders.Metaspace(), decoders.Metaspace(prepend_scheme="never"),
    decoders.BPEDecoder(), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip("▁", 1, 0), decoders.Strip("l", 2, 3), decoders.Replace("▁", " "),
    decoders.Replace(Regex("[lo]+"), "_"), decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]),
]  # fmt: skip


def of_decoder(decoder):
    rows = []
    for tokens in TOKENS:
        try:
            rows.append([tokens, decoder.decode(tokens)])
        except BaseException as error:  # the library panics where BPEDecoder gets no token
            print(type(error).__name__, decoder, tokens)
    return {"decoder": json.loads(decoder.__getstate__()), "rows": rows}


folders = {f.name: of_folder(f) for f in sorted((here / "tokenizers").iterdir()) if (f / "tokenizer.json").exists()}
found = {"folders": {"minilm": of_folder(here.parents[2] / "public/models/all-MiniLM-L6-v2"), **folders}, "decoders": [of_decoder(d) for d in DECODERS]}
(here / "tokenizer_decode.json").write_text(json.dumps(found, ensure_ascii=True, separators=(",", ":")) + "\n", encoding="utf-8")
