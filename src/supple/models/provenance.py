"""Provenance: how a force field was made."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, field_serializer, field_validator

from supple.data.units import Units
from supple.errors import printable
from supple.models.metrics import Metrics
from supple.runtime.validation import Count, NonNegative

#: A text that can be printed on a terminal, whatever a file holds.
PlainText = Annotated[str, AfterValidator(printable)]


class Provenance(BaseModel):
    """How a force field was made: enough to repeat it, and to recognise frames that it was trained on.

    Attributes:
        data_name, data_fingerprint, data_units: file, SHA-256 and units of the training data.
        seed: of the training; None where unknown.
        n_train, n_valid: numbers of training and validation frames.
        seen_frames: `Dataset.frame_hashes` of the training and validation frames.
        has_energies: whether the training frames had energies: those of the force field mean something only then.
        settings: all settings of the model, with the values that were chosen in place of 'auto'.
        versions: of Supple and of the libraries that the numbers depend on.
        validation: errors on the validation frames, in the units of the data; None before they are known.
        seconds: wall time of the training.
        peak_rss_bytes: peak memory of the training process.
        notes: sentences about the data and the training, for people.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    data_name: PlainText = "unnamed"
    data_fingerprint: PlainText = ""
    data_units: PlainText = str(Units())
    seed: int | None = None
    n_train: Count = 0
    n_valid: Count = 0
    seen_frames: tuple[str, ...] = Field(default=(), repr=False)
    has_energies: bool = True
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    versions: dict[PlainText, PlainText] = Field(default_factory=dict)
    validation: Metrics | None = None
    seconds: NonNegative = 0.0
    peak_rss_bytes: Count = 0
    notes: tuple[PlainText, ...] = ()

    @field_validator("validation", mode="before")
    @classmethod
    def _none_if_empty(cls, value: object) -> object:
        return value or None

    @field_serializer("validation")
    def _empty_if_none(self, value: Metrics | None) -> dict[str, Any]:
        return {} if value is None else value.to_dict()

    def usual_error(self, quantity: Literal["energy", "forces"]) -> float | None:
        """The root-mean-square validation error in eV, or of force components in eV/Å; None where it is not known."""
        summary = None if self.validation is None else self.validation.summaries.get(quantity)
        if summary is None:
            return None
        units = Units.parse(self.data_units)
        return summary.rmse * (units.energy_in_ev if quantity == "energy" else units.forces_in_ev_per_angstrom)

    def with_notes(self, *notes: str) -> Provenance:
        """The same with more notes."""
        return self.model_copy(update={"notes": (*self.notes, *notes)})
