"""The files of an exported adapter, from a folder or a zip, and what they say. Builds no module.

It breaks if two files of a zip have one name in different folders: only names count.
"""

import io
import json
import zipfile
import zlib
from pathlib import Path

import torch
from safetensors.torch import load

from .errors import AdapterError


def read_files(path):
    """{name: bytes} of a folder's or a zip's own files; a zip may hold them in one folder."""
    if path.is_dir():
        return {p.name: p.read_bytes() for p in path.iterdir() if p.is_file()}
    if not path.is_file():
        raise AdapterError(f"{path} is neither a folder nor a file.")
    try:
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            own = [e for e in archive.infolist() if not e.is_dir() and not e.filename.startswith("__MACOSX/")]
            return {Path(entry.filename).name: archive.read(entry) for entry in own}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:  # the last two: packed or locked otherwise
        raise AdapterError(f"{path} is no zip, or damaged: {error}. Export it again.") from error


def file_of(files, name):
    if name not in files:
        raise AdapterError(f"{name} is missing; there are {', '.join(sorted(files)) or 'no files'}.")
    return files[name]


def json_of(files, name):
    """The JSON object in a file; another value is an error."""
    try:
        return object_in(file_of(files, name).decode("utf-8"), name)
    except UnicodeDecodeError as error:
        raise AdapterError(f"{name} is not UTF-8: {error}.") from error


def object_in(text, name):
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise AdapterError(f"{name} is not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise AdapterError(f"{name} is {str(value)[:40]!r}; it should be a JSON object.")
    return value


def mirrored_config(safetensors):
    """Retrace's adapter_config.json as the tensor file's own metadata repeats it, or None in a file that others wrote."""
    load(safetensors)  # refuses what is no safetensors file
    header_size = int.from_bytes(safetensors[:8], "little")
    metadata = json.loads(safetensors[8 : 8 + header_size].decode("utf-8")).get("__metadata__", {})
    return object_in(metadata["retrace"], "the metadata of the tensor file") if "retrace" in metadata else None


def with_pictures(files, self_test):
    """A self-test over pictures, which stand in the place of texts: [3, S, S] each, as they enter the model. They are the tensor `pixels` [n, S, S, 3] of
    self_test.safetensors, 8 bits each, beside the file that has the logits, which also says what makes numbers of them:
    (x * rescale_factor - image_mean) / image_std. Without that file there is no self-test.
    """
    if not self_test or "self_test.safetensors" not in files:
        return None
    pixels = load(files["self_test.safetensors"]).get("pixels")
    if pixels is None or pixels.dtype != torch.uint8 or pixels.dim() != 4 or pixels.shape[1] != pixels.shape[2] or pixels.shape[3] != 3:
        raise AdapterError('self_test.safetensors should have a tensor "pixels" of pictures, [n, S, S, 3], of 8 bits.')
    mean, std = (torch.tensor(self_test[key], dtype=torch.float32).view(3, 1, 1) for key in ("image_mean", "image_std"))
    scaled = pixels.permute(0, 3, 1, 2).float() * self_test["rescale_factor"]
    return self_test | {"texts": list((scaled - mean) / std)}


def labels_of(files, config):
    """Names of the classes, none where there are no classes; LABEL_0, LABEL_1 ... where there is no labels.json, as Transformers has it."""
    num_labels = config["num_labels"]
    if config.get("head", "sequence") != "sequence":
        return []
    # One output is a number, as Transformers takes it, unless the adapter says that it is a class.
    if config.get("problem_type", "regression" if num_labels == 1 else None) == "regression":
        return []
    if "labels.json" not in files:
        return [f"LABEL_{i}" for i in range(num_labels)]
    labels = json_of(files, "labels.json").get("labels")
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise AdapterError(f'labels.json should have a list of names under "labels"; found {str(labels)[:40]!r}.')
    if len(labels) != num_labels:
        raise AdapterError(f"labels.json names {len(labels)} classes, the classifier has {num_labels}.")
    twice = [label for i, label in enumerate(labels) if label in labels[:i]]
    if twice:
        raise AdapterError(f"labels.json has {twice[0]!r} for two classes.")
    return labels
