"""Which model is trained where none is named: a rule from measured errors, docs/which-model.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from supple.data.dataset import Dataset
from supple.models.registry import MODELS, settings_class

#: From so many atoms, and so many training frames, on Bespoke has lower errors than sGDML.
ATOMS, FRAMES = 20, 800
_KERNEL, _NETWORK = "sgdml", "bespoke"


@dataclass(frozen=True)
class ModelChoice:
    """A kind of model, and why it was chosen, as a sentence."""

    kind: str
    reason: str

    @property
    def sentence(self) -> str:
        """For people."""
        return f"{settings_class(self.kind).display_name} is trained: {self.reason} --model chooses another."


def choose_model(dataset: Dataset, n_train: int, given: Mapping[str, object]) -> ModelChoice:
    """The kind of model to train.

    Args:
        dataset: the frames.
        n_train: number of training frames.
        given: the settings that the user gives; the model has all of them, if any does.
    """
    if dataset.forces is None:
        return ModelChoice(_KERNEL, "the data have energies alone, which no other model can learn.")
    best = _by_errors(dataset.n_atoms, n_train, given.get("baseline") is not None)
    kinds = dict.fromkeys((best.kind, _KERNEL, _NETWORK, *MODELS))
    able = next((kind for kind in kinds if set(given) <= set(settings_class(kind).model_fields)), best.kind)
    if able == best.kind:
        return best
    foreign = [name for name in given if name not in settings_class(best.kind).model_fields]
    return ModelChoice(able, f"{settings_class(best.kind).display_name} has no setting {' or '.join(foreign)}.")


def _by_errors(n_atoms: int, n_train: int, baseline: bool) -> ModelChoice:
    if baseline:
        return ModelChoice(_KERNEL, "differences to a baseline have been measured with it.")
    lower = "had the lowest errors of all models in measurements (docs/which-model.md)"
    if n_atoms >= ATOMS and n_train >= FRAMES:
        return ModelChoice(_NETWORK, f"with {ATOMS} atoms or more, and {FRAMES} training frames or more, it {lower}.")
    case = f"fewer than {ATOMS} atoms" if n_atoms < ATOMS else f"fewer than {FRAMES} training frames"
    return ModelChoice(_KERNEL, f"with {case} it {lower}.")
