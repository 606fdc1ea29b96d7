"""The energies in the comments of xyz frames, gathered frame by frame."""

from __future__ import annotations

import re
from array import array
from math import isfinite, isnan, nan

import numpy as np

from supple.data.reading.gather_extras import without_second_energy
from supple.data.reading.labels.infer_keys import Labels, require_free_energy
from supple.data.reading.labels.label_candidates import UnclearLabelsError
from supple.data.reading.read_request import ReadRequest
from supple.data.reading.text_numbers import parse_number
from supple.data.reading.xyz.errors import FrameError, Location
from supple.errors import DataError

#: A comment that is meant to be an energy, but is none: `-485,91`, `1_000`, `-485.9 eV`, `*****`; names of molecules are none.
_SPOILT = re.compile(
    r"[-+]?\d[\d.,_]*(?:[eEdD][-+]?\d+)?(?:\s*(?:m?eV|kcal/mol|kJ/mol|hartree|Ha|Eh|a\.?u\.?|Ry))?|0x[\da-f]+|\*+",
    re.IGNORECASE,
)


class EnergyGatherer:
    """Gathers energies frame by frame; every defect is reported to `request.defects`.

    Attributes:
        values: in the file's unit, NaN where unknown.
    """

    def __init__(self, request: ReadRequest) -> None:
        self.request = request
        self.values = array("d")
        self._unknown: list[tuple[int, str]] = []
        self._name: str | None = None
        self._counts = True
        self._unsmeared: str | None = None

    @property
    def has_any(self) -> bool:
        """Whether any frame states an energy."""
        return len(self._unknown) < len(self.values)

    def add(self, pairs: dict[str, str], comment: str, labels: Labels, location: Location) -> None:
        """Add the energy of a frame.

        Args:
            pairs: key=value pairs of its comment, if it has any.
            comment: as a whole; the energy itself in plain xyz.
            labels: the names of the labels among the pairs.
            location: of the frame.

        Raises:
            FrameError: the energy is not a number, or the free energy is none of electrons.
        """
        key = None if labels.energy is None else labels.energy.name
        text = None if self.request.keys.without_energy else comment.rstrip(",;")
        if pairs:
            text = None if key is None else pairs[key]
        value = None if text is None else parse_number(text)
        if value is None and text is not None and (key is not None or _SPOILT.fullmatch(text)):
            raise location.energy_not_a_number(text)
        if value is not None and labels.unsmeared is not None:
            self._unsmeared = labels.unsmeared
            beside = parse_number(pairs[labels.unsmeared])
            if beside is not None:
                self._require_free_energy(value, beside, labels, location)
        if value is None:
            self._unknown.append((location.frame, location.comment))
        elif not isfinite(value) and not (isnan(value) and self._nan_is_unknown):
            error = DataError(
                f"{location.file}: the energy of {location.comment} is {value}; remove the frame, or repeat the calculation."
            )
            self.request.defects.report(
                "missing-energy" if isnan(value) else "energy-not-finite", error, [location.frame]
            )
            value = None
        elif self.has_any and key != self._name:
            renamed = location.renamed("energy", self._name, key)
            self.request.defects.report("label-renamed", renamed, [location.frame])
        if value is not None:
            self._name = key
        self._counts = self._counts and not pairs and text is not None and text.isdecimal()
        self.values.append(nan if value is None else value)

    def report_doubtful(self, file: str) -> None:
        """Report comments that are the numbers of the frames, and frames without an energy if others have one.

        If no frame has an energy, that may be intended.
        """
        if self._counts and self.values and self.values[0] in (0, 1) and set(np.diff(self.values)) <= {1}:
            if self.request.requires_labels:
                unclear = UnclearLabelsError(
                    f"{file}: the comments ({self.values[0]:.0f}, {self.values[0] + 1:.0f} ...) look like the numbers of the "
                    "frames, not like their energies: write the energies there, or read the forces alone with --keys energy=none."
                )
                self.request.defects.report("labels-unclear", unclear)
            self._unknown = [(m, "") for m in range(len(self.values))]
            self.values = array("d", [nan]) * len(self.values)
        if not self.request.requires_labels or not self._unknown or not self.has_any:
            return
        error = DataError(
            f"{file}: {self._unknown[0][1]} has no energy in its comment, but other frames have one: add it, or remove "
            "the frames without one."
        )
        self.request.defects.report("missing-energy", error, [frame for frame, _ in self._unknown])

    def separated(self, extras: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The extras, with the energy beside a free energy under a name by which it is not taken for the energy."""
        return without_second_energy(extras, self._unsmeared, np.frombuffer(self.values))

    @staticmethod
    def _require_free_energy(value: float, beside: float, labels: Labels, location: Location) -> None:
        try:
            require_free_energy(value, beside, labels, location.file, location.comment)
        except UnclearLabelsError as error:
            raise FrameError("labels-unclear", error) from error

    @property
    def _nan_is_unknown(self) -> bool:
        return self.request.keys.energy is not None or not self.request.requires_labels
