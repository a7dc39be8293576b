"""Records which of some names Python's re.fullmatch takes, for patterns as people put into target_modules: python_regex.json.

Run from the repository root: python src/formats/peft/vectors/python_regex.py. Python's standard library alone.
"""

import json
import random
import re
import warnings
from pathlib import Path

NAMES = [f"bert.encoder.layer.{i}.{part}" for i in (0, 1, 10, 11) for part in ("attention.self.query", "attention.self.value", "attention.output.dense", "intermediate.dense", "output.dense")]
NAMES += ["bert.pooler.dense", "classifier", "", "query", "model.layers.3.mlp.experts.12.gate_proj", "Query_2", "a b", "naïve.dense", "x\n"]
PATTERNS = [
    ".*", ".*query", ".*(query|value)$", r".*\.(query|value)", r"bert\.encoder\.layer\.\d+\.output\.dense", r"^bert.*dense$", ".*layer.1.*", r".*layer\.1\..*",
    r"(?!.*pooler).*dense", r"(?!classifier).*", r".*(?<!self)\.(?:value|dense)", r".*(?<=output\.)dense", r"(?i).*QUERY(_\d)?", r".*\.[01]\..*", r".*\.(1[01]|0)\.[a-z.]+",
    "[^.]+", "[^.]*", r"\w+", r"[\w.]+\bself\b.*", r".*\Bery", r"(?P<head>classifier|score)", r".{5,10}", r".{0,6}", r".{12}.*", r"(a|query|(b|classifier)){1}", "(?:bert|model).*?dense",
    r"\Aquery\Z", r".*[]x.]dense", r"[a-f\d_-]+", r".*\s.*", r"\S+", r"(?:[^.]+\.)*dense", r"(?:(?:[^.]+\.)+)+dense", r"(?:.*\.){6}\w+", "x$", "x", r"x\n", r"{.*", "q{1,}uery", "q{,3}uery", "a{0}query", "|query",
    r".*(?=query)query", r"(?=.*self)(?!.*query).*", r"[\[\]]*", r".*\x", r"(.)\1.*", "(", "*a", "a**", r"(?>a)b", r"(?s).*", "[z-a]", "a++", r"\p{L}", "[a", "(?#note)query", "",
]


def random_pattern(draw, depth=3):
    if depth == 0 or draw.random() < 0.3:
        return draw.choice(["a", "b", ".", "[ab]", "[^a]", r"\w", r"\.", "^", "$", r"\b", "(?=a)", "(?!b)", "(?<=a)"])
    kind = draw.random()
    inner = lambda: random_pattern(draw, depth - 1)
    if kind < 0.4:
        return inner() + inner()
    if kind < 0.6:
        return f"(?:{inner()}|{inner()})"
    return f"(?:{inner()})" + draw.choice(["*", "+", "?", "{2}", "{1,2}", "{2,}", "*?", "+?"])


def main():
    warnings.simplefilter("ignore")
    draw = random.Random(5)
    short = ["", "a", "b", "ab", "ba", "a.b", "aab", "abab.", "bb.a", "aaaa"]
    cases = [(pattern, NAMES) for pattern in PATTERNS] + [(random_pattern(draw), short) for _ in range(400)]
    rows = []
    for pattern, names in cases:
        try:
            compiled = re.compile(pattern)
        except re.error:
            rows.append({"pattern": pattern, "refused": True})
            continue
        rows.append({"pattern": pattern, "of": "names" if names is NAMES else "short", "takes": [i for i, name in enumerate(names) if compiled.fullmatch(name)]})
    lines = ",\n".join("    " + json.dumps(row, ensure_ascii=False) for row in rows)
    head = f'  "names": {json.dumps(NAMES, ensure_ascii=False)},\n  "short": {json.dumps(short)},\n'
    Path(__file__).with_suffix(".json").write_text("{\n" + head + '  "rows": [\n' + lines + "\n  ]\n}\n")


if __name__ == "__main__":
    main()
