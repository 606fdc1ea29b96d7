"""Compilation of the network's loops, repeated whenever they, what they share with other networks, or the couplings have changed."""

from __future__ import annotations

from pathlib import Path

from supple.models.neural import compiled as shared
from supple.models.neural.bespoke import harmonics, pair_functions
from supple.runtime.jit.compile_options import Compiler

_FORMULAS = (Path(harmonics.__file__), Path(pair_functions.__file__))
_COMPILER = Compiler(Path(__file__).parent, Path(shared.__file__).parent, *_FORMULAS)
compiled, part = _COMPILER.compiled, _COMPILER.part
