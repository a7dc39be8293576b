"""Writes what Transformers' ViTImageProcessor makes of every picture in a folder, by torchvision (which Transformers takes where it is installed) and by Pillow,
bilinear and bicubic, for `node scripts/bench.mjs pixels OUT` to compare with what Retrace makes of them.

Usage: python check_pixels.py FOLDER OUT [--size 224]      FOLDER: pictures, at any depth; OUT: a folder to write to
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from safetensors.torch import save_file
from transformers import ViTImageProcessor, ViTImageProcessorPil

KINDS = (".jpg", ".jpeg", ".png", ".webp", ".gif")


def opened(path):
    """As Retrace reads it: turned upright, of 16-bit greys the high byte, which Pillow clips."""
    image = Image.open(path)
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8)).convert("RGB")
    return ImageOps.exif_transpose(image).convert("RGB")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--size", type=int, default=224)
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    pictures = sorted(path for path in given.folder.rglob("*") if path.suffix.lower() in KINDS)
    tensors, record = {}, []
    for by, kind in (("torchvision", ViTImageProcessor), ("Pillow", ViTImageProcessorPil)):
        for resample in (2, 3):
            config = {"size": {"height": given.size, "width": given.size}, "resample": resample}
            processor = kind(**config)
            for path in pictures:
                key = f"{by} {resample} {path.relative_to(given.folder)}"
                tensors[key] = processor(opened(path), return_tensors="pt")["pixel_values"][0].to(torch.float32).contiguous()
                record.append({"key": key, "by": by, "file": str(path.resolve()), "config": {"image_processor_type": "ViTImageProcessor", **config}})
    save_file(tensors, given.out / "pixels.safetensors")
    (given.out / "pixels.json").write_text(json.dumps(record))
    print(f"{len(pictures)} pictures, {len(record)} squares of {given.size} pixels: {given.out / 'pixels.json'}")


if __name__ == "__main__":
    main()
