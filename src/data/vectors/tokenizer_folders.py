"""Records tokenizer_folders.json beside it: small folders in all layouts that people have, and what AutoTokenizer makes of texts with each.

    python src/data/vectors/tokenizer_folders.py

Needs transformers. A folder that AutoTokenizer refuses is left out, and said.
"""

import json
import pathlib
import tempfile

import transformers
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors

transformers.logging.set_verbosity_error()
texts = ["", "a Top-10 film", "top-10", "Café food", "cafe", "ΑΣ und Σ", "東京 film", "[MASK] it", "the film", " the  film ", "Good film<mask> ", "x<ent>y <ent> z", "it's <s> 10", "<|endoftext|> a", "New York new york"]
pairs = [("a film", "Good Café"), ("", "the")]

pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyzABCGFTNY0123456789-'<>|[]", *["##" + c for c in "abcdefghijklmnopqrstuvwxyzé0123456789"]]
pieces += ["the", "The", "film", "Good", "good", "food", "cafe", "Café", "é", "東", "京", "東京", "α", "σ", "ς", "Α", "Σ", "##Σ", "##σ", "und", "new", "york", "New", "York", "top", "10"]
vocab_txt = "\n".join(dict.fromkeys(pieces)) + "\n"
wordpiece = {token: i for i, token in enumerate(dict.fromkeys(pieces))}

byte_chars = sorted(pre_tokenizers.ByteLevel.alphabet())
merges = ["t h", "th e", "f i", "l m", "fi lm", "Ġ fi", "Ġfi lm", "Ġ the", "o o", "G oo", "Goo d", "Ġ Goo", "n e", "ne w", "Ġ new"]


def byte_vocabulary(first):
    tokens = [*first, *byte_chars, *dict.fromkeys("".join(merge.split(" ")) for merge in merges)]
    return {token: i for i, token in enumerate(dict.fromkeys(tokens))}


roberta_vocab = byte_vocabulary(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
gpt2_vocab = byte_vocabulary([])
gpt2_vocab["<|endoftext|>"] = len(gpt2_vocab)
opt_vocab = byte_vocabulary(["<s>", "<pad>", "</s>", "<unk>"])
merges_txt = "#version: 0.2\n" + "\n".join(merges) + "\n"


def added(content, id=None, **flags):
    token = {"content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": True, "special": False, **flags}
    return token if id is None else {"id": id, **token}


def definition(model, **parts):
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None, "pre_tokenizer": None, "post_processor": None, "decoder": None, "model": model, **parts}


specials = [added(token, i, normalized=False, special=True) for i, token in enumerate(pieces[:5])]
bert_model = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": wordpiece}
bert_normalizer = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True}
bert_json = definition(bert_model, added_tokens=specials, normalizer=bert_normalizer, pre_tokenizer={"type": "BertPreTokenizer"},
                       post_processor={"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]})
size = len(wordpiece)
bert_added = {**bert_json, "added_tokens": [*specials, added("Top-10", size), added("Café", size + 1), added("<ent>", size + 2, single_word=True), added("new york", size + 3)]}
roberta_model = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "", "end_of_word_suffix": "", "fuse_unk": False, "vocab": roberta_vocab, "merges": merges}
roberta_special = [added(token, i, normalized=False, special=True, lstrip=token == "<mask>") for i, token in enumerate(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])]
roberta_json = definition(roberta_model, added_tokens=roberta_special, pre_tokenizer={"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True},
                          post_processor={"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0], "trim_offsets": True, "add_prefix_space": False})
bert, roberta, gpt2, opt, bart = ({"model_type": name} for name in ("bert", "roberta", "gpt2", "opt", "bart"))
byte_files = {"vocab.json": roberta_vocab, "merges.txt": merges_txt}

folders = {
    "bert, vocab.txt alone": {"config.json": bert, "vocab.txt": vocab_txt},
    "bert, vocab.txt and {}": {"config.json": bert, "vocab.txt": vocab_txt, "tokenizer_config.json": {}},
    "bert, vocab.txt, cased": {"config.json": bert, "vocab.txt": vocab_txt, "tokenizer_config.json": {"do_lower_case": False}},
    "bert, vocab.txt, cased, accents stripped, no ideographs": {"config.json": bert, "vocab.txt": vocab_txt, "tokenizer_config.json": {"do_lower_case": False, "strip_accents": True, "tokenize_chinese_chars": False}},
    "bert, vocab.txt, lower case, accents kept": {"config.json": bert, "vocab.txt": vocab_txt, "tokenizer_config.json": {"strip_accents": False}},
    "bert, vocab.txt with spaces and CRLF": {"config.json": bert, "vocab.txt": vocab_txt.replace("\n", " \r\n")},
    "bert, vocab.txt, added_tokens.json": {"config.json": bert, "vocab.txt": vocab_txt, "added_tokens.json": {"Top-10": size, "<ent>": size + 1, "Café": size + 2}},
    "bert, vocab.txt, added_tokens.json and special_tokens_map.json": {"config.json": bert, "vocab.txt": vocab_txt, "added_tokens.json": {"<ent>": size, "Café": size + 1}, "special_tokens_map.json": {"additional_special_tokens": ["<ent>"], "unk_token": "[UNK]", "mask_token": {"content": "[MASK]", "lstrip": True, "rstrip": False, "normalized": False, "single_word": False}}},
    "bert, vocab.txt, added_tokens_decoder": {"config.json": bert, "vocab.txt": vocab_txt, "tokenizer_config.json": {"added_tokens_decoder": {str(size): added("Top-10"), str(size + 1): added("<ent>", lstrip=True, rstrip=True, normalized=False), "4": added("[MASK]", special=True, normalized=False, lstrip=True)}}},
    "bert, vocab.txt, additional_special_tokens": {"config.json": bert, "vocab.txt": vocab_txt, "tokenizer_config.json": {"additional_special_tokens": ["<ent>", "New York"]}},
    "bert, additional_special_tokens in both files": {"config.json": bert, "vocab.txt": vocab_txt, "tokenizer_config.json": {"additional_special_tokens": ["<ent>"]}, "special_tokens_map.json": {"additional_special_tokens": ["New York"]}},
    "bert, extra_special_tokens in both files": {"config.json": bert, "vocab.txt": vocab_txt, "tokenizer_config.json": {"extra_special_tokens": ["<ent>"]}, "special_tokens_map.json": {"extra_special_tokens": ["New York", "<ent>"]}},
    "bert, extra_special_tokens by name": {"config.json": bert, "vocab.txt": vocab_txt, "tokenizer_config.json": {"extra_special_tokens": {"entity_token": "<ent>"}, "city_token": "New York"}},
    "bert, tokens with names of their own": {"config.json": bert, "tokenizer.json": bert_added, "tokenizer_config.json": {"film_token": "film"}},
    "bert, names of special tokens as objects": {"config.json": bert, "vocab.txt": vocab_txt, "tokenizer_config.json": {"mask_token": {"__type": "AddedToken", "content": "[MASK]", "lstrip": True, "rstrip": True, "normalized": False, "single_word": False}}},
    "bert, no unknown token named": {"config.json": bert, "tokenizer.json": bert_added, "tokenizer_config.json": {"pad_token": None}},
    "roberta, bert's class": {"config.json": roberta, "vocab.txt": vocab_txt, "tokenizer_config.json": {"tokenizer_class": "BertTokenizer"}},
    "bert, vocab.txt, other names of special tokens": {"config.json": bert, "vocab.txt": vocab_txt + "<s>\n</s>\n", "tokenizer_config.json": {"cls_token": "<s>", "sep_token": "</s>"}},
    "bert, vocab.txt, a special token that is missing": {"config.json": bert, "vocab.txt": vocab_txt.replace("[MASK]\n", "")},
    "bert, tokenizer.json": {"config.json": bert, "tokenizer.json": bert_json},
    "bert, tokenizer.json, added": {"config.json": bert, "tokenizer.json": bert_added, "tokenizer_config.json": {"tokenizer_class": "BertTokenizer"}},
    "bert, tokenizer.json, added, as it is": {"config.json": bert, "tokenizer.json": bert_added, "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast"}},
    "bert, tokenizer.json, ids of added tokens far above": {"config.json": bert, "tokenizer.json": {**bert_json, "added_tokens": [*specials, added("Café", 9000), added("Top-10", 5000)]}, "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast"}},
    "bert, tokenizer.json and an added_tokens_decoder that says otherwise": {"config.json": bert, "tokenizer.json": bert_added, "tokenizer_config.json": {"added_tokens_decoder": {str(size): added("new york", single_word=True)}}},
    "bert, tokenizer.json as it is and added_tokens_decoder": {"config.json": bert, "tokenizer.json": bert_added, "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", "added_tokens_decoder": {str(size): added("Top-10", single_word=True), str(size + 9): added("film", normalized=False)}}},
    "bert, flags against tokenizer.json": {"config.json": bert, "tokenizer.json": bert_added, "tokenizer_config.json": {"tokenizer_class": "BertTokenizerFast", "do_lower_case": False, "tokenize_chinese_chars": False}},
    "bert, flags against tokenizer.json, as it is": {"config.json": bert, "tokenizer.json": bert_added, "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": False}},
    "bert, another pre-tokenizer in tokenizer.json": {"config.json": bert, "tokenizer.json": {**bert_json, "pre_tokenizer": {"type": "WhitespaceSplit"}, "normalizer": None}},
    "bert, class in config.json": {"config.json": {"model_type": "bert", "tokenizer_class": "PreTrainedTokenizerFast"}, "tokenizer.json": {**bert_json, "normalizer": None}},
    "no model_type, class named": {"config.json": {}, "tokenizer.json": bert_added, "tokenizer_config.json": {"tokenizer_class": "BertTokenizer", "do_lower_case": False}},
    "an unknown class": {"config.json": bert, "tokenizer.json": {**bert_added, "normalizer": None}, "tokenizer_config.json": {"tokenizer_class": "OurTokenizer"}},
    "distilbert": {"config.json": {"model_type": "distilbert"}, "vocab.txt": vocab_txt, "tokenizer_config.json": {"tokenizer_class": "DistilBertTokenizer"}},
    "electra": {"config.json": {"model_type": "electra"}, "vocab.txt": vocab_txt, "tokenizer_config.json": {"tokenizer_class": "ElectraTokenizer"}},
    "mpnet": {"config.json": {"model_type": "mpnet"}, "vocab.txt": vocab_txt.replace("[CLS]\n[SEP]", "<s>\n</s>").replace("[PAD]", "<pad>").replace("[MASK]", "<mask>"), "tokenizer_config.json": {"tokenizer_class": "MPNetTokenizer"}},
    "split_special_tokens": {"config.json": bert, "tokenizer.json": bert_added, "tokenizer_config.json": {"split_special_tokens": True}},
    "model_input_names": {"config.json": bert, "tokenizer.json": bert_json, "tokenizer_config.json": {"model_input_names": ["input_ids", "attention_mask"]}},
    "roberta, vocab.json and merges.txt": {"config.json": roberta, **byte_files},
    "roberta, prefix space": {"config.json": roberta, **byte_files, "tokenizer_config.json": {"add_prefix_space": True}},
    "roberta, special_tokens_map.json": {"config.json": roberta, **byte_files, "special_tokens_map.json": {"mask_token": {"content": "<mask>", "single_word": False, "lstrip": True, "rstrip": False, "normalized": True}, "bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}},
    "roberta, tokenizer.json": {"config.json": roberta, "tokenizer.json": roberta_json},
    "roberta, tokenizer.json, prefix space by flag": {"config.json": roberta, "tokenizer.json": roberta_json, "tokenizer_config.json": {"add_prefix_space": True, "tokenizer_class": "RobertaTokenizer"}},
    "roberta, tokenizer.json, added": {"config.json": roberta, "tokenizer.json": {**roberta_json, "added_tokens": [*roberta_special, added("<ent>", len(roberta_vocab), rstrip=True), added("Café", len(roberta_vocab) + 1)]}},
    "roberta, merges as pairs": {"config.json": roberta, "tokenizer.json": {**roberta_json, "model": {**roberta_model, "merges": [merge.split(" ") for merge in merges]}}},
    "roberta, words in tokenizer.json": {"config.json": roberta, "tokenizer.json": definition({"type": "WordLevel", "vocab": {token: i for i, token in enumerate(["<s>", "<pad>", "</s>", "<unk>", "<mask>", *"abcdefgh"])}, "unk_token": "<unk>"}, added_tokens=roberta_special)},
    "bart, vocab.json and merges.txt": {"config.json": bart, **byte_files, "tokenizer_config.json": {"tokenizer_class": "BartTokenizer"}},
    "gpt2, vocab.json and merges.txt": {"config.json": gpt2, "vocab.json": gpt2_vocab, "merges.txt": merges_txt},
    "gpt2, pad token added": {"config.json": gpt2, "vocab.json": gpt2_vocab, "merges.txt": merges_txt, "tokenizer_config.json": {"pad_token": "[PAD]"}},
    "gpt2, bos by flag": {"config.json": gpt2, "vocab.json": gpt2_vocab, "merges.txt": merges_txt, "tokenizer_config.json": {"add_bos_token": True, "add_prefix_space": True}},
    "gpt2, bos and eos by flag": {"config.json": gpt2, "vocab.json": gpt2_vocab, "merges.txt": merges_txt, "tokenizer_config.json": {"add_bos_token": True, "add_eos_token": True}},
    "gpt2, tokenizer.json whose flags do not count": {"config.json": gpt2, "tokenizer.json": {**roberta_json, "post_processor": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False}}, "tokenizer_config.json": {"add_bos_token": True, "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}},
    "gpt2, tokenizer.json with a template": {"config.json": gpt2, "tokenizer.json": {**roberta_json, "post_processor": {"type": "Sequence", "processors": [{"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False}, {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}], "pair": [{"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "two", "type_id": 1}}, {"Sequence": {"id": "A", "type_id": 0}}], "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}, "two": {"id": "two", "ids": [2, 0], "tokens": ["</s>", "<s>"]}}}]}}, "tokenizer_config.json": {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}},
    "opt, vocab.json and merges.txt": {"config.json": opt, "vocab.json": opt_vocab, "merges.txt": merges_txt, "tokenizer_config.json": {"tokenizer_class": "GPT2Tokenizer", "add_bos_token": True, "bos_token": {"__type": "AddedToken", "content": "</s>", "lstrip": False, "normalized": True, "rstrip": False, "single_word": False}, "eos_token": "</s>", "unk_token": "</s>", "pad_token": "<pad>"}},
    "opt, no flags": {"config.json": opt, "vocab.json": opt_vocab, "merges.txt": merges_txt},
    "truncation and padding in tokenizer.json": {"config.json": bert, "tokenizer.json": {**bert_json, "truncation": {"direction": "Left", "max_length": 8, "strategy": "LongestFirst", "stride": 0}, "padding": {"strategy": {"Fixed": 8}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"}}},
}

rows, left_out = [], []
for name, files in folders.items():
    with tempfile.TemporaryDirectory() as folder:
        for path, value in files.items():
            (pathlib.Path(folder) / path).write_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), encoding="utf-8")
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
            ids = [tokenizer(text)["input_ids"] for text in texts]
        except Exception as error:  # noqa: BLE001
            left_out.append((name, repr(error)[:150]))
            continue
    pair_ids = [[row["input_ids"], row.get("token_type_ids", [0] * len(row["input_ids"]))] for row in (tokenizer(*pair) for pair in pairs)]
    cut = tokenizer("the film a film the", truncation=True, max_length=5)["input_ids"]
    rows.append({"name": name, "files": files, "class": type(tokenizer).__name__, "ids": ids, "pairs": pair_ids, "cut": cut, "size": len(tokenizer), "pad": tokenizer.pad_token_id})

# Files that many folders share are written once.
shared = {json.dumps(value): i for i, value in enumerate({json.dumps(v): v for row in rows for v in row["files"].values()}.values())}
for row in rows:
    row["files"] = {path: shared[json.dumps(value)] for path, value in row["files"].items()}
out = pathlib.Path(__file__).with_suffix(".json")
out.write_text(json.dumps({"texts": texts, "pairs": pairs, "files": [json.loads(value) for value in shared], "rows": rows}, ensure_ascii=True, separators=(",", ":")), encoding="utf-8")
print(out, out.stat().st_size, len(rows), "folders; left out:", *left_out, sep="\n")
