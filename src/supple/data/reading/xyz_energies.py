"""The energies in the comments of xyz frames: found by name or by inference, gathered frame by frame."""

from __future__ import annotations

from array import array
from math import isfinite, isnan, nan

from supple.data.reading.read_request import ReadRequest
from supple.data.reading.xyz_comment import energy_name, parse_number
from supple.data.reading.xyz_errors import FrameError, Location
from supple.errors import DataError


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
        # comments are much alike: what was inferred from one is kept for the next
        self._names: dict[tuple[str, ...], str] = {}

    @property
    def has_any(self) -> bool:
        """Whether any frame states an energy."""
        return len(self._unknown) < len(self.values)

    def add(self, pairs: dict[str, str], comment: str, location: Location) -> str | None:
        """Add the energy of a frame.

        Args:
            pairs: key=value pairs of its comment, if it has any.
            comment: as a whole; the energy itself in plain xyz.
            location: of the frame.

        Returns:
            The key of the energy; None if the comment itself is the energy, or there is none.

        Raises:
            FrameError: the energy is not a number, or it is unclear which key is the energy.
        """
        key: str | None = None
        text: str | None = comment
        if pairs or self.request.keys.energy:
            key = self._key(pairs, location)
            text = pairs[key] if key is not None else None
        value = None if text is None else parse_number(text)
        if value is None and key is not None:
            raise location.energy_not_a_number(text or "")
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
        self.values.append(nan if value is None else value)
        return key

    def report_missing(self, file: str) -> None:
        """Report frames without an energy if others have one; if none has one, that may be intended."""
        if not self.request.requires_labels or not self._unknown or not self.has_any:
            return
        error = DataError(
            f"{file}: {self._unknown[0][1]} has no energy in its comment, but other frames have one: add it, or remove "
            "the frames without one."
        )
        self.request.defects.report("missing-energy", error, [frame for frame, _ in self._unknown])

    def _key(self, pairs: dict[str, str], location: Location) -> str | None:
        names = tuple(pairs)
        key = self._names.get(names)
        # values may be numbers in one frame and not in the next: only keys that were found are remembered
        if key is None:
            try:
                key = energy_name(pairs, self.request, location.file, location.comment)
            except DataError as error:
                raise FrameError("label-renamed" if self.values else "unreadable", error) from error
            if key is not None:
                self._names[names] = key
        return key

    @property
    def _nan_is_unknown(self) -> bool:
        return self.request.keys.energy is not None or not self.request.requires_labels
