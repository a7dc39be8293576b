"""Tensors of a file into a module, one to one: names, shapes and numbers are checked before anything is copied."""

import torch

from .errors import AdapterError

FLOATS = (torch.float32, torch.float16, torch.bfloat16)


def fill(parameters, tensors):
    """Copies by name; every parameter must be given, and nothing else."""
    missing, surplus = sorted(set(parameters) - set(tensors)), sorted(set(tensors) - set(parameters))
    if missing or surplus:
        raise AdapterError(f"adapter.safetensors lacks {missing[:3]} ({len(missing)}) and has unknown {surplus[:3]} ({len(surplus)}).")
    for name, p in parameters.items():
        if p.shape != tensors[name].shape:
            raise AdapterError(f"{name} has shape {list(tensors[name].shape)}, expected {list(p.shape)}.")
    check_numbers(tensors)
    for name, p in parameters.items():
        p.data.copy_(tensors[name])


def check_numbers(tensors):
    """Error AdapterError where a tensor is none of the types that the format has, or holds what is no number."""
    for name, t in tensors.items():
        if t.dtype not in FLOATS:
            raise AdapterError(f"{name} is {str(t.dtype).removeprefix('torch.')}; F32, F16 and BF16 are read.")
        if not torch.isfinite(t).all():
            raise AdapterError(f"{name} holds {int((~torch.isfinite(t)).sum())} values that are not finite.")
