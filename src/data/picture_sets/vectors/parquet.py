"""Records parquet.json beside it: pictures in Parquet files as the `datasets` library writes them, and by pyarrow with many pages.

    python src/data/picture_sets/vectors/parquet.py

Needs datasets and Pillow. Of each row: the name of its picture (null where it has none), its bytes by their SHA-256, and its label.
"""

import base64
import hashlib
import io
import json
import pathlib

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

datasets.disable_progress_bars()


def png(i):
    out = io.BytesIO()
    Image.new("RGB", (3, 2), (i, 10 * i % 256, 255 - i)).save(out, "PNG")
    return out.getvalue()


def digest(content):
    return None if content is None else hashlib.sha256(content).hexdigest()


n = 25
names = ["cat", "dog"]
pictures = [{"bytes": png(i), "path": f"{i % 20}.png"} for i in range(n)]
pictures[3] = None
pictures[7] = {"bytes": png(7), "path": None}
labels = [i % 2 for i in range(n)]
rows = [[None, None, names[i % 2]] if p is None else [p["path"], digest(p["bytes"]), names[i % 2]] for i, p in enumerate(pictures)]
features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=names)})
files = {}


def written(name, table, **options):
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    files[name] = base64.b64encode(out.getvalue()).decode()


whole = datasets.Dataset.from_dict({"image": pictures, "label": labels}, features=features)
out = io.BytesIO()
whole.to_parquet(out, batch_size=10)
files["by the datasets library, in groups of 10"] = base64.b64encode(out.getvalue()).decode()
table = whole.with_format("arrow")[:]
written("many pages", table, data_page_size=1, write_batch_size=3, use_dictionary=False, row_group_size=14)
written("pages 2.0, zstd, dictionaries", table, data_page_version="2.0", compression="zstd", data_page_size=1, write_batch_size=4)
plain = pa.table({"image": pa.array(pictures, pa.struct([("bytes", pa.binary()), ("path", pa.string())])), "label": [names[i] for i in labels]})
written("without a description", plain)
required = pa.struct([pa.field("path", pa.string()), pa.field("bytes", pa.binary(), nullable=False)])
some = [p for p in pictures if p is not None]
other = pa.table({"image": pa.array(some, required)}, schema=pa.schema([pa.field("image", required, nullable=False)]))


def describe(features):
    return {"huggingface": json.dumps({"info": {"features": features}})}


sound = pa.table({"audio": pa.array(some, pa.struct([("bytes", pa.binary()), ("path", pa.string())]))})
special = {}
for name, it in {
    "nothing may be missing, the path first": other,
    "sounds": sound.replace_schema_metadata(describe({"audio": {"_type": "Audio"}})),
    "bytes alone": pa.table({"image": pa.array([p["bytes"] for p in some], pa.binary())}).replace_schema_metadata(describe({"image": {"_type": "Image"}})),
    "a picture in every row": whole.select([i for i in range(n) if pictures[i] is not None]).with_format("arrow")[:],
    "paths alone": pa.table({"image": pa.array([{"bytes": None, "path": "a.png"}], pa.struct([("bytes", pa.binary()), ("path", pa.string())]))}),
}.items():
    written(name, it)
    special[name] = files.pop(name)
text = json.dumps({"made_with": f"datasets {datasets.__version__}, pyarrow {pa.__version__}", "rows": rows, "files": files, "special": special}, indent=1)
pathlib.Path(__file__).with_name("parquet.json").write_text(text + "\n")
