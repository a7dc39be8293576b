"""Texts that a model is to write, as rows of tokens, and how likely it holds them: the rules of src/data/continuations.ts.

It breaks if other tokens count as the continuation's than lm-evaluation-harness counts (`_encode_pair` of lm_eval/api/model.py): those of the whole text
behind as many as its beginning has by itself.
"""

import torch

from .architectures import shifted


def leading_of(tokenizer):
    """Special tokens that stand before a text by itself."""
    encoded = tokenizer("a", return_special_tokens_mask=True)
    ids = []
    for token, special in zip(encoded["input_ids"], encoded["special_tokens_mask"], strict=True):
        if not special:
            break
        ids.append(token)
    return ids


def one_stack_row(tokenizer, context, continuation, max_length, end):
    """Ids that are read, and of each of those to be written the place of the token before it: (input_ids, places, ids)."""
    plain = lambda text: tokenizer(text, add_special_tokens=False)["input_ids"]
    eos, leading = tokenizer.eos_token_id, leading_of(tokenizer)
    before = len(plain(context.rstrip()))
    if not leading and before == 0:
        leading = [next(token for token in (eos, tokenizer.bos_token_id, tokenizer.pad_token_id) if token is not None)]
    ids = [*leading, *plain(context + continuation), *([eos] if end and eos is not None else [])]
    cut = max(0, len(ids) - 1 - max_length)
    ids = [*leading, *ids[len(leading) + cut :]]
    first = max(1, len(leading), len(leading) + before - cut)
    return ids[:-1], range(first - 1, len(ids) - 1), ids[first:]


@torch.no_grad()
def log_likelihood(module, tokenizer, config, context, continuation, max_length, end):
    """Sum of the log-probabilities of a continuation's tokens. `module` gives logits of the vocabulary [1, T, V]; `config` is its model's."""
    if getattr(config, "is_encoder_decoder", False):
        encoded = [tokenizer(text, truncation=True, max_length=max_length, return_tensors="pt")["input_ids"] for text in (context, continuation.lstrip())]
        source, target = encoded
        logits = module(input_ids=source, attention_mask=torch.ones_like(source), decoder_input_ids=shifted(config, target))
        places, ids = range(target.shape[1]), target[0]
    else:
        read, places, written = one_stack_row(tokenizer, context, continuation, max_length, end)
        source, ids = torch.tensor([read]), torch.tensor(written)
        logits = module(input_ids=source, attention_mask=torch.ones_like(source))
    return logits[0, list(places)].log_softmax(-1).gather(1, ids[:, None]).sum().item()


def continuations_of(text):
    """(context, continuation, whether its end is to be written) for each row of a recorded text."""
    if isinstance(text, str):
        return [("", text, True)]
    if "choices" in text:
        return [(text["text"], f" {choice}", False) for choice in text["choices"]]
    if "target" in text:
        return [(text["text"], f" {text['target']}", True)]
    return [("", text["text"], True)]


def of_itself(rows):
    """In a model with a decoder a text alone is written for itself."""
    return [(continuation if context == "" else context, continuation, end) for context, continuation, end in rows]
