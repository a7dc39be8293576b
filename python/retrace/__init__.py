"""Retrace's exports in PyTorch: load them, judge them, go on training them."""

from .errors import AdapterError
from .load import Loaded, load
from .methods import METHODS, build

__all__ = ["METHODS", "AdapterError", "Loaded", "build", "load"]
