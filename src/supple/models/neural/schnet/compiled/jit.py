"""Compilation of SchNet's loops, repeated whenever they or the products that they use have changed."""

from __future__ import annotations

from pathlib import Path

from supple.models.neural import compiled as shared
from supple.runtime.jit.compile_options import Compiler

_COMPILER = Compiler(Path(__file__).parent, Path(shared.__file__).parent)
compiled, inlined, part = _COMPILER.compiled, _COMPILER.inlined, _COMPILER.part
