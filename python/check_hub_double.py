"""Has huggingface_hub, which knows the real hub, judge the double that Retrace's tests talk to: e2e/hub_double, started by scripts/hub_double.mjs on models
drawn here. Exit 1 where a call fails or gives other bytes.

Usage: python check_hub_double.py      Needs node, the packages of `npm install`, and huggingface_hub; reaches loopback alone.
"""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = Path(tempfile.mkdtemp(prefix="hub-double-"))
TOKEN = "hf_double"


def draw_model():
    folder = WORK / "org" / "drawn"
    (folder / "sub").mkdir(parents=True)
    (folder / "config.json").write_text('{"model_type": "bert", "architectures": ["BertModel"]}')
    (folder / "sub" / "notes.txt").write_text("two\nlines\n")
    (folder / "empty.txt").write_text("")
    head = b'{"w":{"dtype":"F32","shape":[1000],"data_offsets":[0,4000]}}'
    (folder / "model.safetensors").write_bytes(len(head).to_bytes(8, "little") + head + bytes(i % 251 for i in range(4000)))
    return folder


def start(folder, *flags):
    double = subprocess.Popen(
        ["node", str(ROOT / "scripts" / "hub_double.mjs"), *flags, str(folder)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    for line in double.stdout:
        found = re.search(r"HF_ENDPOINT=(\S+)", line)
        if found:
            return double, found.group(1)
    sys.exit("The double did not start.")


def same_files(one, other):
    names = {path.relative_to(one).as_posix() for path in one.rglob("*") if path.is_file()}
    assert names == {path.relative_to(other).as_posix() for path in other.rglob("*") if path.is_file()}, names
    for name in names:
        assert (one / name).read_bytes() == (other / name).read_bytes(), f"{name} has other bytes"


def refused(kind, call, status=None):
    try:
        call()
    except kind as error:
        assert status in (None, error.response.status_code), error
        return
    raise AssertionError(f"{kind.__name__} was expected")


def run_checks(double, checks):
    """Runs every check, [(name, function)], tells each, ends the double, and exits: 1 where one failed."""
    import huggingface_hub

    failed = 0
    try:
        for name, check in checks:
            try:
                check()
                print(f"ok      {name}")
            except Exception as error:  # noqa: BLE001 every failure is told, and the others still run
                failed += 1
                print(f"FAILED  {name}: {type(error).__name__}: {error}")
    finally:
        double.terminate()
    print(f"huggingface_hub {huggingface_hub.__version__}: {len(checks) - failed} of {len(checks)} hold")
    sys.exit(1 if failed else 0)


def check_reading(hub, folder):
    snapshot = Path(hub.snapshot_download("org/drawn"))
    same_files(folder, snapshot)
    info = hub.model_info("org/drawn", files_metadata=True)
    assert snapshot.name == info.sha, "the cache names another commit"
    by_name = {sibling.rfilename: sibling for sibling in info.siblings}
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    assert by_name["model.safetensors"].lfs.sha256 == digest and by_name["config.json"].lfs is None
    assert info.safetensors.total == 1000 and info.library_name == "transformers", info
    blobs = {path.name for path in snapshot.parent.parent.joinpath("blobs").iterdir()}
    assert digest in blobs and by_name["config.json"].blob_id in blobs, "blobs are named otherwise"
    tree = list(hub.list_repo_tree("org/drawn", recursive=True))
    assert {entry.path for entry in tree} == {"config.json", "empty.txt", "model.safetensors", "sub", "sub/notes.txt"}, tree
    metadata = hub.get_safetensors_metadata("org/drawn")
    assert list(metadata.files_metadata["model.safetensors"].tensors) == ["w"]
    path = hub.hf_hub_download("org/drawn", "sub/notes.txt", revision=info.sha)
    assert Path(path).read_text() == "two\nlines\n"
    assert [entry.path for entry in hub.get_paths_info("org/drawn", ["sub", "config.json", "none"])] == ["sub", "config.json"]
    assert [model.id for model in hub.list_models(search="draw", full=True)] == ["org/drawn"]
    assert hub.list_repo_refs("org/drawn").branches[0].target_commit == info.sha
    assert hub.whoami(token=TOKEN)["name"] == "double"


def check_refusals(hub, errors):
    refused(errors.EntryNotFoundError, lambda: hub.hf_hub_download("org/drawn", "none.txt"))
    refused(errors.RevisionNotFoundError, lambda: hub.hf_hub_download("org/drawn", "config.json", revision="none"))
    refused(errors.RepositoryNotFoundError, lambda: hub.model_info("org/none", token=TOKEN))
    # Over https the library takes this status for a repository that is not there; on loopback it is only itself.
    refused(errors.HfHubHTTPError, lambda: hub.model_info("org/none"), 401)
    refused(errors.HfHubHTTPError, lambda: hub.model_info("org/drawn", token="hf_wrong"), 401)
    refused(errors.HfHubHTTPError, lambda: hub.create_repo("double/refused", token=False), 401)


def check_writing(hub, errors, folder, kind):
    repo = f"double/made-{kind}"
    url = hub.create_repo(repo, repo_type=kind, token=TOKEN)
    assert url.repo_id == repo, url
    refused(errors.HfHubHTTPError, lambda: hub.create_repo(repo, repo_type=kind, token=TOKEN), 409)
    hub.create_repo(repo, repo_type=kind, token=TOKEN, exist_ok=True)
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n\n# Made\n")
    first = hub.upload_folder(repo_id=repo, repo_type=kind, folder_path=folder, token=TOKEN, ignore_patterns=["empty.txt"])
    assert first.oid == hub.repo_info(repo, repo_type=kind).sha, "main is elsewhere"
    back = Path(hub.snapshot_download(repo, repo_type=kind, ignore_patterns=[".gitattributes"], local_dir=WORK / f"back-{kind}"))
    for path in ("config.json", "model.safetensors", "sub/notes.txt", "README.md"):
        assert (back / path).read_bytes() == (folder / path).read_bytes(), path
    again = hub.upload_folder(repo_id=repo, repo_type=kind, folder_path=folder, token=TOKEN, ignore_patterns=["empty.txt"])
    assert again.oid == first.oid, "what is there was committed again"
    large = os.urandom(300_000)
    hub.upload_file(repo_id=repo, repo_type=kind, path_or_fileobj=large, path_in_repo="a/large.bin", token=TOKEN, parent_commit=first.oid)
    assert Path(hub.hf_hub_download(repo, "a/large.bin", repo_type=kind)).read_bytes() == large
    write = dict(repo_id=repo, repo_type=kind, path_or_fileobj=b"x", path_in_repo="x.txt", token=TOKEN)
    refused(errors.HfHubHTTPError, lambda: hub.upload_file(**write, parent_commit=first.oid), 412)
    hub.delete_file("sub/notes.txt", repo, repo_type=kind, token=TOKEN)
    assert "sub/notes.txt" not in hub.list_repo_files(repo, repo_type=kind)


def main():
    folder = draw_model()
    # Multipart from 100 kB, so that uploads in parts are judged too; pages of two entries; small files by a second address, as on the hub today.
    flags = ["--multipart-above", "100000", "--part-size", "65536", "--page-size", "2", "--resolve-cache"]
    double, endpoint = start(folder, *flags)
    os.environ.update(HF_ENDPOINT=endpoint, HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_TELEMETRY="1", HF_HOME=str(WORK / "home"))
    os.environ.pop("HF_TOKEN", None)
    os.environ.update(HF_HUB_DISABLE_PROGRESS_BARS="1", HF_HUB_DISABLE_IMPLICIT_TOKEN="1", NO_PROXY="127.0.0.1")
    from huggingface_hub import HfApi, errors

    hub = HfApi()
    checks = [
        ("reading", lambda: check_reading(hub, folder)),
        ("refusals", lambda: check_refusals(hub, errors)),
        ("uploads of a model", lambda: check_writing(hub, errors, folder, "model")),
        ("uploads of a data set", lambda: check_writing(hub, errors, folder, "dataset")),
    ]
    run_checks(double, checks)


if __name__ == "__main__":
    main()
