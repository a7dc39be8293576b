"""Has huggingface_hub and Retrace's command line share one cache folder: what either of them has fetched the other finds without a request, at every
stage of a fetch, and after either has removed something. Models are drawn here and served by e2e/hub_double. Exit 1 where they disagree.

Usage: python check_hub_cache.py      Needs node, the packages of `npm install`, and huggingface_hub; reaches loopback alone.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

from check_hub_double import ROOT, WORK, draw_model, run_checks, start

ID = "org/drawn"
SMALL = ["config.json", "tokenizer.json", "vocab.txt"]


def retrace(home, endpoint, *args, code=0, token=""):
    env = {**os.environ, "HF_HOME": str(home), "HF_ENDPOINT": endpoint, "HF_HUB_OFFLINE": "", "HF_TOKEN": token}
    env.pop("HF_HUB_CACHE", None)
    done = subprocess.run(["node", str(ROOT / "bin" / "retrace.mjs"), *args, "--json"], env=env, capture_output=True, text=True)
    assert done.returncode == code, f"retrace {' '.join(args)}: {done.returncode}\n{done.stderr}"
    return [json.loads(line) for line in done.stdout.splitlines()]


class Judge:
    """One cache folder; `nobody` is an endpoint where nothing answers, so that whoever asks fails."""

    def __init__(self, name, endpoint, nobody):
        self.home = WORK / name
        self.cache = self.home / "hub"
        self.endpoint, self.nobody = endpoint, nobody

    def retrace(self, *args, asks=False, code=0):
        return retrace(self.home, self.endpoint if asks else self.nobody, *args, code=code)

    def python(self, call, *args, asks=False, **more):
        import huggingface_hub

        endpoint = self.endpoint if asks else self.nobody
        return getattr(huggingface_hub, call)(*args, cache_dir=self.cache, endpoint=endpoint, local_files_only=not asks, **more)

    def scan(self):
        from huggingface_hub import scan_cache_dir

        found = scan_cache_dir(self.cache)
        assert not found.warnings, found.warnings
        assert not found.incomplete_files, found.incomplete_files
        return {repo.repo_id: repo for repo in found.repos}


def python_first(judge, folder):
    snapshot = Path(judge.python("snapshot_download", ID, asks=True))
    [row] = judge.retrace("hub", "list")
    assert (row["id"], row["commit"], row["revisions"], row["whole"]) == (ID, snapshot.name, ["main"], True), row
    total = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert row["bytes"] == total, (row["bytes"], total)
    judge.retrace("hub", "fetch", ID)
    judge.retrace("hub", "fetch", f"{ID}@{snapshot.name}")
    judge.retrace("hub", "remove", ID)
    assert ID not in judge.scan()


def file_by_file(judge, folder):
    """As Transformers fetches: each file for itself, and no list of them."""
    for name in [*SMALL, "model.safetensors"]:
        judge.python("hf_hub_download", ID, name, asks=True)
    [row] = judge.retrace("hub", "list")
    assert row["whole"], row
    judge.retrace("hub", "fetch", ID)


def begun_by_python(judge, folder):
    judge.python("hf_hub_download", ID, "config.json", asks=True)
    [row] = judge.retrace("hub", "list")
    assert not row["whole"], row
    judge.retrace("hub", "fetch", ID, code=1)
    judge.retrace("hub", "fetch", ID, asks=True)
    judge.scan()
    assert Path(judge.python("hf_hub_download", ID, "model.safetensors")).read_bytes() == (folder / "model.safetensors").read_bytes()


def retrace_first(judge, folder):
    [fetched] = judge.retrace("hub", "fetch", ID, asks=True)
    repo = judge.scan()[ID]
    [revision] = repo.revisions
    assert (revision.commit_hash, revision.refs) == (fetched["commit"], {"main"}), revision
    assert {file.file_name for file in revision.files} == {*SMALL, "model.safetensors"}, revision.files
    snapshot = Path(judge.python("snapshot_download", ID))
    assert snapshot.name == fetched["commit"]
    for name in [*SMALL, "model.safetensors"]:
        assert Path(judge.python("hf_hub_download", ID, name)).read_bytes() == (folder / name).read_bytes(), name
        assert (snapshot / name).is_symlink(), name
    weights = os.stat(snapshot / "model.safetensors")
    # What is missing Python fetches beside it; what is there it leaves alone.
    judge.python("snapshot_download", ID, asks=True)
    assert os.stat(snapshot / "model.safetensors") == weights, "the weights were fetched again"
    judge.scan()
    judge.retrace("hub", "fetch", ID)


def planned_only(judge, folder):
    """The parts of a fetch that is under way."""
    judge.retrace("plan", "--model", "org/bert", asks=True)
    assert "org/bert" in judge.scan()
    parts = list(judge.cache.rglob("*.retrace-part"))
    assert len(parts) == 1, parts
    judge.retrace("plan", "--model", "org/bert")
    judge.python("snapshot_download", "org/bert", asks=True)
    judge.scan()
    rows = judge.retrace("hub", "list")
    assert [row["whole"] for row in rows] == [True], rows
    judge.retrace("hub", "fetch", "org/bert")


def removed_by_python(judge, folder):
    from huggingface_hub import scan_cache_dir

    [fetched] = judge.retrace("hub", "fetch", ID, asks=True)
    scan_cache_dir(judge.cache).delete_revisions(fetched["commit"]).execute()
    assert judge.retrace("hub", "list") == []
    judge.retrace("hub", "fetch", ID, asks=True)
    assert ID in judge.scan()


def without_links(judge, folder):
    os.environ["HF_HUB_DISABLE_SYMLINKS"] = "1"
    try:
        judge.retrace("hub", "fetch", ID, asks=True)
        snapshot = Path(judge.python("snapshot_download", ID))
        assert not (snapshot / "model.safetensors").is_symlink()
        judge.scan()
        judge.retrace("hub", "fetch", ID)
    finally:
        del os.environ["HF_HUB_DISABLE_SYMLINKS"]


def bert():
    """A model that can be planned, with weights of more than is read of them."""
    folder = WORK / "org" / "bert"
    folder.mkdir(parents=True)
    config = dict(hidden_size=64, num_hidden_layers=1, num_attention_heads=2, intermediate_size=128, vocab_size=30000)
    config.update(model_type="bert", max_position_embeddings=64, type_vocab_size=2)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\n")
    hidden, wide = 64, 128
    norm = lambda name: {f"{name}.weight": [hidden], f"{name}.bias": [hidden]}
    dense = lambda name, rows, columns: {f"{name}.weight": [rows, columns], f"{name}.bias": [rows]}
    layer = "encoder.layer.0"
    shapes = {f"embeddings.{kind}_embeddings.weight": [rows, hidden] for kind, rows in [("word", 30000), ("position", 64), ("token_type", 2)]}
    shapes |= norm("embeddings.LayerNorm") | norm(f"{layer}.attention.output.LayerNorm") | norm(f"{layer}.output.LayerNorm")
    for part in ("self.query", "self.key", "self.value", "output.dense"):
        shapes |= dense(f"{layer}.attention.{part}", hidden, hidden)
    shapes |= dense(f"{layer}.intermediate.dense", wide, hidden) | dense(f"{layer}.output.dense", hidden, wide) | dense("pooler.dense", hidden, hidden)
    header, at = {}, 0
    for name, shape in shapes.items():
        size = 4 * shape[0] * (shape[1] if len(shape) > 1 else 1)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + bytes(at))
    return folder


def main():
    folder = draw_model()
    for name in SMALL[1:]:
        (folder / name).write_text("{}" if name.endswith(".json") else "[PAD]\n")
    shutil.copytree(bert(), folder.parent / "served" / "bert")
    os.environ.update(HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1", NO_PROXY="127.0.0.1")
    os.environ.update(HF_HUB_DISABLE_IMPLICIT_TOKEN="1", HF_HOME=str(WORK / "python"))
    double, endpoint = start(folder, f"org/bert={folder.parent / 'served' / 'bert'}")
    nobody = "http://127.0.0.1:9"
    checks = [python_first, file_by_file, begun_by_python, retrace_first, planned_only, removed_by_python, without_links]

    def named(check):
        return check.__name__.replace("_", " "), lambda: check(Judge(check.__name__, endpoint, nobody), folder)

    run_checks(double, [named(check) for check in checks])


if __name__ == "__main__":
    main()
