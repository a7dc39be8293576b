"""Makes the tokenizers of the fuzz test and records what Transformers makes of its 10,000 texts with each of them.

    python src/data/vectors/tokenizer_fuzz.py [PATH/TO/charsmap.bin]

Each folder under tokenizers/ is a tokenizer as people have it (the bundled model's lies under public/), `ids.bin` beside it 32 bits for each text: a
hash of the ids of AutoTokenizer. Needs transformers. The small charsmap of the Unigram tokenizers was compiled by SentencePiece once
(`normalization_rule_tsv`); it is taken from the folder that is there, or from the file that is named.
"""

import array
import base64
import json
import pathlib
import shutil
import sys

import tokenizers
import transformers
from tokenizer_texts import texts
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

here = pathlib.Path(__file__).parent
folders = here / "tokenizers"
words = json.loads((here / "tokenizer_words.json").read_text(encoding="utf-8"))
inputs = texts(words)

lines = [
    "the film was good and the food was bad", "watching a state of the art film", "we will go to the café in zürich", "I don't believe the unbelievable",
    "naive people watch naive films, they're good", "who said it was 10 of 10?", "top ten films of the year: 1984, 2001", "a good time for a good cause!",
    "it's we'll I've user_name@mail.com", "The Top Café of New York", "http://a.b/c?d=e&f", "привет мир", "東京 我想订 한국어", "שלום مرحبا",
] * 3
letters = [chr(c) for c in range(33, 127)]


def hash_ids(ids):
    value = 0x811C9DC5
    for i in ids:
        value = ((value ^ i) * 0x01000193) & 0xFFFFFFFF
    return value


def record(name, folder=None):
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder or folders / name)
    # No warning about texts that are too long.
    tokenizer.model_max_length = 10**9
    rows = tokenizer(inputs)["input_ids"]
    hashes = array.array("I", [hash_ids(row) for row in rows])
    assert hashes.itemsize == 4 and sys.byteorder == "little"
    (folders / name).mkdir(parents=True, exist_ok=True)
    (folders / name / "ids.bin").write_bytes(hashes.tobytes())
    some = [[text, tokenizer(text)["input_ids"]] for text in ["", " ", "a", "A Top-10 film", "the Café in New York <mask> \u0130\u03a3", "good  <ent> film\u00a0\u0301x 10!"]]
    pairs = [[a, b, most, side, *pair(tokenizer, a, b, most, side)] for a, b in PAIRS for most in (9, 10, 12, 17) for side in ("right", "left")]
    (folders / name / "some.json").write_text(json.dumps({"texts": some, "pairs": pairs, "size": len(tokenizer)}, ensure_ascii=True, indent=None), encoding="utf-8")
    print(name, type(tokenizer).__name__, len(tokenizer), sum(map(len, rows)))


PAIRS = [("the film was good and the food was", "unbelievable zzz top ten films 10"), ("a good film", "the food was bad and the film was unbelievable"),
         ("the film was good and the food was unbelievable", "a"), ("a b c d e f g h i j k l m n", "x y z x y z x y z x y z x y z x y z x y z")]


def pair(tokenizer, a, b, most, side):
    tokenizer.truncation_side = side
    row = tokenizer(a, b, truncation="longest_first", max_length=most, return_token_type_ids="token_type_ids" in tokenizer.model_input_names)
    return row["input_ids"], row.get("token_type_ids", [0] * len(row["input_ids"]))


def save(name, tokenizer, tokenizer_config, config=None):
    folder = folders / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "tokenizer.json").write_text(tokenizer.to_str(), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer_config), encoding="utf-8")
    (folder / "config.json").write_text(json.dumps(config or {"model_type": "bert"}), encoding="utf-8")
    record(name)


as_it_is = {"tokenizer_class": "PreTrainedTokenizerFast"}
charsmap_file = folders / "unigram" / "tokenizer.json"
if len(sys.argv) > 1:
    charsmap = pathlib.Path(sys.argv[1]).read_bytes()
else:
    steps = json.loads(charsmap_file.read_text(encoding="utf-8"))["normalizer"]["normalizers"]
    charsmap = base64.b64decode(steps[0]["precompiled_charsmap"])

record("minilm", here.parents[2] / "public/models/all-MiniLM-L6-v2")

# WordPiece, cased, with added tokens of every kind.
t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
t.normalizer = normalizers.BertNormalizer(lowercase=True)
t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
t.train_from_iterator(lines, trainers.WordPieceTrainer(vocab_size=260, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], initial_alphabet=letters, show_progress=False))
t.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
t.add_tokens(["Top-10", "Café", "COVID-19", "new york"])
t.add_tokens([AddedToken("<ent>", single_word=True), AddedToken("<left>", lstrip=True, normalized=False), AddedToken("<right>", rstrip=True), AddedToken("<tw>"), AddedToken("<tw><two>", normalized=False)])
save("wordpiece_added", t, as_it_is)
save("wordpiece_bert", t, {"tokenizer_class": "BertTokenizer", "strip_accents": True, "do_lower_case": False, "tokenize_chinese_chars": False})

# Byte-level BPE: RoBERTa's class and GPT-2's, tokenizer.json as it is.
t = Tokenizer(models.BPE())
t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
t.train_from_iterator(lines, trainers.BpeTrainer(vocab_size=420, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
t.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False, special=True)])
t.add_tokens([AddedToken("<ent>", single_word=True, rstrip=True), "new york"])
save("bpe_roberta", t, {"tokenizer_class": "RobertaTokenizer", "add_prefix_space": True}, {"model_type": "roberta"})
t.post_processor = processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> </s>:1 $B:1 </s>:1", special_tokens=[("<s>", 0), ("</s>", 2)])
save("bpe_gpt2", t, {"tokenizer_class": "GPT2Tokenizer", "unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}, {"model_type": "opt"})
t.pre_tokenizer = pre_tokenizers.Sequence([
    pre_tokenizers.Split(Regex(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"), "isolated"),
    pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
])
t.normalizer = normalizers.NFC()
save("bpe_split", t, as_it_is, {"model_type": "llama"})

# Character BPE: no merges of bytes, unknown characters fused or spelled as bytes.
fallback = [f"<0x{b:02X}>" for b in range(256)]
vocabulary = {token: i for i, token in enumerate(["<unk>", "<s>", "</s>", *fallback, "\u2581", *letters, "\u2581th", "\u2581a", "th", "fi", "lm", "film", "oo", "oo" + "d"])}
merges = [("t", "h"), ("\u2581", "th"), ("\u2581", "a"), ("f", "i"), ("l", "m"), ("fi", "lm"), ("o", "o"), ("oo", "d")]
t = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
t.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
t.add_tokens([AddedToken("<ent>", normalized=False), AddedToken("<left>", lstrip=True), "new york"])
save("bpe_bytes", t, as_it_is, {"model_type": "llama"})
small = {token: i for token, i in vocabulary.items() if not token.startswith("<0x")}
small = {token: i for i, token in enumerate(small)}
t = Tokenizer(models.BPE(vocab=small, merges=merges, unk_token="<unk>", fuse_unk=True))
t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
t.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.StripAccents(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()])
t.add_tokens([AddedToken("<ent>", normalized=False, single_word=True), "COVID-19"])
save("bpe_fused", t, as_it_is, {"model_type": "llama"})
t = Tokenizer(models.BPE(vocab=small, merges=merges, unk_token="<unk>", continuing_subword_prefix="", end_of_word_suffix=""))
t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.Punctuation("merged_with_previous")])
t.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.Lowercase()])
save("bpe_characters", t, as_it_is)

# Words and characters.
t = Tokenizer(models.WordLevel(unk_token="[UNK]"))
t.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()])
t.pre_tokenizer = pre_tokenizers.Whitespace()
t.train_from_iterator(lines, trainers.WordLevelTrainer(vocab_size=200, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]"], show_progress=False))
t.add_tokens(["Café", "covid-19", AddedToken("<ent>", lstrip=True, rstrip=True)])
save("word_level", t, as_it_is)
t = Tokenizer(models.WordLevel(vocab={token: i for i, token in enumerate(["[UNK]", "[CLS]", "[SEP]", *letters, "é", "é", "我", "\u00a0"])}, unk_token="[UNK]"))
t.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
t.post_processor = processors.RobertaProcessing(("[SEP]", 2), ("[CLS]", 1))
save("characters", t, as_it_is)

# Unigram with SentencePiece's normalizer, as T5, ALBERT and XLM-R have it.
unigram = trainers.UnigramTrainer(vocab_size=220, special_tokens=["<s>", "<pad>", "</s>", "<unk>"], unk_token="<unk>", initial_alphabet=letters, show_progress=False)
t = Tokenizer(models.Unigram())
t.normalizer = normalizers.Sequence([normalizers.Precompiled(charsmap), normalizers.Replace(Regex(" {2,}"), " ")])
t.pre_tokenizer = pre_tokenizers.Metaspace()
t.train_from_iterator(lines, unigram)
t.post_processor = processors.TemplateProcessing(single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 2)])
t.add_tokens([AddedToken("<mask>", lstrip=True, normalized=False), "<ent>", "new york"])
save("unigram", t, as_it_is, {"model_type": "t5"})
save("unigram_xlmr", t, {"tokenizer_class": "XLMRobertaTokenizer"}, {"model_type": "xlm-roberta"})
pieces = [["<unk>", 0.0], *[[b, -9.5] for b in fallback], ["\u2581", -2.0], *[[c, -3.0 - i / 50] for i, c in enumerate(letters)], ["\u2581the", -2.5], ["film", -3.5], ["oo", -5.0], ["zz", -6.0], ["zzz", -9.0], ["aa", -6.0], ["aaa", -9.0]]
t = Tokenizer(models.Unigram([tuple(p) for p in pieces], unk_id=0, byte_fallback=True))
t.normalizer = normalizers.Sequence([normalizers.Strip(left=False, right=True), normalizers.Replace(" ", "\u2581")])
t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
t.decoder = decoders.ByteFallback()
save("unigram_bytes", t, as_it_is, {"model_type": "llama"})
print("transformers", transformers.__version__, "tokenizers", tokenizers.__version__)
