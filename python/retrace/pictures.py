"""Pictures as Transformers' ViT and DeiT take them, and their table of positions where a picture is not of the size that the base was trained with.

Transformers interpolates the table in every forward pass (bicubic with a = -0.75, align_corners off, edges repeated, no antialiasing; the leading tokens'
rows stay). Interpolated once it gives the same logits; only what trains is another table.
"""

import math

import torch
from torch import nn


def of_pictures(backbone, pixel_values):
    """What Transformers' classes take of pictures [B, 3, H, W]: it interpolates for another size than the configuration's only where it is asked to."""
    embeddings = backbone.embeddings
    other_size = tuple(pixel_values.shape[-2:]) != tuple(embeddings.image_size)
    return {"pixel_values": pixel_values.to(embeddings.patch_embeddings.projection.weight.dtype), "interpolate_pos_encoding": other_size}


def interpolated(embeddings, height, width):
    """The table of positions [1, 1 + P, C] (DeiT [1, 2 + P, C]) for pictures of height x width pixels."""
    table, size = embeddings.position_embeddings, embeddings.patch_size
    leading = table.shape[1] - embeddings.patch_embeddings.num_patches
    tokens = table.new_empty(1, leading + (height // size) * (width // size), table.shape[2])  # of which Transformers reads the shape
    return embeddings.interpolate_pos_encoding(tokens, height, width)


def table_for(module, tensors):
    """Gives a module's table of positions the size of the one among `tensors`, where that was trained on pictures of another size than the base's."""
    name = "embeddings.position_embeddings"
    own, given = module.trainable().get(name), tensors.get(name)
    if own is None or given is None or given.dim() != 3:
        return
    leading = own.shape[1] - module.model.base_model.embeddings.patch_embeddings.num_patches
    rows = math.isqrt(max(given.shape[1] - leading, 0))
    if own.shape != given.shape and rows > 0 and rows**2 + leading == given.shape[1]:  # another shape is refused as every tensor's
        resize(module.model.base_model, rows * module.model.config.patch_size)


@torch.no_grad()
def resize(backbone, image_size):
    """Interpolates the table once, so that pictures of image_size x image_size pixels are the model's own and the new table trains."""
    embeddings = backbone.embeddings
    trains = embeddings.position_embeddings.requires_grad
    embeddings.position_embeddings = nn.Parameter(interpolated(embeddings, image_size, image_size), requires_grad=trains)
    embeddings.image_size = embeddings.patch_embeddings.image_size = (image_size, image_size)
    embeddings.patch_embeddings.num_patches = (image_size // embeddings.patch_size) ** 2
    backbone.config.image_size = image_size
