"""Whether a training step is compiled, and a note for the user about it.

A network may have compiled loops of its own. Others are handed to torch's compiler if the run is long enough: compiling takes about
a minute and makes a step about twice as fast.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import Any

import torch

from supple.models.neural.options import CompileChoice

#: Number of steps from which 'auto' compiles.
_WORTHWHILE_STEPS = 10_000
#: Printed before compiled loops are used.
LOOPS_NOTE = "Training runs in compiled loops."


def maybe_compile(
    function: Callable[..., Any],
    choice: CompileChoice,
    steps: int,
    note: Callable[[str], None],
    has_loops: bool = False,
    suits_compiler: bool = True,
) -> Callable[..., Any]:
    """The function, compiled or not; `note` receives a sentence about the choice. If compiling fails, it runs uncompiled.

    Args:
        function: what a step computes.
        choice: the user's choice.
        steps: number of steps of the training.
        note: receives sentences for the user.
        has_loops: whether the network runs in compiled loops of its own.
        suits_compiler: whether torch's compiler can be used for it at all.
    """
    if choice == "never":
        note("Training runs uncompiled, as requested.")
        return function
    if has_loops:
        note(LOOPS_NOTE)
        return function
    if not suits_compiler:
        note("Training runs uncompiled: torch's compiler cannot be used for this network on a CPU.")
        return function
    if choice == "auto" and steps < _WORTHWHILE_STEPS:
        note(f"Training runs uncompiled, since compiling does not pay off for {steps} steps.")
        return function
    if not any(shutil.which(compiler) for compiler in (os.environ.get("CXX", "c++"), "g++", "clang++")):
        note("Training runs uncompiled, about half as fast: no C++ compiler was found (install g++).")
        return function
    note("Training runs in a compiled step (the first use compiles, about a minute).")
    return _WithFallback(function, torch.compile(function, dynamic=False), note)


class _WithFallback:
    """Calls the compiled function, or the plain one if compiling fails at the first call."""

    def __init__(self, plain: Callable[..., Any], compiled: Callable[..., Any], note: Callable[[str], None]) -> None:
        self.plain, self.compiled, self.note = plain, compiled, note
        self.chosen: Callable[..., Any] | None = None

    def __call__(self, *arguments: Any) -> Any:
        if self.chosen is not None:
            return self.chosen(*arguments)
        try:
            result = self.compiled(*arguments)
            self.chosen = self.compiled
        except Exception as error:  # compilers fail in many ways, and no failure should end the training
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            self.note(f"Training runs uncompiled, about half as fast: compiling failed ({reason[:150]}).")
            self.chosen = self.plain
            result = self.plain(*arguments)
        return result
