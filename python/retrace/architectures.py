"""What differs between architectures, a row each: how checkpoints name the backbone, which head is their own, how hidden states begin and end. Not here: how
a layer is made (layers.py).
"""

from dataclasses import dataclass, field, replace

import torch
from torch.nn.functional import dropout
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM
from transformers.models.bart.modeling_bart import shift_tokens_right
from transformers.models.bert.modeling_bert import BertLayer
from transformers.models.deit.modeling_deit import DeiTLayer
from transformers.models.distilbert.modeling_distilbert import TransformerBlock
from transformers.models.gpt2.modeling_gpt2 import GPT2Block
from transformers.models.opt.modeling_opt import OPTDecoderLayer
from transformers.models.roberta.modeling_roberta import RobertaLayer
from transformers.models.vit.modeling_vit import ViTLayer

from .errors import AdapterError
from .layers import BertLike, DistilBert, Gpt2, Layer, Opt, Vit
from .pictures import of_pictures
from .pooling import last_token


@dataclass(frozen=True)
class Stack:
    """Layers that follow one another. `start(backbone, input_ids, token_type_ids, first_position)` gives the hidden states that enter the first; of an
    architecture that reads pictures `start(backbone, pixel_values)`.
    """

    path: str
    start: object
    below: tuple[str, ...]  # what stands below the layers, by the beginnings of names
    causal: bool = False
    finish: object = lambda backbone, h: h
    count: str = "num_hidden_layers"  # the configuration's key

    def layers(self, backbone):
        return backbone.get_submodule(self.path)


@dataclass(frozen=True)
class Architecture:
    prefix: str  # of the backbone's names in a whole model
    pooling: str  # what its own ...ForSequenceClassification reads
    heads: tuple[str, ...]  # modules of that head beside the backbone
    head: object  # (classifier, hidden_states, attention_mask) -> logits of it
    layer: Layer
    new_layer: object  # (config, index) -> a layer like those of the backbone
    stacks: tuple[Stack, ...]
    lora: dict  # hyper-parameters by default, those of PEFT's tables
    ia3: dict
    narrow: tuple[str, ...]  # keys of the configuration that hold widths
    final_combination: dict = field(default_factory=lambda: {"final_combination": "mean"})  # of MEFT's streams
    has_token_types: bool = False
    vocabulary: object = None  # Transformers' class of models that write
    task: str = "SEQ_CLS"  # PEFT's word for what those do; it has none for pictures
    leading_tokens: int = 0  # of an architecture that reads pictures: those before the patches
    more_heads: dict = field(default_factory=dict)  # {pooling: (modules, head)} of further classes that Transformers has for it

    @property
    def reads_pictures(self):
        return self.leading_tokens > 0

    @property
    def own_heads(self):
        """{pooling: (modules, head)} of all its own classes, the first of which is what Auto classes open."""
        return {self.pooling: (self.heads, self.head)} | self.more_heads


def positions(input_ids, first_position):
    return torch.arange(first_position, first_position + input_ids.shape[1], device=input_ids.device)[None]


def _start_bert(bert, input_ids, token_type_ids, first_position):
    given = {"token_type_ids": token_type_ids, "position_ids": positions(input_ids, first_position)}
    return bert.embeddings(input_ids=input_ids, **given)


def _start_roberta(roberta, input_ids, token_type_ids, first_position):
    return roberta.embeddings(input_ids=input_ids, token_type_ids=token_type_ids, cache_length=first_position)


def _start_distilbert(distilbert, input_ids, token_type_ids, first_position):
    return distilbert.embeddings(input_ids, position_ids=positions(input_ids, first_position))


def _start_gpt2(gpt2, input_ids, token_type_ids, first_position):
    return gpt2.drop(gpt2.wte(input_ids) + gpt2.wpe(positions(input_ids, first_position)))


def _start_opt(opt, input_ids, token_type_ids, first_position):
    decoder, words = opt.decoder, opt.decoder.embed_tokens(input_ids)
    if decoder.project_in is not None:
        words = decoder.project_in(words)
    return words + decoder.embed_positions(None, position_ids=positions(input_ids, first_position))


def _finish_opt(opt, h):
    for module in (opt.decoder.final_layer_norm, opt.decoder.project_out):
        h = h if module is None else module(h)
    return h


def _start_bart(side):
    def start(bart, input_ids, token_type_ids, first_position):
        own = bart.get_submodule(side)
        h = own.embed_tokens(input_ids) + own.embed_positions(input_ids, first_position)
        return dropout(own.layernorm_embedding(h), own.dropout, own.training)

    return start


def _start_vit(vit, pixel_values):
    return vit.embeddings(**of_pictures(vit, pixel_values))


def _below(side, *modules):
    return tuple(f"{side}.{module}." for module in modules)


_BART_EMBEDDINGS = ("embed_tokens", "embed_positions", "layernorm_embedding")


def vocabulary_head(model, hidden, attention_mask):
    """Logits [B, T, V] of a model that writes."""
    return model.lm_head(hidden) + getattr(model, "final_logits_bias", 0.0)


def shifted(config, input_ids):
    """What a decoder reads that is given nothing else."""
    return shift_tokens_right(input_ids, config.pad_token_id, config.decoder_start_token_id)


def _bert_head(model, hidden, attention_mask):
    return model.classifier(model.dropout(model.base_model.pooler(hidden)))


def _distilled_head(model, hidden, patches):
    return (model.cls_classifier(hidden[:, 0]) + model.distillation_classifier(hidden[:, 1])) / 2


def _distilbert_head(model, hidden, attention_mask):
    return model.classifier(model.dropout(torch.relu(model.pre_classifier(hidden[:, 0]))))


BERT = Architecture(
    prefix="bert.",
    pooling="cls",
    heads=("classifier",),
    head=_bert_head,
    layer=BertLike(),
    new_layer=lambda config, i: BertLayer(config),
    stacks=(Stack("encoder.layer", _start_bert, ("embeddings.",)),),
    lora={"target_modules": ["query", "value"]},
    ia3={"target_modules": ["key", "value", "output.dense"], "feedforward_modules": ["output.dense"]},
    narrow=("hidden_size", "intermediate_size"),
    has_token_types=True,
)
ROBERTA = replace(
    BERT,
    prefix="roberta.",
    head=lambda model, hidden, attention_mask: model.classifier(hidden),
    new_layer=lambda config, i: RobertaLayer(config),
    stacks=(Stack("encoder.layer", _start_roberta, ("embeddings.",)),),
)
DISTILBERT = Architecture(
    prefix="distilbert.",
    pooling="cls",
    heads=("pre_classifier", "classifier"),
    head=_distilbert_head,
    layer=DistilBert(),
    new_layer=lambda config, i: TransformerBlock(config),
    stacks=(Stack("transformer.layer", _start_distilbert, ("embeddings.",)),),
    # PEFT has no defaults for it: those of BERT, in its names.
    lora={"target_modules": ["q_lin", "v_lin"]},
    ia3={"target_modules": ["k_lin", "v_lin", "out_lin", "lin2"], "feedforward_modules": ["out_lin", "lin2"]},
    narrow=("dim", "hidden_dim"),
)
GPT2 = Architecture(
    prefix="transformer.",
    pooling="last",
    heads=("score",),
    head=lambda model, hidden, attention_mask: model.score(last_token(hidden, attention_mask)),
    layer=Gpt2(),
    new_layer=lambda config, i: GPT2Block(config, layer_idx=i),
    stacks=(Stack("h", _start_gpt2, ("wte.", "wpe."), causal=True, finish=lambda gpt2, h: gpt2.ln_f(h)),),
    lora={"target_modules": ["c_attn"]},
    ia3={"target_modules": ["c_attn", "mlp.c_proj"], "feedforward_modules": ["mlp.c_proj"]},
    narrow=("n_embd", "n_inner"),
    final_combination={"final_combination": "weighted", "combination_weight": 0.1},
    vocabulary=AutoModelForCausalLM,
    task="CAUSAL_LM",
)
OPT = replace(
    GPT2,
    prefix="model.",
    layer=Opt(),
    new_layer=lambda config, i: OPTDecoderLayer(config, layer_idx=i),
    stacks=(Stack("decoder.layers", _start_opt, _below("decoder", "embed_tokens", "embed_positions", "project_in"), causal=True, finish=_finish_opt),),
    lora={"target_modules": ["q_proj", "v_proj"]},
    ia3={"target_modules": ["q_proj", "k_proj", "fc2"], "feedforward_modules": ["fc2"]},
    narrow=("hidden_size", "ffn_dim"),
)
BART = replace(
    OPT,
    heads=("classification_head",),
    head=lambda model, hidden, attention_mask: model.classification_head(last_token(hidden, attention_mask)),
    stacks=(
        Stack("encoder.layers", _start_bart("encoder"), ("shared.", *_below("encoder", *_BART_EMBEDDINGS)), count="encoder_layers"),
        Stack("decoder.layers", _start_bart("decoder"), _below("decoder", *_BART_EMBEDDINGS), causal=True, count="decoder_layers"),
    ),
    ia3={"target_modules": ["q_proj", "v_proj", "fc2"], "feedforward_modules": ["fc2"]},
    final_combination={"final_combination": "mean"},
    vocabulary=AutoModelForSeq2SeqLM,
    task="SEQ_2_SEQ_LM",
)
VIT = Architecture(
    prefix="vit.",
    pooling="cls",
    heads=("classifier",),
    head=lambda model, hidden, patches: model.classifier(hidden[:, 0]),
    layer=Vit(),
    new_layer=lambda config, i: ViTLayer(config),
    stacks=(Stack("layers", _start_vit, ("embeddings.",), finish=lambda vit, h: vit.layernorm(h)),),
    # PEFT has no defaults for it: those of BERT, in its names.
    lora={"target_modules": ["q_proj", "v_proj"]},
    ia3={"target_modules": ["k_proj", "v_proj", "mlp.fc2"], "feedforward_modules": ["mlp.fc2"]},
    narrow=("hidden_size", "intermediate_size"),
    final_combination=GPT2.final_combination,
    leading_tokens=1,
)
DEIT = replace(
    VIT,
    prefix="deit.",
    new_layer=lambda config, i: DeiTLayer(config),
    leading_tokens=2,
    more_heads={"distilled": (("cls_classifier", "distillation_classifier"), _distilled_head)},
)
ARCHITECTURES = {"bert": BERT, "roberta": ROBERTA, "distilbert": DISTILBERT, "gpt2": GPT2, "opt": OPT, "bart": BART, "vit": VIT, "deit": DEIT}


def architecture_of(config):
    """The row of a configuration. Error: AdapterError."""
    if config.model_type not in ARCHITECTURES:
        raise AdapterError(f'model_type is "{config.model_type}"; known are {", ".join(ARCHITECTURES)}.')
    return ARCHITECTURES[config.model_type]


def defaults_of(config):
    """The architecture's defaults of methods; OPT that norms behind its blocks joins streams as BERT does."""
    own = architecture_of(config)
    post = config.model_type == "opt" and not config.do_layer_norm_before
    return replace(own, final_combination=BERT.final_combination) if post else own


def layers_of(config):
    """Layers of all stacks."""
    return sum(getattr(config, stack.count) for stack in architecture_of(config).stacks)


def frozen_of(config, frozen_layers):
    """{path of a stack: its bottom layers that stay as they are}. They are counted from the bottom of the first stack on."""
    frozen = {}
    for stack in architecture_of(config).stacks:
        frozen[stack.path] = min(frozen_layers, getattr(config, stack.count))
        frozen_layers -= frozen[stack.path]
    return frozen


def positions_of(config):
    """The longest text: RoBERTa's table has rows before the first position. None of what reads pictures, whose table is interpolated."""
    if architecture_of(config).reads_pictures:
        return None
    return config.max_position_embeddings - (config.pad_token_id + 1 if config.model_type == "roberta" else 0)
