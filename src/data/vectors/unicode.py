"""Makes ../tokenizer/unicode/tables.ts: what the Rust `tokenizers` library takes each code point for, found by giving it every one.

    python src/data/vectors/unicode.py PATH/TO/unicode-segmentation/src/tables.rs

The library is of several Unicode versions at once (normalisation 9, punctuation 8, letters 16, lower case of its compiler), and none of them
need be the browser's: hence tables. Needs the Python package `tokenizers`. Boundaries of grapheme clusters can't be asked of it, so those come
from the tables of the crate that it uses, unicode-segmentation.
"""

import pathlib
import re
import sys

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers
from tokenizers.pre_tokenizers import Split

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
points = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
everything = "".join(map(chr, points))


def base36(number):
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
        if number == 0:
            return text


def signed(number):
    return base36(number) if number >= 0 else "-" + base36(-number)


def ranges(members):
    """Gaps and lengths in turn, base 36: "a 3 5 1" is 10 to 12 and 18. A gap over the surrogates counts them."""
    words, end, start, last = [], 0, None, None
    for c in [*sorted(members), None]:
        if start is not None and (c is None or c != last + 1):
            words += [base36(start - end), base36(last + 1 - start)]
            end, start = last + 1, None
        if c is not None:
            start = c if start is None else start
            last = c
    return " ".join(words)


def outside(pre_tokenizer):
    """Code points that `pre_tokenizer` takes out of a text that has all of them."""
    kept = set()
    for _, (begin, end) in pre_tokenizer.pre_tokenize_str(everything):
        kept.update(points[begin:end])
    return set(points) - kept


def matches(pattern):
    return outside(Split(Regex(pattern), behavior="removed"))


def each(normalizer, before="", after=""):
    return {c: normalizer.normalize_str(before + chr(c) + after) for c in points}


digits = pre_tokenizers.Digits(individual_digits=True)
clean = each(normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False))
chinese = each(normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=True, strip_accents=False, lowercase=False))
strip = each(normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False))
lower = each(normalizers.Lowercase())
nfd, nfkd = each(normalizers.NFD()), each(normalizers.NFKD())
# U+0345 has the highest combining class, so whatever combines at all goes before it.
combines = {c for c, text in each(normalizers.NFD(), before="\u0345").items() if text != "\u0345" + nfd[c]} | {0x345}
composes = {ord(part) for c, text in nfd.items() if text != chr(c) for part in text}

sets = {
    "whitespace": outside(pre_tokenizers.WhitespaceSplit()),
    "punctuation": outside(pre_tokenizers.Punctuation(behavior="removed")),
    "numeric": {c for c in points if len(digits.pre_tokenize_str("a" + chr(c) + "a")) == 3},
    "word": {c for c in points if len(pre_tokenizers.Whitespace().pre_tokenize_str("a" + chr(c) + "a")) == 1},
    "control": {c for c, text in clean.items() if text == ""},
    "chinese": {c for c, text in chinese.items() if text != chr(c)},
    "nonspacing": {c for c in points if nfd[c] == chr(c) and strip[c] == ""},
    "combining": {c for c, text in each(normalizers.StripAccents()).items() if text == ""},
    "normalizes": {c for c in points if nfkd[c] != chr(c)} | combines | composes,
    "letter": matches(r"\p{L}"),
    "number": matches(r"\p{N}"),
    "space": matches(r"\s"),
    "onigWord": matches(r"\w"),
    "digit": matches(r"\d"),
    "mark": matches(r"\p{M}"),
    "upper": matches(r"\p{Lu}"),
    "small": matches(r"\p{Ll}"),
    "title": matches(r"\p{Lt}"),
    "modifier": matches(r"\p{Lm}"),
    "punct": matches(r"\p{P}"),
    "symbol": matches(r"\p{S}"),
    "han": matches(r"\p{Han}"),
}
spaces = {c for c, text in clean.items() if text == " "}
assert spaces == sets["whitespace"] - sets["control"], spaces ^ sets["whitespace"]

# Lower case: runs of code points `step` apart that move by the same distance, then the few that become several characters.
mapped = {c: ord(text) - c for c, text in lower.items() if len(text) == 1 and text != chr(c)}
runs, done = [], set()
for c in sorted(mapped):
    if c in done:
        continue
    best = [c]
    for step in (1, 2):
        run = [c]
        while run[-1] + step in mapped and mapped[run[-1] + step] == mapped[c] and run[-1] + step not in done:
            run.append(run[-1] + step)
        if len(run) > len(best):
            best, best_step = run, step
    done.update(best)
    runs.append((c, len(best), best_step if len(best) > 1 else 1, mapped[c]))
lower_case = " ".join(f"{base36(c)} {base36(count)} {step} {signed(by)}" for c, count, step, by in runs)
lower_several = {c: text for c, text in lower.items() if len(text) > 1}

# Grapheme clusters, from the crate's own table.
source = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
rows = re.findall(r"\('\\u\{([0-9a-fA-F]+)\}',\s*'\\u\{([0-9a-fA-F]+)\}',\s*(GC_\w+)\)", source)
assert len(rows) == len(re.findall(r"GC_\w+\)", source)), len(rows)
clusters = {}
for begin, end, name in rows:
    clusters.setdefault(name[3:], set()).update(range(int(begin, 16), int(end, 16) + 1))
for hangul in ("LV", "LVT"):
    del clusters[hangul]
linkers = re.search(r"pub fn is_incb_linker.*?\n *\}", source, re.S).group(0)
clusters["InCB_Linker"] = {int(c, 16) for c in re.findall(r"\\u\{([0-9a-fA-F]+)\}", linkers)}
assert clusters["InCB_Linker"], linkers
del clusters["CR"], clusters["LF"]

lines = [f"  {name}: '{ranges(members)}'," for name, members in sets.items()]
several = ", ".join(f"[{c}, {ascii(text)}]" for c, text in lower_several.items())
cluster_lines = [f"  {name}: '{ranges(members)}'," for name, members in sorted(clusters.items())]
out = pathlib.Path(__file__).parents[1] / "tokenizer" / "unicode" / "tables.ts"
out.write_text(
    f"""// Made by src/data/vectors/unicode.py from Python's tokenizers {tokenizers.__version__}: what that library takes each code point for. Not what the
// browser's Unicode version says, which is another. Invariant: made anew, never edited. Ranges are gaps and lengths in turn, in base 36.

export const codePointRanges = {{
{chr(10).join(lines)}
}} as const;

/** Runs that move by one distance to their lower case: first, count, step, distance, in base 36. */
export const lowerCaseRuns =
  '{lower_case}';

/** What becomes more than one character. */
export const lowerCaseOfSeveral: readonly (readonly [codePoint: number, lower: string])[] = [{several}];

/** Classes of the rules for grapheme clusters (UAX 29); Hangul syllables are computed. */
export const clusterRanges = {{
{chr(10).join(cluster_lines)}
}} as const;
""",
    encoding="utf-8",
)
print(out, out.stat().st_size, {name: len(members) for name, members in sets.items()}, len(runs), lower_several, sorted(clusters))
