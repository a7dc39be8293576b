"""Records a small random model of every architecture as a Hugging Face folder, one ragged batch, and of each head and task the logits, the loss and
the gradient of every parameter, from Transformers itself: vectors/tiny_roberta and its neighbours, and tasks.json in vectors/tiny_bert, whose model and
classification are tiny_bert.py's.

A model is saved as the hub has it, without a classifier but with the head of its pretraining. What a case adds to it is in the case's adapter file.
Values are large (0.2) and biases and LayerNorms random, so that no gradient is small or zero by symmetry. The exception is the bias of the keys, whose
gradient is zero in exact arithmetic.
"""

import zlib

import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForMultipleChoice,
    AutoModelForSeq2SeqLM,
    BartConfig,
    DistilBertConfig,
    GPT2Config,
    OPTConfig,
    RobertaConfig,
)
from transformers.models.bart.modeling_bart import shift_tokens_right

from retrace.pooling import classifier_of, with_mean_pooling

from .recording import TINY_BERT, VECTORS, batch_json, judged, model_inputs, numbers, read_batch, read_json, write_json, write_tensors

LENGTHS, PADDED_LENGTH, NUM_LABELS = [11, 7, 3, 9], 11, 3
TARGET_LENGTHS, SOURCE_CONTEXT = [5, 8, 2, 6], [4, 2, 1, 6]
SCORES, CHOICES, BEST_CHOICE = [0.5, -1.25, 2.0, 0.25], 2, [1, 0]
CLASS_WEIGHTS, LABEL_SMOOTHING = [0.5, 1.25, 2.0], 0.1

BERT_LIKE = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}
NO_DROPOUT = ("hidden_dropout_prob", "attention_probs_dropout_prob", "dropout", "attention_dropout", "activation_dropout", "seq_classif_dropout", "qa_dropout")
NO_DROPOUT_GPT2 = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0, "summary_first_dropout": 0.0}
OPT = {"vocab_size": 37, "num_hidden_layers": 2, "num_attention_heads": 2, "ffn_dim": 24, "max_position_embeddings": 19, **BERT_LIKE}
BART_LAYERS = {f"{side}_{what}": n for side in ("encoder", "decoder") for what, n in (("layers", 2), ("attention_heads", 2))}

# folder: (configuration, what it was pretrained as, pooling of its own classifier, first and last id of every text where there are such)
MODELS = {
    "tiny_roberta": (
        RobertaConfig(
            vocab_size=37, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, max_position_embeddings=21, type_vocab_size=1,
            layer_norm_eps=1e-5, **BERT_LIKE,
        ),
        AutoModelForMaskedLM, "cls", 0, 2,
    ),
    "tiny_distilbert": (
        DistilBertConfig(vocab_size=37, dim=16, n_layers=2, n_heads=2, hidden_dim=24, max_position_embeddings=19, pad_token_id=0),
        AutoModelForMaskedLM, "cls", None, None,
    ),
    "tiny_gpt2": (
        GPT2Config(vocab_size=37, n_embd=16, n_layer=2, n_head=2, n_inner=24, n_positions=19, bos_token_id=36, eos_token_id=36, pad_token_id=35),
        AutoModelForCausalLM, "last", None, None,
    ),
    "tiny_opt": (OPTConfig(hidden_size=16, word_embed_proj_dim=16, **OPT), AutoModelForCausalLM, "last", 2, None),
    "tiny_opt_350m": (
        OPTConfig(hidden_size=16, word_embed_proj_dim=12, do_layer_norm_before=False, **OPT),
        AutoModelForCausalLM, "last", 2, None,
    ),
    "tiny_bart": (
        BartConfig(
            vocab_size=37, d_model=16, encoder_ffn_dim=24, decoder_ffn_dim=20, max_position_embeddings=19, decoder_start_token_id=2, forced_eos_token_id=2,
            scale_embedding=True, **BART_LAYERS, **BERT_LIKE,
        ),
        AutoModelForSeq2SeqLM, "last", 0, 2,
    ),
}  # fmt: skip


def draw(model, seed):
    """Gives every parameter, and what else is saved, values that its name and the seed decide."""
    norms = {f"{name}.weight" for name, module in model.named_modules() if isinstance(module, nn.LayerNorm)}
    for name, t in model.state_dict(keep_vars=True).items():
        noise = torch.randn(t.shape, generator=torch.Generator().manual_seed(zlib.crc32(f"{seed}/{name}".encode())))
        if name in norms:
            t.data = 1 + 0.2 * noise
        else:
            t.data = (0.1 if name.endswith("bias") else 0.2) * noise
    model.tie_weights()


def save_model(folder):
    config, pretrained, *_ = MODELS[folder]
    for name in NO_DROPOUT:
        if hasattr(config, name):
            setattr(config, name, 0.0)
    config.update(NO_DROPOUT_GPT2 if config.model_type == "gpt2" else {})
    config.num_labels = NUM_LABELS
    model = pretrained.from_config(config)
    draw(model, folder)
    model.save_pretrained(VECTORS / folder)
    (VECTORS / folder / "generation_config.json").unlink(missing_ok=True)


def batch_of(folder):
    """Padding stands on the right and its id nowhere else; a last id stands at the end of a text only."""
    config, _, _, first, last = MODELS[folder]
    generator = torch.Generator().manual_seed(zlib.crc32(folder.encode()))
    lengths = torch.tensor(LENGTHS)
    special = {config.pad_token_id, first, last}
    ordinary = torch.tensor([i for i in range(config.vocab_size) if i not in special])
    input_ids = ordinary[torch.randint(len(ordinary), (len(lengths), PADDED_LENGTH), generator=generator)]
    attention_mask = (torch.arange(PADDED_LENGTH) < lengths[:, None]).long()
    if first is not None:
        input_ids[:, 0] = first
    if last is not None:
        input_ids[torch.arange(len(lengths)), lengths - 1] = last
    labels = torch.randint(NUM_LABELS, (len(lengths),), generator=generator)
    input_ids = torch.where(attention_mask == 1, input_ids, config.pad_token_id)
    return {"lengths": lengths, "input_ids": input_ids, "attention_mask": attention_mask, "labels": labels}


def plain(model, names):
    """Without what whole models put before the names of their backbone, as all of Retrace has them."""
    return [name.removeprefix(f"{model.base_model_prefix}.") for name in names]


def plain_names(model):
    names, parameters = zip(*model.named_parameters(), strict=True)
    return dict(zip(plain(model, names), parameters, strict=True))


class Recorder:
    """Writes the files of one model's cases. `model_of(pooling, num_labels)` and the like give models with the weights in the folder."""

    def __init__(self, folder, batch):
        self.folder, self.path, self.batch = folder, VECTORS / folder, batch
        self.own = MODELS[folder][2] if folder in MODELS else "cls"
        self.heads = {}

    def open(self, model_class, **options):
        model, info = model_class.from_pretrained(
            self.path, dtype=torch.float32, attn_implementation="eager", output_loading_info=True, ignore_mismatched_sizes=True, **options
        )
        absent = {*info["missing_keys"], *(key[0] for key in info["mismatched_keys"])}
        return model.eval(), {name: p for name, p in plain_names(model).items() if name in plain(model, absent)}

    def classifier(self, pooling, num_labels):
        parent = classifier_of(AutoConfig.from_pretrained(self.path))
        return self.open(with_mean_pooling(parent) if pooling == "mean" else parent, num_labels=num_labels)

    def record(self, name, model, added, logits_of, loss_of, own_loss=None, kept=lambda name: True):
        """`added`: parameters that the model's folder lacks; they are drawn here. Gives the entry of one case; gradients that are not `kept` are not written."""
        for path, p in added.items():
            noise = torch.randn(p.shape, generator=torch.Generator().manual_seed(zlib.crc32(f"{self.folder}/head/{path}{list(p.shape)}".encode())))
            p.data = (0.1 if path.endswith("bias") else 0.4) * noise
        files = {"adapter": self.adapter(name, added), "gradients": f"grads_{name}.safetensors"} if added else {"gradients": f"grads_{name}.safetensors"}
        if own_loss is not None:
            with torch.no_grad():
                own = own_loss()
                if (own - loss_of(logits_of(self.batch), self.batch)).abs() > 1e-6:
                    raise RuntimeError(f"{self.folder} {name}: the loss is not Transformers'")
        recorded, gradients = judged(logits_of, model, self.batch, lambda: plain_names(model), loss_of)
        write_tensors(self.path / files["gradients"], {path: t for path, t in gradients.items() if kept(path)})
        print(self.folder, name, recorded["loss"], recorded["loss_float64"], recorded["float32_gradient_error"], sorted(added))
        return files | recorded

    def adapter(self, name, added):
        """Equal heads share a file."""
        shapes = tuple((path, tuple(p.shape)) for path, p in added.items())
        if shapes not in self.heads:
            self.heads[shapes] = f"head_{name}.safetensors"
            write_tensors(self.path / self.heads[shapes], added)
        return self.heads[shapes]

    def classification(self, name, pooling, **about):
        model, added = self.classifier(pooling, NUM_LABELS)
        how = {"weight": torch.tensor(about["class_weights"])} if "class_weights" in about else {}
        how |= {"label_smoothing": about.get("label_smoothing", 0.0)}
        loss_of = lambda logits, b: cross_entropy(logits, b["labels"], **{k: v.to(logits.dtype) if k == "weight" else v for k, v in how.items()})
        own_loss = None if about else lambda: model(**model_inputs(self.batch), labels=self.batch["labels"]).loss
        entry = self.record(name, model, added, lambda b: model(**model_inputs(b)).logits, loss_of, own_loss)
        return {"pooling": pooling, "hyper_parameters": {}, **about, **entry}

    def regression(self, name, pooling):
        model, added = self.classifier(pooling, 1)
        scores = torch.tensor(SCORES)
        loss_of = lambda logits, _: mse_loss(logits.squeeze(-1), scores.to(logits.dtype))
        own_loss = lambda: model(**model_inputs(self.batch), labels=scores).loss
        entry = self.record(name, model, added, lambda b: model(**model_inputs(b)).logits, loss_of, own_loss if pooling != "mean" else None)
        return {"task": "regression", "pooling": pooling, "targets": SCORES, **entry}

    def multiple_choice(self):
        """The batch's rows are the choices: 0 and 1 of the first example, 2 and 3 of the second."""
        model, added = self.open(AutoModelForMultipleChoice._model_mapping[type(AutoConfig.from_pretrained(self.path))])
        choices = lambda b: {key: t.view(-1, CHOICES, PADDED_LENGTH) for key, t in model_inputs(b).items()}
        labels = torch.tensor(BEST_CHOICE)
        own_loss = lambda: model(**choices(self.batch), labels=labels).loss
        entry = self.record("multiple_choice", model, added, lambda b: model(**choices(b)).logits, lambda logits, _: cross_entropy(logits, labels), own_loss)
        return {"task": "multiple_choice", "pooling": self.own, "num_choices": CHOICES, "labels": BEST_CHOICE, **entry}

    def causal_lm(self, name, hidden):
        """Loss on all tokens but the first `hidden` of each text: labels stand at their tokens, as Transformers takes them before it shifts them."""
        model, added = self.open(AutoModelForCausalLM)
        b = self.batch
        seen = (torch.arange(PADDED_LENGTH) >= torch.tensor(hidden)[:, None]) & (b["attention_mask"] == 1)
        labels = torch.where(seen, b["input_ids"], -100)
        loss_of = lambda logits, _: cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())
        own_loss = lambda: model(**model_inputs(b), labels=labels).loss
        entry = self.record(name, model, added, lambda b: model(**model_inputs(b)).logits, loss_of, own_loss)
        return {"task": "causal_lm", "labels": numbers(labels), **self.moved_logits("causal_lm", entry, model)}

    def seq2seq(self, name, target, label_smoothing):
        model, added = self.open(AutoModelForSeq2SeqLM)
        decoder = {"decoder_input_ids": target["decoder_input_ids"]}
        logits_of = lambda b: model(**model_inputs(b), **decoder).logits
        loss_of = lambda logits, _: cross_entropy(logits.flatten(0, 1), target["labels"].flatten(), label_smoothing=label_smoothing)
        own_loss = None if label_smoothing else lambda: model(**model_inputs(self.batch), labels=target["labels"]).loss
        few = lambda path: "decoder.layers.1" in path or path == "shared.weight"
        entry = self.record(name, model, added, logits_of, loss_of, own_loss, few if label_smoothing else lambda path: True)
        about = {"task": "seq2seq", "label_smoothing": label_smoothing, "target": batch_json(target)}
        return about | self.moved_logits("seq2seq", entry, model, **decoder)

    def moved_logits(self, name, entry, model, **more):
        """Logits of a vocabulary at every token are many: they go to a file, in float32, padded rows included."""
        with torch.no_grad():
            logits = model(**model_inputs(self.batch), **more).logits
        write_tensors(self.path / f"logits_{name}.safetensors", {"logits": logits})
        kept = {key: value for key, value in entry.items() if key not in ("logits", "logits_float64")}
        return {"logits_file": f"logits_{name}.safetensors", **kept}

    def hidden_states(self):
        """As Transformers numbers them: what enters each layer, and last what leaves the backbone (its last norm and projection behind it)."""
        model, _ = self.classifier("mean", NUM_LABELS)
        with torch.no_grad():
            found = model.base_model(**model_inputs(self.batch), output_hidden_states=True)
        sides = ("encoder_hidden_states", "decoder_hidden_states") if model.config.is_encoder_decoder else ("hidden_states",)
        write_tensors(self.path / "hidden_states.safetensors", {f"{side}.{i}": h for side in sides for i, h in enumerate(found[side])})


def target_of(config):
    """Labels (-100 is padding) that end with the last id, and what the decoder reads: the same, shifted right behind its first id."""
    generator = torch.Generator().manual_seed(7)
    lengths = torch.tensor(TARGET_LENGTHS)
    labels = torch.randint(3, config.vocab_size, (len(lengths), max(TARGET_LENGTHS)), generator=generator)
    labels[torch.arange(len(lengths)), lengths - 1] = config.eos_token_id
    labels = torch.where(torch.arange(labels.shape[1]) < lengths[:, None], labels, -100)
    decoder_input_ids = shift_tokens_right(labels, config.pad_token_id, config.decoder_start_token_id)
    return {"lengths": lengths, "labels": labels, "decoder_input_ids": decoder_input_ids}


def record_tasks(recorder):
    config = AutoConfig.from_pretrained(recorder.path)
    poolings = {"tiny_bert": ("mean",), "tiny_bart": ("last",)}.get(recorder.folder, (recorder.own, "mean"))
    tasks = {f"regression_{pooling}": recorder.regression(f"regression_{pooling}", pooling) for pooling in poolings}
    if recorder.own == "cls":
        tasks["multiple_choice"] = recorder.multiple_choice()
    if config.model_type in ("gpt2", "opt"):
        tasks["causal_lm"] = recorder.causal_lm("causal_lm", [0] * len(LENGTHS))
        tasks["causal_lm_context"] = recorder.causal_lm("causal_lm_context", SOURCE_CONTEXT)
    if config.is_encoder_decoder:
        target = target_of(config)
        tasks["seq2seq"] = recorder.seq2seq("seq2seq", target, 0.0)
        tasks["seq2seq_label_smoothing"] = recorder.seq2seq("seq2seq_label_smoothing", target, LABEL_SMOOTHING)
    if recorder.folder == "tiny_roberta":  # losses alone differ, so one model is enough
        weights = {"class_weights": CLASS_WEIGHTS}
        both = weights | {"label_smoothing": LABEL_SMOOTHING}
        for name, about in (("class_weights", weights), ("class_weights_label_smoothing", both)):
            tasks[name] = {"task": "classification", **recorder.classification(name, "mean", **about)}
    content = {"recorded_by": "python/record/tiny_models.py", "model": recorder.folder, "tasks": tasks}
    write_json(recorder.path / "tasks.json", content)


def record(folder):
    save_model(folder)
    recorder = Recorder(folder, batch_of(folder))
    about = {"recorded_by": "python/record/tiny_models.py", "model": folder, "method": "full", "batch": batch_json(recorder.batch)}
    cases = {pooling: recorder.classification(pooling, pooling) for pooling in (recorder.own, "mean")}
    write_json(recorder.path / "expected.json", about | {"cases": cases})
    recorder.hidden_states()
    record_tasks(recorder)


def main():
    record_tasks(Recorder("tiny_bert", read_batch(read_json(TINY_BERT / "expected.json")["batch"])))
    for folder in MODELS:
        record(folder)


if __name__ == "__main__":
    main()
