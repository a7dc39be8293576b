"""Records vectors/torch: what torch.save writes of state_dicts, a few kB each, and their values as safetensors.

The files differ in what a reader must take care of: tensors that share a storage, lie in strides, repeat elements or are empty, every
dtype, parameters, nested dicts, pickle protocols. What a reader refuses is written by its tests.
"""

from collections import OrderedDict

import torch

from .recording import VECTORS, write_tensors

FOLDER = VECTORS / "torch"


def tensors():
    generator = torch.Generator().manual_seed(1)
    w = torch.randn(6, 10, generator=generator)
    image = torch.randn(2, 3, 4, generator=generator)
    return OrderedDict(
        f32=w,
        f64=torch.tensor([0.1, -1e-300, 3.0], dtype=torch.float64),
        f16=w[0].half(),
        bf16=w[1].bfloat16(),
        i64=torch.arange(-2, 5),
        i32=torch.tensor([7, -7], dtype=torch.int32),
        i16=torch.tensor([300, -300], dtype=torch.int16),
        i8=torch.tensor([-3], dtype=torch.int8),
        u8=torch.tensor([250], dtype=torch.uint8),
        u16=torch.tensor([65535], dtype=torch.uint16),
        bool=torch.tensor([True, False]),
        scalar=torch.tensor(2.5),
        empty=torch.zeros(0, 4),
        parameter=torch.nn.Parameter(w[:2].clone()),
        rows=w[2:4],
        shared=w,
        transposed=w.t(),
        columns=w[:, 1:9:3],
        expanded=torch.tensor([[1.5], [2.5]]).expand(2, 5),
        permuted=image.permute(2, 0, 1),
        f16_transposed=w.half().t(),
        one_wide=w[:, 3:4],
    )


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    whole = tensors()
    write_tensors(FOLDER / "expected.safetensors", {name: t.clone() for name, t in whole.items()})
    module = OrderedDict(whole)
    module._metadata = OrderedDict({"": {"version": 1}, "bert": {"version": 2}})
    torch.save(module, FOLDER / "state_dict.bin")
    torch.save(dict(whole), FOLDER / "protocol5.bin", pickle_protocol=5)
    torch.save({"epoch": 3, "best": 0.5, "args": [1, "a", None, (True, 2**40)], "state_dict": module}, FOLDER / "nested.bin")
    torch.save({"model": {"weight": whole["f32"]}, "optimizer": {"state": {0: {"step": 3}}}}, FOLDER / "training.bin")


if __name__ == "__main__":
    main()
