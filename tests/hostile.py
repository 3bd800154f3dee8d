"""Files that mean harm, for any reader to be tried on."""

import os
import pickle
import subprocess
import zipfile
from pathlib import Path


class Program:
    """What starts a program where it is unpickled."""

    def __reduce__(self):
        return (subprocess.Popen, (["touch", "/tmp/was-here"],))


def hostile_files() -> dict[str, bytes]:
    """Contents that any reader may be given, whatever the file is called."""
    return {
        "empty": b"",
        "page": b"<!doctype html><img src='file:///etc/passwd'>",
        "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n{} loop\n",
        "pickle": pickle.dumps(Program(), protocol=2),
        "newer-pickle": pickle.dumps({"state_dict": Program()}, protocol=4),
        "zeros": bytes(1000),
        "ones": b"\xff" * 1000,
        "nested": b"[" * 100_000,
        "include": b"[data]\nsource = 'folder'\nfolder = 'file:///etc'\n",
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg'><image href='http://127.0.0.1:1/'/></svg>",
    }


def make_hostile(folder: Path, suffix: str) -> list[Path]:
    """Hostile files that end in `suffix`, and a pipe, a device, a folder and links of that name."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in hostile_files().items():
        (folder / f"{name}{suffix}").write_bytes(content)
    with zipfile.ZipFile(folder / f"archive{suffix}", "w") as archive:
        archive.writestr("a/data.pkl", pickle.dumps(Program(), protocol=2))
        archive.writestr("../../outside", b"x")
    with zipfile.ZipFile(folder / f"script{suffix}", "w") as archive:
        for name in ("a/data.pkl", "a/constants.pkl", "a/code/__torch__.py"):
            archive.writestr(name, b"import os; os.system('true')")
    os.mkfifo(folder / f"pipe{suffix}")
    (folder / f"device{suffix}").symlink_to("/dev/zero")
    (folder / f"circle{suffix}").symlink_to(folder / f"circle{suffix}")
    (folder / f"folder{suffix}").mkdir()
    (folder / f"gone{suffix}").symlink_to(folder / "nowhere")
    return sorted(folder.iterdir())
