"""Build the sdist, the wheel from it, and try the wheel in an environment of its own, with nothing but what it requires.

The wheel must have every file of src/supple, and the commands must work away from the repository.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
#: What a user does first; each must succeed.
COMMANDS = (
    ("supple", "--version"),
    ("python", "-m", "supple", "--help"),
    ("supple", "check", "glycine"),
    ("supple", "train", "glycine", "--train", "20", "--valid", "10", "--out", "g.safetensors",
     "--set", "metric=uniform", "--set", "sigma=20"),
    ("supple", "predict", "g.safetensors", "glycine"),
)  # fmt: skip


def missing_files(wheel: Path) -> list[str]:
    """The files of src/supple that are not in a wheel."""
    packed = set(zipfile.ZipFile(wheel).namelist())
    listed = subprocess.run(["git", "ls-files", "src/supple"], cwd=ROOT, check=True, capture_output=True, text=True)
    files = [line.removeprefix("src/") for line in listed.stdout.splitlines() if (ROOT / line).exists()]
    return [file for file in files if file not in packed]


def main() -> int:
    """Build, compare, install, run; 1 when files are missing."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Without further arguments, build makes the wheel from the sdist that it has just made.
        subprocess.run(
            [sys.executable, "-m", "build", "--outdir", folder / "dist", ROOT], check=True, stdout=subprocess.DEVNULL
        )
        (wheel,), (sdist,) = (list((folder / "dist").glob(pattern)) for pattern in ("*.whl", "*.tar.gz"))
        for made in (sdist, wheel):
            print(f"{made.name}: {made.stat().st_size / 1e6:.1f} MB")
        if missing := missing_files(wheel):
            print(f"{wheel.name} lacks {', '.join(missing)}")
            return 1
        venv.create(folder / "clean", with_pip=True)
        binaries = folder / "clean" / "bin"
        pip = [binaries / "python", "-m", "pip", "install", "--quiet", "-c", ROOT / "constraints.txt"]
        subprocess.run([*pip, wheel], check=True)
        size = sum(file.stat().st_size for file in (folder / "clean").rglob("*") if not file.is_symlink())
        print(f"installed, with all that it requires: {size / 1e6:.0f} MB")
        for command in COMMANDS:
            print("+", *command, flush=True)
            subprocess.run([binaries / command[0], *command[1:]], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return 0


if __name__ == "__main__":
    sys.exit(main())
