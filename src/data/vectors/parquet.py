"""Records parquet.json beside it: small Parquet files as pyarrow writes them, one for each codec and version of pages, and their rows.

    python src/data/vectors/parquet.py

Needs pyarrow. Cells are what Retrace shows: null is empty, floats are written as Python writes them, lists as JSON.
"""

import base64
import datetime
import decimal
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

# Types whose digits are easily lost, each value as Python writes it.
moment = datetime.datetime(2024, 1, 2, 3, 4, 5, 678901)
decimals = [decimal.Decimal("1.10"), decimal.Decimal("-0.05"), None, decimal.Decimal("1234567.89")]
long = [decimal.Decimal("12345678901234567890.123456789"), decimal.Decimal("12345678901234567890.123456788"), decimal.Decimal("0.000000001"), None]
singles = [0.1, None, 1.0, 3.3333333]
types = {
    "decimal": pa.array(decimals, pa.decimal128(9, 2)),
    "long": pa.array(long, pa.decimal128(38, 9)),
    "date": pa.array([moment.date(), None, datetime.date(1960, 2, 29), moment.date()]),
    "ms": pa.array([moment.replace(microsecond=678000), None, datetime.datetime(1960, 1, 1), moment.replace(microsecond=0)], pa.timestamp("ms")),
    "us": pa.array([moment, None, datetime.datetime(1960, 1, 1, 0, 0, 0, 1), moment + datetime.timedelta(microseconds=1)], pa.timestamp("us")),
    "single": pa.array(singles, pa.float32()),
    "unsigned": pa.array([2**64 - 1, 0, None, 2**53 + 1], pa.uint64()),
}


def moments(of, unit):
    return ["" if at is None else at.isoformat(timespec="microseconds" if unit == "us" and at.microsecond % 1000 else "milliseconds") + "Z" for at in of]


texts_of = {
    "decimal": ["" if d is None else format(d, "f") for d in decimals],
    "long": ["" if d is None else format(d, "f") for d in long],
    "date": ["" if d is None else d.isoformat() for d in types["date"].to_pylist()],
    "ms": moments(types["ms"].to_pylist(), "ms"),
    "us": moments(types["us"].to_pylist(), "us"),
    "single": ["" if f is None else repr(f) for f in singles],
    "unsigned": ["" if u is None else str(u) for u in types["unsigned"].to_pylist()],
}
out = io.BytesIO()
pq.write_table(pa.table(types), out, compression="none")
of_types = {"columns": list(types), "rows": [list(row) for row in zip(*texts_of.values())], "file": base64.b64encode(out.getvalue()).decode()}

path = pathlib.Path(__file__).with_name("parquet.json")
path.write_text(json.dumps({"columns": columns, "rows": rows, "files": files, "types": of_types}, indent=0) + "\n", encoding="utf-8")
print(f"{len(files)} files in {path.name}, {path.stat().st_size} bytes")
