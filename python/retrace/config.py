"""What adapter_config.json may say, as docs/format.md lists it: types and ranges of every value, those of src/protocol/config.ts. A value out
of its range is an error here, and not a module that computes something else.

It breaks if a value that Retrace exports is refused here.
"""

import math

from .architectures import architecture_of, layers_of, positions_of
from .errors import AdapterError
from .pooling import POOLINGS
from .streams import STREAMS


def is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _number(above=None, least=None, below=None, most=None):
    bounds = (("above", above), ("at least", least), ("below", below), ("at most", most))
    said = " and ".join(f"{name} {bound}" for name, bound in bounds if bound is not None)
    inside = lambda x: (
        (above is None or x > above) and (least is None or x >= least) and (below is None or x < below) and (most is None or x <= most)
    )
    return (lambda x: is_number(x) and inside(x)), f"a number {said}"


def _count(least, most=None):
    said = f"a whole number, at least {least}" + ("" if most is None else f" and at most {most}")
    return (lambda x: is_number(x) and x == int(x) and x >= least and (most is None or x <= most)), said


def _one_of(*names):
    return (lambda x: x in names), f"one of {', '.join(names)}"


_BOOLEAN = (lambda x: isinstance(x, bool)), "true or false"
_NAMES = (lambda x: isinstance(x, list) and all(isinstance(name, str) for name in x)), "a list of names"
_PROBABILITY = _number(least=0, below=1)
_FACTOR = _number(above=0, most=1)
_POSITIVE = _number(above=0)

HYPER_PARAMETERS = {
    "frozen_layers": _count(0),
    "streams": _one_of(*STREAMS),
    "lambda": _FACTOR,
    "beta": _FACTOR,
    "adapter_size": _count(1, 65536),
    "adapter_init_std": _number(least=0),
    "adapter_layer_norm": _BOOLEAN,
    "adapter_scaling": _POSITIVE,
    "fraction_bits": _count(8, 26),
    "final_combination": _one_of("mean", "weighted"),
    "combination_weight": _number(least=0),
    "lora_alpha": _POSITIVE,
    "lora_dropout": _PROBABILITY,
    "non_linearity": _one_of("model", "gelu", "relu", "swish"),
    "use_rslora": _BOOLEAN,
    "rank_pattern": _NAMES,
    "alpha_pattern": _NAMES,
    "modules_to_save": _NAMES,
    "target_modules": _NAMES,
    "feedforward_modules": _NAMES,
    "bias": _one_of("none", "all", "lora_only"),
    "num_virtual_tokens": _count(1, 256),
    "rnn_type": _one_of("gru", "lstm", "rnn"),
    "rnn_hidden_size": _count(1),
    "aggregation": _one_of("mean", "last"),
    "joiner": _BOOLEAN,
    "output_scale": _POSITIVE,
    "reduction_factor": _count(1),
    "gate_temperature": _POSITIVE,
    "num_experts": _count(0),
    "num_probed_experts": _count(1),
    "num_activated": _count(1),
    "activation_rule": _one_of("token", "union"),
    "init_factor": _number(least=0),
    "dropout": _PROBABILITY,
}


def check_config(config, base_config):
    """Error AdapterError, naming the key, where a value is none that the format has or does not fit the base's configuration."""
    _check("num_labels", config.get("num_labels"), _count(1))
    _check("pooling", config.get("pooling"), _one_of(*POOLINGS))
    _check("head", config.get("head", "sequence"), _one_of("sequence", "choices", "words"))
    pictures = architecture_of(base_config).reads_pictures
    if pictures:
        _check("image_size", config.get("image_size") or base_config.image_size, _count(base_config.patch_size))
    else:
        _check("max_length", config.get("max_length"), _count(1))
    given = config.get("hyper_parameters", {})
    if not isinstance(given, dict):
        raise AdapterError(f"hyper_parameters is {given!r}; it should be an object of names and values.")
    for name in given.keys() & HYPER_PARAMETERS.keys():
        _check(f"hyper_parameters.{name}", given[name], HYPER_PARAMETERS[name])
    if given.get("streams") == "fixed":
        for name in given.keys() & {"lambda", "beta"}:
            fits = given[name] in [2.0**-shift for shift in range(9)]
            _check(f"hyper_parameters.{name}", given[name], ((lambda _, fits=fits: fits), "1, 1/2, 1/4 ... or 1/256 with fixed streams"))
    layers, frozen = layers_of(base_config), given.get("frozen_layers", 0)
    if frozen >= layers:
        raise AdapterError(f"hyper_parameters.frozen_layers is {frozen}; the base has {layers} layers, and at least one must be left.")
    before, positions = given.get("num_virtual_tokens", 0), positions_of(base_config)
    if not pictures and config["max_length"] + before > positions:
        tokens = f"{config['max_length']} tokens" + (f" and {before} virtual ones" if before else "")
        raise AdapterError(f"max_length asks for {tokens}; the base has {positions} positions.")
    _check_self_test(config.get("self_test"), config["num_labels"])


def _check(name, value, rule):
    fits, said = rule
    try:
        if fits(value):
            return
    except TypeError:  # what cannot even be compared
        pass
    raise AdapterError(f"{name} is {value!r}; it should be {said}.")


def _check_self_test(self_test, num_labels):
    if self_test is None:
        return
    texts, logits = (self_test.get(key) if isinstance(self_test, dict) else None for key in ("texts", "logits"))
    if not isinstance(texts, list) or not isinstance(logits, list) or len(texts) != len(logits):
        raise AdapterError("self_test should have as many texts, or pictures, as rows of logits.")
    for text, row in zip(texts, logits, strict=True):
        expected = len(text["choices"]) if isinstance(text, dict) and "choices" in text else num_labels
        if not isinstance(row, list) or len(row) != expected or not all(is_number(logit) for logit in row):
            raise AdapterError(f"self_test has a row of logits {str(row)[:80]}; it should be {expected} numbers.")
