"""Records pictures.json and the folder pictures beside it: small pictures of every kind that is read, what Pillow decodes of them, and what
Transformers' image processors make of them.

    python src/data/vectors/pictures.py

Needs Pillow, numpy, torch, torchvision and Transformers 5. Pixels are Pillow's `exif_transpose(Image.open(..)).convert("RGB")`; processors are those
that work on NumPy and PIL (`ViTImageProcessorPil`, ...). Recorded are checksums, and a few numbers. 16-bit greys, which Pillow clips, are recorded as their
high bytes.
"""

import hashlib
import io
import json
import pathlib
import struct
import zlib

import numpy as np
import torch
from PIL import Image, ImageCms, ImageDraw, ImageOps
from torchvision.transforms import RandomResizedCrop
from transformers import BeitImageProcessorPil, BitImageProcessorPil, CLIPImageProcessorPil, ConvNextImageProcessorPil, DeiTImageProcessorPil, SiglipImageProcessorPil, ViTImageProcessorPil

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = HERE / "pictures"
rng = np.random.default_rng(7)


def photo(width, height, channels=3):
    """Smooth noise in several octaves, as a photograph has it."""
    total = np.zeros((height, width, channels))
    for cells, weight in [(2, 1.0), (5, 0.6), (11, 0.35), (40, 0.1)]:
        low = rng.random((max(2, cells * height // max(width, height) + 1), max(2, cells * width // max(width, height) + 1), channels))
        for c in range(channels):
            one = Image.fromarray((low[..., c] * 255).astype(np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
            total[..., c] += weight * np.asarray(one, np.float64)
    total -= total.min()
    return (total / max(total.max(), 1) * 255).astype(np.uint8)


def drawing(width, height):
    """Lines and flat colours; no symmetry, so that every turn of it is another picture."""
    image = Image.new("RGB", (width, height), (250, 244, 230))
    draw = ImageDraw.Draw(image)
    draw.rectangle((1, 1, width // 2, height // 3), fill=(200, 30, 40))
    draw.ellipse((width // 2, height // 2, width - 2, height - 2), fill=(20, 90, 200), outline=(0, 0, 0))
    draw.line((0, height - 1, width - 1, 0), fill=(10, 160, 60), width=2)
    draw.line((0, height // 2, width // 3, height - 1), fill=(0, 0, 0))
    return np.asarray(image)


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def png(samples, bits, colour, interlaced=False, before=()):
    """A PNG of samples [h, w, channels], with what Pillow does not write: few or 16 bits, Adam7, any filter, other chunks."""
    height, width, channels = samples.shape
    rows, bpp = bytearray(), max(1, bits * channels // 8)
    passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
    turn = 0
    for x0, y0, dx, dy in passes:
        part = samples[y0::dy, x0::dx]
        if part.size == 0:
            continue
        last = None
        for row in part:
            flat = row.reshape(-1)
            if bits == 16:
                line = flat.astype(">u2").tobytes()
            elif bits == 8:
                line = flat.astype(np.uint8).tobytes()
            else:
                packed = "".join(format(int(v), f"0{bits}b") for v in flat)
                packed += "0" * (-len(packed) % 8)
                line = bytes(int(packed[i : i + 8], 2) for i in range(0, len(packed), 8))
            last = last or bytes(len(line))
            kind = turn % 5
            turn += 1
            rows.append(kind)
            for i, value in enumerate(line):
                a = line[i - bpp] if i >= bpp else 0
                b = last[i]
                c = last[i - bpp] if i >= bpp else 0
                p = a + b - c
                paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
                rows.append((value - [0, a, b, (a + b) // 2, paeth][kind]) & 255)
            last = line
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, int(interlaced))
    content = zlib.compress(bytes(rows), 9)
    half = len(content) // 2
    parts = chunk(b"IDAT", content[:half]) + chunk(b"IDAT", content[half:])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(before) + parts + chunk(b"IEND", b"")


def saved(array, kind, mode=None, **options):
    out = io.BytesIO()
    image = array if isinstance(array, Image.Image) else Image.fromarray(array)
    (image if mode is None else image.convert(mode)).save(out, kind, **options)
    return out.getvalue()


def exif(orientation):
    tags = Image.Exif()
    tags[0x010F] = "Retrace"
    tags[0x0112] = orientation
    return tags.tobytes()


def odd_profile():
    """A profile in which red and green have changed places: who applies it is found out."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes(12)  # When it was made.
    for i in range(int.from_bytes(profile[128:132], "big")):
        at = 132 + 12 * i
        swapped = {b"rXYZ": b"gXYZ", b"gXYZ": b"rXYZ"}.get(bytes(profile[at : at + 4]))
        if swapped:
            profile[at : at + 4] = swapped
    return bytes(profile)


def ycck(array):
    """A JPEG in YCCK, as Photoshop writes them: components are made by hand, and the Adobe marker says what they are."""
    inverted = 255 - np.asarray(Image.fromarray(array).convert("CMYK"))
    inverted[..., 3] = 255 - (array.min(axis=2) // 4)
    ycc = np.asarray(Image.fromarray(inverted[..., :3].copy()).convert("YCbCr"))
    stored = np.dstack([ycc, inverted[..., 3]])
    content = bytearray(saved(Image.fromarray(255 - stored, "CMYK"), "JPEG", quality=92, subsampling=0))
    at = content.index(b"Adobe")
    assert content[at + 11] == 0
    content[at + 11] = 2
    return bytes(content)


def without_adobe(content):
    at = content.index(b"Adobe") - 4
    return content[:at] + content[at + 16 :]


def gif(width, height, screen, at, indices, palette, transparent=None, interlaced=False, background=0, bits=8, clears=True):
    """A GIF of one frame that need not cover its screen, which Pillow does not write; each index is a code of its own, and the table is cleared often or never."""
    head = b"GIF89a" + struct.pack("<HHBBB", *screen, 0xF0 | (bits - 1), background, 0) + palette
    control = b"" if transparent is None else b"\x21\xf9\x04" + struct.pack("<BHBB", 1, 0, transparent, 0)
    frame = b"\x2c" + struct.pack("<HHHHB", *at, width, height, 0x40 if interlaced else 0)
    rows = list(range(height))
    if interlaced:
        rows = [*range(0, height, 8), *range(4, height, 8), *range(2, height, 4), *range(1, height, 2)]
    number, at, size, entries = 0, 0, 9, None
    for i, index in enumerate(indices[rows].reshape(-1)):
        if i == 0 or (clears and i % 200 == 0):
            number |= 256 << at
            at, size, entries = at + size, 9, None
        number |= int(index) << at
        at += size
        # Whoever reads this has made an entry of every code but the first, and codes grow with their number, to 12 bits.
        entries = 258 if entries is None else entries + 1
        size = max(9, min(12, entries.bit_length()))
    number |= 257 << at
    content = number.to_bytes((at + size + 7) // 8, "little")
    blocks = b"".join(bytes([len(content[i : i + 255])]) + content[i : i + 255] for i in range(0, len(content), 255))
    return head + control + frame + bytes([8]) + blocks + b"\0;"


files = {}
small = photo(45, 33)
flat = drawing(41, 27)
files["photo.jpg"] = saved(small, "JPEG", quality=88)
files["photo_444.jpg"] = saved(photo(37, 29), "JPEG", quality=95, subsampling=0)
files["photo_422_restarts.jpg"] = saved(photo(50, 31), "JPEG", quality=80, subsampling=1, restart_marker_blocks=2)
files["progressive.jpg"] = saved(small, "JPEG", quality=70, progressive=True)
files["drawing.jpg"] = saved(flat, "JPEG", quality=60)
files["grey.jpg"] = saved(small, "JPEG", mode="L", quality=85)
files["rgb.jpg"] = saved(flat, "JPEG", quality=85, keep_rgb=True)
files["cmyk.jpg"] = saved(small, "JPEG", mode="CMYK", quality=90)
files["cmyk_key.jpg"] = saved(Image.fromarray(photo(30, 40, 4), "CMYK"), "JPEG", quality=90)
files["cmyk_no_adobe.jpg"] = without_adobe(files["cmyk_key.jpg"])
files["ycck.jpg"] = ycck(small)
files["large.jpg"] = saved(photo(300, 200), "JPEG", quality=55)
files["tall.jpg"] = saved(photo(37, 211), "JPEG", quality=75)
files["one.jpg"] = saved(photo(1, 1), "JPEG", quality=75)
files["profile.jpg"] = saved(flat, "JPEG", quality=90, icc_profile=odd_profile())
turned = drawing(24, 17)
for orientation in range(1, 9):
    files[f"exif{orientation}.jpg"] = saved(turned, "JPEG", quality=90, exif=exif(orientation))
files["exif6.png"] = saved(turned, "PNG", exif=exif(6))
files["exif5.webp"] = saved(turned, "WEBP", lossless=True, exif=exif(5))

alpha = photo(33, 20, 4)
alpha[:6, :, 3] = 0
alpha[6:9, :, 3] = 255
files["rgb.png"] = saved(small, "PNG")
files["rgba.png"] = saved(alpha, "PNG")
files["la.png"] = saved(Image.merge("LA", [Image.fromarray(alpha[..., 0]), Image.fromarray(alpha[..., 3])]), "PNG")
files["l.png"] = saved(small, "PNG", mode="L")
files["one_bit.png"] = saved(flat, "PNG", mode="1")
palette = Image.fromarray(flat).quantize(13)
files["p.png"] = saved(palette, "PNG", bits=4)
files["p_transparent.png"] = saved(palette, "PNG", transparency=bytes([0, 128, 255, 3]))
files["rgb_transparent.png"] = saved(flat, "PNG", transparency=(250, 244, 230))
files["l_transparent.png"] = saved(flat, "PNG", mode="L", transparency=61)
files["profile.png"] = saved(flat, "PNG", icc_profile=odd_profile())
files["gamma.png"] = png(flat, 8, 2, before=[chunk(b"gAMA", struct.pack(">I", 100000))])
files["interlaced.png"] = png(photo(21, 19), 8, 2, interlaced=True)
files["interlaced_few.png"] = png(photo(3, 2), 8, 2, interlaced=True)
files["interlaced_p.png"] = png(np.asarray(palette)[..., None] & 3, 2, 3, interlaced=True, before=[chunk(b"PLTE", bytes(palette.getpalette()[:12]))])
files["grey2.png"] = png(photo(19, 9, 1) >> 6, 2, 0)
files["grey4.png"] = png(photo(19, 9, 1) >> 4, 4, 0)
deep = rng.integers(0, 65536, (11, 13, 4), dtype=np.uint16)
deep[0, :, 3] = 0
files["deep_rgb.png"] = png(deep[..., :3], 16, 2)
files["deep_rgba.png"] = png(deep, 16, 6)
files["deep_grey.png"] = png(deep[..., :1], 16, 0)
files["deep_la.png"] = png(deep[..., 2:], 16, 4)
files["one.png"] = saved(photo(1, 1), "PNG")
files["thin.png"] = saved(photo(3, 500) & 0xF8, "PNG")
files["wide.png"] = saved(drawing(500, 9), "PNG")
files["tall.png"] = saved(drawing(37, 211), "PNG")

files["lossy.webp"] = saved(small, "WEBP", quality=80)
files["lossless.webp"] = saved(flat, "WEBP", lossless=True)
files["alpha_lossy.webp"] = saved(alpha, "WEBP", quality=80)
files["alpha_lossless.webp"] = saved(alpha, "WEBP", lossless=True, exact=True)
files["profile.webp"] = saved(flat, "WEBP", lossless=True, icc_profile=odd_profile())
frames = [Image.fromarray(drawing(30, 20)), Image.fromarray(photo(30, 20)), Image.fromarray(255 - drawing(30, 20))]
files["animated.webp"] = saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)

files["plain.gif"] = saved(palette, "GIF")
files["photo.gif"] = saved(Image.fromarray(photo(64, 40)).quantize(256), "GIF")
files["transparent.gif"] = saved(palette, "GIF", transparency=2)
files["animated.gif"] = saved(frames[0].quantize(9), "GIF", save_all=True, append_images=[f.quantize(12) for f in frames[1:]])
files["one.gif"] = saved(Image.fromarray(photo(1, 1)).quantize(2), "GIF")
colours = rng.integers(0, 256, 768, dtype=np.uint8).tobytes()
indices = rng.integers(0, 256, (17, 14), dtype=np.uint8)
files["interlaced.gif"] = gif(14, 17, (14, 17), (0, 0), indices, colours, interlaced=True)
files["never_cleared.gif"] = gif(80, 70, (80, 70), (0, 0), rng.integers(0, 256, (70, 80), dtype=np.uint8), colours, clears=False)
files["inside.gif"] = gif(14, 17, (30, 25), (9, 5), indices, colours, background=7)
files["inside_transparent.gif"] = gif(14, 17, (30, 25), (9, 5), indices, colours, transparent=3, background=7)
files["past_palette.gif"] = gif(14, 17, (14, 17), (0, 0), indices & 7, colours[:12], bits=2)
files["outside.gif"] = gif(14, 17, (12, 10), (4, 2), indices, colours)


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def opened(content):
    image = Image.open(io.BytesIO(content))
    if image.mode.startswith("I;16"):
        return (np.asarray(image) >> 8).astype(np.uint8)[..., None].repeat(3, axis=2)
    return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


SIZE = 32
processors = {
    "vit": (ViTImageProcessorPil, {"size": {"height": SIZE, "width": SIZE}}),
    "deit": (DeiTImageProcessorPil, {"size": {"height": 37, "width": 37}, "crop_size": {"height": SIZE, "width": SIZE}}),
    "bit": (BitImageProcessorPil, {"size": {"shortest_edge": 36}, "crop_size": {"height": SIZE, "width": SIZE}}),
    "bit_padded": (BitImageProcessorPil, {"size": {"shortest_edge": 21}, "crop_size": {"height": SIZE, "width": SIZE}, "resample": 1}),
    "crop": (BitImageProcessorPil, {"do_resize": False, "crop_size": {"height": SIZE, "width": SIZE}}),
    "convnext": (ConvNextImageProcessorPil, {"size": {"shortest_edge": SIZE}}),
    "vit_plain": (ViTImageProcessorPil, {"size": {"height": SIZE, "width": SIZE}, "resample": 0, "do_normalize": False}),
    "vit_odd": (ViTImageProcessorPil, {"size": {"height": SIZE, "width": SIZE}, "resample": 5, "rescale_factor": 1 / 127.5, "image_mean": [1, 1.1, 0.9], "image_std": [0.9, 1, 1.3]}),
}

records = []
for name, content in files.items():
    pixels = opened(content)
    record = {"name": name, "width": pixels.shape[1], "height": pixels.shape[0], "sha256": sha256(pixels.tobytes())}
    # Where a checksum differs, these say by how much.
    y, x = pixels.shape[0] // 2, pixels.shape[1] // 3
    records.append({**record, "x": x, "y": y, "rgb": pixels[y, x].tolist()})

prepared = []
for name in ["rgb.png", "tall.png", "wide.png", "one.png", "thin.png", "lossless.webp", "photo.gif", "exif6.png", "photo.jpg", "large.jpg", "tall.jpg", "exif7.jpg", "lossy.webp", "cmyk.jpg"]:
    image = Image.fromarray(opened(files[name]))
    for key, (kind, options) in processors.items():
        bytes_of = kind(**{**options, "do_rescale": False, "do_normalize": False})
        rgb = np.asarray(bytes_of(image, return_tensors="np")["pixel_values"][0]).transpose(1, 2, 0)
        assert rgb.dtype == np.uint8 and rgb.shape == (SIZE, SIZE, 3)
        values = np.asarray(kind(**options)(image, return_tensors="np")["pixel_values"][0])
        assert values.dtype == np.float32
        record = {"name": name, "processor": key, "rgb_sha256": sha256(rgb.tobytes()), "pixel_values_sha256": sha256(values.tobytes()), "first": [float(v) for v in values[:, 5, 7]]}
        prepared.append(record)


def drawn(width, height):
    """The same numbers as `drawn` of resample.test.ts: half noise, half slopes."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    noise = (x * 2654435761 + y * 40503 + c * 977 + x * y * 7919) >> 5
    return np.where((x // 8 + y // 8) % 2 == 0, noise & 255, (x * 5 + y * 3 + c * 80) & 255).astype(np.uint8)


sizes = [((37, 211), (32, 32)), ((1, 1), (16, 16)), ((3, 500), (24, 24)), ((300, 200), (48, 48)), ((20, 30), (64, 48)), ((45, 33), (45, 20)), ((45, 33), (22, 33)), ((33, 33), (33, 33)), ((64, 48), (1, 1)), ((223, 225), (224, 224))]
boxes = [((64, 48), (20, 20), (3, 5, 60, 47)), ((64, 48), (32, 32), (0.5, 1.25, 40.75, 30)), ((64, 48), (64, 48), (1, 0, 64, 48)), ((300, 200), (31, 17), (10, 20, 290, 25)), ((30, 30), (30, 12), (0, 4, 30, 16))]
resampled = []
for of, to, box in [*((of, to, None) for of, to in sizes), *boxes]:
    image = Image.fromarray(drawn(*of))
    for resample in range(6):
        out = image.resize(to, Image.Resampling(resample), box=box)
        resampled.append({"of": of, "to": to, "box": box, "resample": resample, "sha256": sha256(np.asarray(out).tobytes())})

FOLDER.mkdir(exist_ok=True)
for old in FOLDER.iterdir():
    old.unlink()
for name, content in files.items():
    (FOLDER / name).write_bytes(content)
settings = {key: {"image_processor_type": kind.__name__[:-3], **options} for key, (kind, options) in processors.items()}
plain = lambda processor: json.loads(processor.to_json_string())  # noqa: E731
kinds = [ViTImageProcessorPil, DeiTImageProcessorPil, BitImageProcessorPil, CLIPImageProcessorPil, BeitImageProcessorPil, SiglipImageProcessorPil, ConvNextImageProcessorPil]
# What a file says, and what Transformers reads of it, defaults included: old files, new files, and those that leave things out.
read = [({"image_processor_type": kind.__name__[:-3]}, kind) for kind in kinds] + [
    ({"feature_extractor_type": "ViTFeatureExtractor", "size": 384, "resample": 3}, ViTImageProcessorPil),
    ({"feature_extractor_type": "DeiTFeatureExtractor", "size": 438, "crop_size": 384, "image_mean": [0.485, 0.456, 0.406]}, DeiTImageProcessorPil),
    ({"image_processor_type": "BitImageProcessor", "size": 256, "crop_size": 200, "do_normalize": False}, BitImageProcessorPil),
    ({"image_processor_type": "ConvNextImageProcessorFast", "size": 224, "crop_pct": 0.9}, ConvNextImageProcessorPil),
    ({"image_processor_type": "ViTImageProcessorFast", "size": {"height": 96, "width": 96}, "do_rescale": False}, ViTImageProcessorPil),
]
read = [{"file": file, "read": plain(kind.from_dict(file))} for file, kind in read]


def pcg(value):
    """src/random/counter.ts."""
    state = (value * 747796405 + 2891336453) & 0xFFFFFFFF
    word = (((state >> ((state >> 28) + 4)) ^ state) * 277803737) & 0xFFFFFFFF
    return ((word >> 22) ^ word) & 0xFFFFFFFF


def drawn_box(width, height, min_scale, key):
    """torchvision's own code, over the numbers of the counter generator from the second on."""
    index = iter(range(1, 1000))
    uniform = lambda: (pcg(pcg((next(index) + key) & 0xFFFFFFFF) ^ key) >> 8) / 2**24  # noqa: E731

    class Empty:
        def uniform_(self, low, high):
            return torch.tensor([float(low) + (float(high) - float(low)) * uniform()], dtype=torch.float64)

    empty, randint = torch.empty, torch.randint
    torch.empty, torch.randint = lambda _: Empty(), lambda low, high, size: torch.tensor([low + int(uniform() * (high - low))])
    try:
        top, left, h, w = RandomResizedCrop.get_params(Image.new("L", (width, height)), (min_scale, 1.0), (3 / 4, 4 / 3))
    finally:
        torch.empty, torch.randint = empty, randint
    return {"left": left, "top": top, "width": w, "height": h}


shapes = [(224, 224), (500, 333), (37, 211), (3, 500), (700, 20), (1, 1), (2, 3)]
crops = []
for i in range(60):
    (width, height), min_scale, key = shapes[i % len(shapes)], [0.08, 0.35, 1.0][i % 3], int(rng.integers(0, 2**32))
    crops.append({"width": width, "height": height, "min_scale": min_scale, "key": key, "box": drawn_box(width, height, min_scale, key)})
lines = ",\n".join(
    f"{json.dumps(key)}: [\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]"
    for key, rows in {"pictures": records, "prepared": prepared, "resampled": resampled, "read": read, "crops": crops}.items()
)
(HERE / "pictures.json").write_text(
    "{\n" + f'"size": {SIZE},\n"processors": {json.dumps(settings)},\n' + lines + "\n}\n"
)
print(len(files), "pictures,", sum(map(len, files.values())), "bytes;", (HERE / "pictures.json").stat().st_size, "bytes of facts")
