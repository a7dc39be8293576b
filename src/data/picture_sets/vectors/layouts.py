"""Records layouts.json beside it: what the `datasets` library's imagefolder makes of small trees of pictures.

    python src/data/picture_sets/vectors/layouts.py

Needs datasets and Pillow. A file ending in .png is a picture of one pixel; any other has the text that stands here.
"""

import json
import logging
import pathlib
import tempfile

import datasets
from PIL import Image

datasets.disable_progress_bars()
logging.disable(logging.CRITICAL)
CSV = "file_name,label,note\n1.png,cat,a\nsub/2.png,dog,\"b, c\"\n"
TREES = {
    "parts and classes": ["train/cat/1.png", "train/cat/2.png", "train/dog/1.png", "test/cat/3.png", "test/dog/4.png"],
    "three parts by other words": ["training/a/1.png", "training/b/1.png", "val/a/2.png", "val/b/2.png", "eval/a/3.png", "eval/b/3.png"],
    "classes without parts": ["cat/1.png", "cat/10.png", "cat/2.png", "dog/1.png", "Zebra/1.png", "ant/1.png"],
    "numbers sort as texts": ["10/a.png", "2/a.png", "1/a.png"],
    "a part that lacks a class": ["train/a/1.png", "train/b/1.png", "test/a/2.png"],
    "nested folders of one depth": ["animals/cat/1.png", "animals/dog/1.png", "plants/rose/1.png"],
    "a folder round the parts": ["data/train/a/1.png", "data/train/b/1.png", "data/test/a/2.png", "data/test/b/2.png"],
    "no classes": ["1.png", "2.png"],
    "no classes in parts": ["train/1.png", "test/2.png"],
    "files that hide": [".hidden/a/1.png", "cat/1.png", "cat/.2.png", "dog/1.png"],
    "metadata": {"metadata.csv": CSV, "1.png": "", "sub/2.png": "", "3.png": ""},
    "metadata as lines of JSON in parts": {
        "train/metadata.jsonl": '{"file_name": "1.png", "label": "cat"}\n{"file_name": "./2.png", "label": "dog"}\n',
        "train/1.png": "",
        "train/2.png": "",
        "test/metadata.jsonl": '{"file_name": "3.png", "label": "cat"}\n',
        "test/3.png": "",
    },
    "two columns of pictures": {"metadata.csv": "file_name,mask_file_name\n1.png,m/1.png\n", "1.png": "", "m/1.png": ""},
}


def recorded(tree):
    files = tree if isinstance(tree, dict) else dict.fromkeys(tree, "")
    with tempfile.TemporaryDirectory() as root, tempfile.TemporaryDirectory() as cache:
        for path, text in files.items():
            file = pathlib.Path(root, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            if path.endswith(".png"):
                Image.new("RGB", (1, 1)).save(file)
            else:
                file.write_text(text)
        splits = {}
        for name, split in datasets.load_dataset("imagefolder", data_dir=root, cache_dir=cache).items():
            features = split.features
            for column, feature in features.items():
                if isinstance(feature, datasets.Image):
                    split = split.cast_column(column, datasets.Image(decode=False))
            rows = []
            for row in split:
                cells = []
                for column, feature in features.items():
                    value = row[column]
                    if isinstance(feature, datasets.Image):
                        value = pathlib.Path(value["path"]).resolve().relative_to(pathlib.Path(root).resolve()).as_posix()
                    elif isinstance(feature, datasets.ClassLabel):
                        value = "" if value is None else feature.int2str(value)
                    cells.append(value)
                rows.append(cells)
            splits[name] = {"columns": list(features), "rows": rows}
    return {"files": files, "splits": splits}


out = {"made_with": f"datasets {datasets.__version__}", "trees": {name: recorded(tree) for name, tree in TREES.items()}}
pathlib.Path(__file__).with_name("layouts.json").write_text(json.dumps(out, indent=1, ensure_ascii=False) + "\n")
