"""What is mutated: files of geometries, and model files and records."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from fuzzing.corpus import BINARY, corpus
from fuzzing.mutations import Kept, atoms_exchanged, mutated
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
        mutation = mutated(self.content, rng, self.others, binary=self.path.name.endswith(BINARY))
        exchanged = mutation.content.split() != self.content.split() and atoms_exchanged(
            self.path.name, self.content, mutation.content
        )
        return replace(mutation, kept=Kept.NOTHING) if exchanged else mutation

    def verdict(self, mutation):
        """`read`, `refused`, or what went wrong."""
        for path, content in self.companions.items():
            path.write_bytes(content)
        self.path.write_bytes(mutation.content)
        return verdict(self.read_path, mutation.kept, self.frames)

    @property
    def read_path(self):
        """What is read: of a pair of files, that of positions."""
        return self.path.with_name(self.path.name.replace("-frc-", "-pos-"))


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
    alone = {}
    for name, content in files.items():
        (folder / name).mkdir()
        alone[name] = Geometries(folder / name / name, content, companions=_companions(folder / name, name, files))
    frames = {name: _readable(subject) for name, subject in alone.items()}
    found = {}
    for name, subject in alone.items():
        same = (
            []
            if subject.companions
            else [other for other in files if other != name and _suffixes(other) == _suffixes(name)]
        )
        known = [frame for other in (name, *same) for frame in frames[other]] if frames[name] else []
        found[name] = replace(subject, others=tuple(files[other] for other in same), frames=known)
    return found | {name: Records(record) for name, record in records(folder / "records").items()}


def _suffixes(name):
    return name.split(".")[1:]


def _companions(folder, name, files):
    """Of a file of positions, that of forces, and the other way round."""
    others = {name.replace("-frc-", "-pos-"), name.replace("-pos-", "-frc-")} - {name}
    return {folder / other: files[other] for other in others}


def _readable(subject):
    for path, content in {**subject.companions, subject.path: subject.content}.items():
        path.write_bytes(content)
    try:
        return frames_of(subject.read_path)
    except SuppleError:
        return []


def untouched(subject):
    """The verdict on the original itself."""
    from fuzzing.mutations import Mutated

    content = subject.content if isinstance(subject, Geometries) else subject.sound
    return subject.verdict(Mutated(content, Kept.FRAMES, "nothing"))
