"""Run the examples of the README: every ```python block, and every `supple` line of its ```console blocks.

They run in a temporary folder. Lines marked `# minutes` in the README take long: for
these the script only checks that the command exists, by its --help.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"```(console|python)\n(.*?)```", re.DOTALL)


def main() -> int:
    """Run all blocks in order; return the exit code of the first that fails, or 0."""
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    with tempfile.TemporaryDirectory() as folder:
        for kind, text in BLOCK.findall(README.read_text(encoding="utf-8")):
            for command in _commands(kind, text):
                print("+", shlex.join(command), flush=True)
                done = subprocess.run(command, cwd=folder, env=environment, check=False)
                if done.returncode:
                    return done.returncode
    return 0


def _commands(kind: str, text: str) -> list[list[str]]:
    if kind == "python":
        return [[sys.executable, "-c", text]]
    commands = []
    for row in text.splitlines():
        line, _, comment = row.removeprefix("$ ").partition("  #")
        words = shlex.split(line)
        if words and words[0] == "supple":
            commands.append([*words[:2], "--help"] if "minutes" in comment else words)
    return commands


if __name__ == "__main__":
    sys.exit(main())
