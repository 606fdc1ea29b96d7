"""What is mutated: files of geometries, and model files and records."""

from dataclasses import dataclass, field
from pathlib import Path

from fuzzing.corpus import BINARY, corpus
from fuzzing.mutations import Kept, mutated
from fuzzing.oracle import frames_of, verdict
from fuzzing.records import Record, records

from supple.errors import SuppleError


@dataclass(frozen=True)
class Geometries:
    """A file of geometries with labels.

    Attributes:
        path: where its mutations are written.
        content: of the original.
        others: files of the same format, one of which may be appended.
        frames: of the original and of these, as `frames_of` gives them; none if the original cannot be read.
        companions: files that must stand beside it, by path.
    """

    path: Path
    content: bytes
    others: tuple[bytes, ...] = ()
    frames: list = field(default_factory=list)
    companions: dict = field(default_factory=dict)

    def mutated(self, rng):
        """The file with something wrong with it."""
        binary = self.path.name.endswith(BINARY)
        return mutated(self.content, rng, self.others, binary=binary)

    def verdict(self, mutation):
        """`read`, `refused`, or what went wrong."""
        for path, content in self.companions.items():
            path.write_bytes(content)
        self.path.write_bytes(mutation.content)
        # of a pair of files the positions are what is read
        return verdict(self.path.with_name(self.path.name.replace("-frc-", "-pos-")), mutation.kept, self.frames)


@dataclass(frozen=True)
class Records:
    """A model file or a record."""

    record: Record

    def mutated(self, rng):
        """The file with something wrong with it."""
        return mutated(self.record.content, rng, binary=self.record.path.name.endswith(BINARY))

    def verdict(self, mutation):
        """`read`, `refused`, or what went wrong."""
        return self.record.verdict(mutation.content)

    @property
    def sound(self):
        """The original, as a mutation that changes nothing."""
        return self.record.content


def subjects(folder):
    """Name -> subject; `folder` is an empty one."""
    for name in ("corpus", "records"):
        (folder / name).mkdir()
    files = corpus(folder / "corpus")
    found = {name: _geometries(folder / name / name, files) for name in files}
    return found | {name: Records(record) for name, record in records(folder / "records").items()}


def _geometries(path, files):
    path.parent.mkdir(parents=True)
    pair = (
        {path.with_name(name): files[name] for name in files if name.startswith("water-")}
        if path.name.startswith("water-")
        else {}
    )
    same = [
        name
        for name in files
        if name != path.name and name.split(".", 1)[1:] == path.name.split(".", 1)[1:] and not pair
    ]
    frames = _readable(path, files[path.name], pair)
    if frames:
        for name in same:
            frames += _readable(path.with_name(name), files[name], {})
    return Geometries(path, files[path.name], tuple(files[name] for name in same), frames, pair)


def _readable(path, content, companions):
    for beside, text in {**companions, path: content}.items():
        beside.write_bytes(text)
    try:
        return frames_of(path.with_name(path.name.replace("-frc-", "-pos-")))
    except SuppleError:
        return []


def untouched(subject):
    """The verdict on the original itself."""
    from fuzzing.mutations import Mutated

    content = subject.content if isinstance(subject, Geometries) else subject.sound
    return subject.verdict(Mutated(content, Kept.FRAMES, "nothing"))
