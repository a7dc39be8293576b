"""Records parquet.json beside it: small Parquet files as pyarrow writes them, one for each codec and version of pages, and their rows.

    python src/data/vectors/parquet.py

Needs pyarrow. Cells are what Retrace shows: null is empty, floats are written as Python writes them, lists as JSON.
"""

import base64
import io
import json
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

n = 50
texts = [None if i % 11 == 5 else f"text {i % 9} é 😀" for i in range(n)]
table = pa.table(
    {
        "text": texts,
        "label": pa.array([i % 3 - 1 for i in range(n)], pa.int64()),
        "score": pa.array([None if i % 7 == 0 else i / 4 for i in range(n)], pa.float64()),
        "vector": [[i, i + 1] if i % 2 else [] for i in range(n)],
        "kind": pa.array([f"k{i % 4}" for i in range(n)]).dictionary_encode(),
        "meta": [{"source": f"s{i % 2}", "ok": i % 2 == 0} for i in range(n)],
    }
)
columns = ["text", "label", "score", "vector", "kind", "meta.source", "meta.ok"]
rows = [
    [texts[i] or "", str(i % 3 - 1), "" if i % 7 == 0 else str(i / 4), json.dumps([i, i + 1], separators=(",", ":")) if i % 2 else "[]", f"k{i % 4}", f"s{i % 2}", "true" if i % 2 == 0 else "false"]
    for i in range(n)
]
files = {}


def write(name, **options):
    out = io.BytesIO()
    pq.write_table(table, out, row_group_size=30, **options)
    files[name] = base64.b64encode(out.getvalue()).decode()


for codec in ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]:
    write(f"{codec}, pages 1.0", compression=codec, data_page_version="1.0")
write("zstd, pages 2.0", compression="zstd", data_page_version="2.0")
write("none, pages 2.0", compression="none", data_page_version="2.0")
write("no dictionaries", use_dictionary=False)
write("deltas", use_dictionary=False, column_encoding={"text": "DELTA_BYTE_ARRAY", "label": "DELTA_BINARY_PACKED", "score": "BYTE_STREAM_SPLIT"})
# Pages that end at other rows in each column.
write("many pages", data_page_size=1, write_batch_size=7, use_dictionary=False)
write("many pages behind a dictionary, pages 2.0", data_page_size=1, write_batch_size=9, data_page_version="2.0", compression="zstd")

path = pathlib.Path(__file__).with_name("parquet.json")
path.write_text(json.dumps({"columns": columns, "rows": rows, "files": files}, indent=0) + "\n", encoding="utf-8")
print(f"{len(files)} files in {path.name}, {path.stat().st_size} bytes")
