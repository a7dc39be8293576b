"""The methods by name. A method is a file here and a line below: (base model folder or config, labels, pooling, hyper-parameters) -> a
module that gives logits and has `trainable()`.
"""

from ..base import classifier_model
from . import peft_methods
from .bitfit import bitfit
from .houlsby import Houlsby
from .lst import Lst
from .meft import Meft1, Meft2, Meft3
from .parallel_adapter import ParallelAdapter
from .plain import full, linear_probe
from .read import Read
from .sparse_meft import SparseMeft


def _twin(twin):
    return lambda base_model, num_labels, pooling, given: twin(classifier_model(base_model, pooling, num_labels), pooling, given)


METHODS = {
    "full": full,
    "linear-probe": linear_probe,
    "bitfit": bitfit,
    "lora": peft_methods.lora,
    "ia3": peft_methods.ia3,
    "houlsby": _twin(Houlsby),
    "parallel-adapter": _twin(ParallelAdapter),
    "prefix-tuning": peft_methods.prefix_tuning,
    "prompt-tuning": peft_methods.prompt_tuning,
    "lst": _twin(Lst),
    "read": _twin(Read),
    "meft1": _twin(Meft1),
    "meft2": _twin(Meft2),
    "meft3": _twin(Meft3),
    "sparse_meft": _twin(SparseMeft),
}


def build(method, base_model, num_labels, pooling, hyper_parameters):
    """The module of a method, fresh. `base_model` is a folder, or a configuration for random weights."""
    return METHODS[method](base_model, num_labels, pooling, hyper_parameters)
