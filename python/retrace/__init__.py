"""Retrace's exports in PyTorch: load them, judge them, go on training them."""

from .errors import AdapterError
from .load import Loaded, load
from .meft import Meft1Config, Meft1ForSequenceClassification

__all__ = ["AdapterError", "Loaded", "Meft1Config", "Meft1ForSequenceClassification", "load"]
