"""Writing files atomically: a reader sees the old file or the new one, never half of one.

Links stay: what they point to is replaced. A device or pipe is written to. These functions replace any file; `output_files.py` decides
whether a command may.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supple.runtime.failures import naming
from supple.runtime.part_files import part_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path; its content replaces `path` when the block succeeds, and is removed when it fails.

    Raises:
        OSError: it cannot be written; the error names `path`, whichever library reported it.
    """
    with naming(Path(path)), _replacing(path) as temporary:
        yield temporary


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    path = Path(path)
    if is_stream(path):
        with tempfile.TemporaryDirectory() as folder:
            temporary = Path(folder) / "content"
            temporary.touch()
            yield temporary
            with temporary.open("rb") as content, path.open("wb") as stream:
                shutil.copyfileobj(content, stream)
        return
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = part_file(target)
    try:
        temporary.touch()
        permissions = (target if target.exists() else temporary).stat().st_mode
        yield temporary
        temporary.chmod(permissions)  # some writers create files that only their owner can read
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def is_stream(path: Path) -> bool:
    """Whether a path is a device or a pipe, which cannot be replaced."""
    try:
        mode = path.stat().st_mode
    except OSError:  # there is nothing, or the name cannot be that of a file
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def write_text(path: Path, text: str) -> None:
    """Replace a text file atomically."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a binary file atomically."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_json(path: Path, value: Any) -> None:
    """Replace a JSON file atomically."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def write_figure(stem: Path, figure: Figure) -> list[Path]:
    """Write a figure as `stem`.png, for screens, and `stem`.pdf, for papers; returns both paths in this order."""
    files = [stem.with_name(f"{stem.name}.{suffix}") for suffix in ("png", "pdf")]
    for file in files:
        draw(file, figure)
    return files


def draw(path: Path, figure: Figure) -> None:
    """Write a figure into one file; the ending chooses the format."""
    drawn = io.BytesIO()  # Matplotlib's own writing leaves traces of a full disk
    figure.savefig(drawn, format=path.suffix[1:], dpi=150)
    write_bytes(path, drawn.getvalue())


def copy_file(source: Path, target: Path) -> None:
    """Copy a file onto another atomically."""
    with replacing(target) as temporary:
        shutil.copyfile(source, temporary)


def drop_partial_line(path: Path) -> None:
    """Remove the incomplete last line that a killed process or a full disk left, if there is one."""
    with naming(path):
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(path, whole)


def stem(path: Path) -> str:
    """The name of a file without its extension and without .gz: `glycine` for glycine.xyz.gz."""
    return Path(Path(path).name.removesuffix(".gz")).stem


def plain(name: str, also: str = "-_") -> str:
    """A name with `_` in place of everything but letters, digits and some other characters, such as a file can have."""
    return "".join(c if c.isalnum() or c in also else "_" for c in name)
