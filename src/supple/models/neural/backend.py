"""What runs a training step, and why; said in a sentence.

A network may have compiled loops of its own. Others are handed to torch's compiler when the run is long enough: it takes half a
minute and makes a step about twice as fast.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import Any, Literal

import torch

Choice = Literal["auto", "always", "never"]
#: Steps from which on 'auto' compiles.
_WORTHWHILE = 10_000


def maybe_compile(
    function: Callable[..., Any], choice: Choice, steps: int, note: Callable[[str], None], in_loops: bool = False
) -> Callable[..., Any]:
    """The function, compiled or not; `note` hears which, and why. A compiler that fails is done without.

    Args:
        function: what a step computes.
        choice: whether to compile.
        steps: how many there will be.
        note: takes sentences.
        in_loops: whether its network runs in compiled loops of its own.
    """
    if choice == "never":
        note("Training runs uncompiled, as asked for.")
        return function
    if in_loops:
        note("Training runs in compiled loops (the first time on a machine, compiling them takes half a minute).")
        return function
    if choice == "auto" and steps < _WORTHWHILE:
        note(f"Training runs uncompiled: {steps} steps are too few to pay for compiling.")
        return function
    if not any(shutil.which(compiler) for compiler in (os.environ.get("CXX", "c++"), "g++", "clang++")):
        note("Training runs uncompiled, about half as fast: no C++ compiler was found (install g++).")
        return function
    note("The training step is being compiled; this takes about half a minute.")
    return _WithFallback(function, torch.compile(function, dynamic=False), note)


class _WithFallback:
    """Calls the compiled function; the plain one from the first call on, if that one fails to compile."""

    def __init__(self, plain: Callable[..., Any], compiled: Callable[..., Any], note: Callable[[str], None]) -> None:
        self.plain, self.compiled, self.note = plain, compiled, note
        self.chosen: Callable[..., Any] | None = None

    def __call__(self, *arguments: Any) -> Any:
        if self.chosen is not None:
            return self.chosen(*arguments)
        try:
            result = self.compiled(*arguments)
            self.chosen = self.compiled
        except Exception as error:  # compilers fail in many ways, none of which is worth losing the training for
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            self.note(f"Training runs uncompiled, about half as fast: compiling failed ({reason[:150]}).")
            self.chosen = self.plain
            result = self.plain(*arguments)
        return result
