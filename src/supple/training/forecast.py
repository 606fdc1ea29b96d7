"""What a training will take in all, in sentences, before the user has to wait for it."""

from __future__ import annotations

import time
from collections.abc import Iterable

from supple.data.dataset import Dataset
from supple.models.settings import ModelSettings
from supple.models.sgdml.settings import SGDML
from supple.runtime.rounding import duration


def compilation_sentence(trained: Iterable[type[ModelSettings]]) -> str | None:
    """A sentence about loops that have to be compiled first; None if all are compiled already.

    Args:
        trained: settings classes of the models that are trained; the checks of the data use the kernel model besides.
    """
    kinds: set[type[ModelSettings]] = {SGDML, *trained}
    seconds = sum(kind.compilation_seconds() for kind in kinds)
    return f"Compiling the loops, once after an installation: about {duration(seconds)}." if seconds else None


def time_sentence(settings: ModelSettings, train: Dataset, valid: Dataset, started: float) -> str:
    """A sentence about the time that a training takes in all; may compile loops, and measure for a second or so.

    Args:
        settings: of the model.
        train, valid: training and validation frames.
        started: when, by `time.perf_counter`.
    """
    remaining = settings.estimate_cost(train, valid).seconds_on(settings.n_cores)
    seconds = time.perf_counter() - started + remaining
    return f"About {duration(seconds)} in all{', or less if training stops early' if settings.may_stop_early else ''}."
