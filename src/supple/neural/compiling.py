"""Whether the training step is compiled, and why; said in a sentence.

Compiling pays when the run is long: it takes half a minute and makes a step about twice as fast.
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


def maybe_compile(function: Callable[..., Any], choice: Choice, steps: int) -> tuple[Callable[..., Any], str]:
    """The function, compiled or not, and the sentence that says so."""
    if choice == "never":
        return function, "Training runs uncompiled, as asked for."
    if choice == "auto" and steps < _WORTHWHILE:
        return function, f"Training runs uncompiled: {steps} steps are too few to pay for compiling."
    if not (shutil.which(os.environ.get("CXX", "c++")) or shutil.which("g++") or shutil.which("clang++")):
        return function, "Training runs uncompiled, about half as fast: no C++ compiler was found (install g++)."
    return torch.compile(
        function, dynamic=False
    ), "The training step is being compiled; this takes about half a minute."
