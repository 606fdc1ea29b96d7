"""How the loops of this folder are compiled."""

from __future__ import annotations

from pathlib import Path

from supple.runtime.jit.compile_options import Compiler

_COMPILER = Compiler(Path(__file__).parent)
compiled, inlined, part = _COMPILER.compiled, _COMPILER.inlined, _COMPILER.part
