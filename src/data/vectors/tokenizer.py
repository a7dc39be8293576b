"""Records tokenizer.json beside it: what Transformers' fast tokenizer gives for real and odd texts.

    python src/data/vectors/tokenizer.py

Needs transformers, and the bundled model under public/.
"""

import json
import pathlib

import transformers

root = pathlib.Path(__file__).parents[3]
tokenizer = transformers.AutoTokenizer.from_pretrained(root / "public/models/all-MiniLM-L6-v2")
rows = (root / "public/data/clinc150/train.tsv").read_text(encoding="utf-8").splitlines()[1:]
real = [row.split("\t")[0] for row in rows[:: len(rows) // 200][:200]]
odd = [
    "", " ", "\t\n", "Crème brûlée à Zürich, señor!", "ÅNGSTRÖM İstanbul ẞtraße ﬁne", "e\u0301 o\u0308 n\u0303 a\u0327\u0323",
    "我想订一张去北京的机票", "東京でラーメンを食べたい", "한국어 문장입니다", "𠀀𪜀 rare ideographs", "Привет, мир!", "שלום עולם", "مرحبا بالعالم",
    "नमस्ते दुनिया", "ไทย", "😀 emoji 👩‍👩‍👧‍👦 flags 🇩🇪 ❤️", "a\u0000b\u0007c\u200bd\ufeffe\u00adf\ufffdg", "tab\tnew\nline\r\nend\u2028para\u2029x\u0085y",
    "non\u00a0breaking\u3000wide\u2009thin", "x" * 100, "x" * 101, "y" * 300, "antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis",
    "[CLS] [MASK] [SEP] [UNK] [PAD]", "[cls]a[MASK]b [ MASK ]", "don't 'quote' \"double\" `tick` $5.00 50% a+b=c a|b <tag> ~^_@#&*",
    "…—–‘’“”«»¿¡§¶•", "①②③ ½ ² ℃ ™ © ®", "http://example.com/a_b?c=d&e=f", "1,234,567.89 3.14e-10 0x1F", "ALL CAPS and MiXeD",
    "\U0001d54f\U0001d550 math \U00010348 gothic", "\u0378 unassigned \ue000 private", "ǅ ǆ Σίσυφος ς", "##ing ##", "a" * 50 + " " + "b" * 99 + "ab",
    "the quick brown fox " * 20,
]
pairs = [
    ("a b c d e f g h", "i j k l", 9), ("a b c d", "i j k l m n o p", 9), ("a b c d e f", "g h i j k l", 8), ("a b c d e f", "g h i j k l", 9),
    ("a", "b c d e f g", 6), ("", "a b c", 5), ("one two", "three four", 64), ("a b c d e f g", "h i", 4), ("a b c d", "e f g h", 7),
]


def encode(first, second, most):
    row = tokenizer(first, second, truncation="longest_first", max_length=most)
    return [first, second, most, row["input_ids"], row["token_type_ids"].count(1)]


vectors = [encode(text, None, 16) for text in real] + [encode(text, None, 64) for text in odd] + [encode(*pair) for pair in pairs]
text = ",\n".join(json.dumps(row, separators=(",", ":")) for row in vectors)
made_by = f"transformers {transformers.__version__}, {type(tokenizer).__name__}"
out = pathlib.Path(__file__).with_suffix(".json")
out.write_text('{"made_by":%s,"columns":["text","text_pair","max_length","input_ids","token_type_ids that are 1"],"rows":[\n%s\n]}\n' % (json.dumps(made_by), text))
print(out, out.stat().st_size, made_by)
