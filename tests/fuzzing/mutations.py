"""Mutations of files: one thing that goes wrong, and what a reader can still know of the file afterwards."""

import re
from dataclasses import dataclass
from enum import Enum

TOKENS = [
    b"nan", b"inf", b"-inf", b"1e999", b"1.2.3", b"--1", b"1d3", b"0x1p3", b"1_000", b"", b"\xc3\xa9", b"\xff", b"\0", b"*****",
    b"999999999", b"-1", b"0", b"1e-400", b"energy=", b'"', b"{", b"=", b"forces=", b"Properties=species:S:1", b"Xx", b"h", b"8",
    "\u00b2".encode(), "\u0661".encode(), b"True", b"Infinity", b"+5", b"5.", b".5", b"E", b"1e", b"[angstrom]", b"a.u.",
]  # fmt: skip
_SPACE = re.compile(rb"[ \t]+")
_FLOAT = re.compile(rb"[-+]?(?:\d+\.\d*|\.\d+)(?:[eEdD][-+]?\d+)?")

#: Lines of which readers make something; in a long output most are others.
_TELLING = re.compile(rb"(?:\d\.\d.*){3}|energ|gradient|force|geometr|coordinat|orientation|step|cycle", re.IGNORECASE)


class Kept(Enum):
    """What the mutated file still says about frames of the original."""

    #: Whoever reads a frame must get one of the original: lines are missing, doubled or elsewhere.
    FRAMES = "frames"
    #: One value of a frame may be another one.
    ALL_BUT_ONE_VALUE = "all but one value"
    #: Like was exchanged for like, or several things are wrong: nobody can know.
    NOTHING = "nothing"


@dataclass(frozen=True)
class Mutated:
    """A mutated file.

    Attributes:
        content: of the file.
        kept: what is still known of its frames.
        how: the names of the mutations.
    """

    content: bytes
    kept: Kept
    how: str


def mutated(content, rng, others=(), *, binary=False):
    """A file with one thing wrong with it or, more rarely, two or three.

    Args:
        content: of the original.
        rng: random number generator.
        others: contents of which one may be appended.
        binary: whether it is no text.
    """
    count = int(rng.choice([1, 1, 1, 2, 3]))
    kinds = _BINARY if binary else _TEXT
    names = []
    for _ in range(count):
        kind = kinds[int(rng.integers(len(kinds)))]
        content, kept = kind(content, rng, others)
        names.append(kind.__name__.strip("_"))
    return Mutated(content, kept if count == 1 else Kept.NOTHING, " and ".join(names))


def _skeleton(content):
    """A file without its floating-point numbers, their alignment, and lines that say nothing.

    Where it is as before, like has been exchanged for like, such as the rows of two atoms of an element in a table without indices.
    """
    lines = (line for line in content.split(b"\n") if line.strip() not in (b"", b"#"))
    return [_SPACE.sub(b" ", _FLOAT.sub(b"#", line)) for line in lines]


#: In the skeleton, rows that name an atom by its element alone, in files whose gradients do not name it: of .engrad, of
#: Turbomole's gradient and of Psi4. Where such rows are exchanged, nobody can know.
_NAMED_BY_ELEMENT = {
    ".engrad": re.compile(rb" ?\d+ # # # ?"),
    "xtb-gradient": re.compile(rb" ?# # # [A-Z][a-z]? ?"),
    "psi4": re.compile(rb" ?[A-Z][a-z]? # # # # ?"),
}


def atoms_exchanged(name, before, after):
    """Whether two versions of a file differ, as far as can be known, only by the order of atoms that nothing else says."""
    row = next((row for part, row in _NAMED_BY_ELEMENT.items() if part in name), None)
    if row is None:
        return False
    one, other = (
        [b"atom" if row.fullmatch(line) else line for line in _skeleton(content)] for content in (before, after)
    )
    return one == other


def _rearranged(before, lines):
    content = b"\n".join(lines)
    same = _skeleton(before) == _skeleton(content) and before.split() != content.split()
    return content, Kept.NOTHING if same else Kept.FRAMES


def _line(lines, rng):
    """The index of a line, often of one that matters."""
    k = int(rng.integers(len(lines)))
    if rng.integers(2):
        return k
    return next((at for at in range(k, len(lines)) if _TELLING.search(lines[at])), k)


def _place(content, rng):
    return int(rng.integers(len(content) + 1))


def _bit_flipped(content, rng, others):
    if not content:
        return content, Kept.FRAMES
    k = int(rng.integers(len(content)))
    flipped = content[:k] + bytes([content[k] ^ (1 << int(rng.integers(8)))]) + content[k + 1 :]
    return flipped, Kept.ALL_BUT_ONE_VALUE


def _inserted(content, rng, others):
    k = _place(content, rng)
    return content[:k] + TOKENS[int(rng.integers(len(TOKENS)))] + content[k:], Kept.ALL_BUT_ONE_VALUE


def _deleted(content, rng, others):
    k, length = _place(content, rng), int(rng.integers(1, 30))
    several = len(_FLOAT.findall(content[max(k - 20, 0) : k + length + 20])) > 1
    return content[:k] + content[k + length :], Kept.NOTHING if several else Kept.ALL_BUT_ONE_VALUE


def _truncated(content, rng, others):
    k = _place(content, rng)
    within = k < len(content) and not content[k : k + 1].isspace()
    return content[:k], Kept.ALL_BUT_ONE_VALUE if within else Kept.FRAMES


def _line_removed(content, rng, others):
    lines = content.split(b"\n")
    del lines[_line(lines, rng)]
    return _rearranged(content, lines)


def _line_doubled(content, rng, others):
    lines = content.split(b"\n")
    a = _line(lines, rng)
    lines.insert(a, lines[a])
    return _rearranged(content, lines)


def _line_copied(content, rng, others):
    lines = content.split(b"\n")
    a, b = (_line(lines, rng) for _ in range(2))
    lines.insert(a, lines[b])
    return _rearranged(content, lines)


def _blank_line(content, rng, others):
    lines = content.split(b"\n")
    lines.insert(_line(lines, rng), b"")
    return _rearranged(content, lines)


def _lines_swapped(content, rng, others):
    lines = content.split(b"\n")
    a, b = (_line(lines, rng) for _ in range(2))
    lines[a], lines[b] = lines[b], lines[a]
    return _rearranged(content, lines)


def _block(lines, rng):
    start = _line(lines, rng)
    return start, min(start + int(rng.integers(1, 40)), len(lines))


def _block_moved(content, rng, others):
    lines = content.split(b"\n")
    start, stop = _block(lines, rng)
    block, rest = lines[start:stop], lines[:start] + lines[stop:]
    to = _line(rest, rng) if rest else 0
    return _rearranged(content, rest[:to] + block + rest[to:])


def _block_copied(content, rng, others):
    lines = content.split(b"\n")
    start, stop = _block(lines, rng)
    to = _line(lines, rng)
    return _rearranged(content, lines[:to] + lines[start:stop] + lines[to:])


def _block_removed(content, rng, others):
    lines = content.split(b"\n")
    start, stop = _block(lines, rng)
    return _rearranged(content, lines[:start] + lines[stop:])


def _word_replaced(content, rng, others):
    words = re.split(rb"(\s+)", content)
    k, token = int(rng.integers(len(words))), TOKENS[int(rng.integers(len(TOKENS)))]
    number = any(character.isdigit() for character in (words[k] + token).decode("latin-1"))
    words[k] = token
    return b"".join(words), Kept.ALL_BUT_ONE_VALUE if number else Kept.FRAMES


def _words_swapped(content, rng, others):
    words = re.split(rb"(\s+)", content)
    a, b = (2 * int(rng.integers((len(words) + 1) // 2)) for _ in range(2))
    words[a], words[b] = words[b], words[a]
    return b"".join(words), Kept.NOTHING


def _number_changed(content, rng, others):
    found = list(_FLOAT.finditer(content))
    if not found:
        return content, Kept.FRAMES
    where = found[int(rng.integers(len(found)))]
    digits = bytearray(where.group())
    places = [k for k, digit in enumerate(digits) if chr(digit).isdigit()]
    digits[places[int(rng.integers(len(places)))]] = ord("0") + int(rng.integers(10))
    return content[: where.start()] + bytes(digits) + content[where.end() :], Kept.ALL_BUT_ONE_VALUE


def _another_appended(content, rng, others):
    other = others[int(rng.integers(len(others)))] if others else content
    return content + b"\n" * int(rng.integers(2)) + other, Kept.FRAMES


def _line_ends(content, rng, others):
    return [
        content.replace(b"\n", b"\r\n"), content.replace(b"\n", b"\r"), b"\xef\xbb\xbf" + content, content + b"\n\n",
        content.replace(b"\n", b" \n"), content.replace(b" ", b"\t"),
    ][int(rng.integers(6))], Kept.FRAMES  # fmt: skip


def _bytes_copied(content, rng, others):
    """As a disk that writes a sector to a wrong place."""
    a, b, length = _place(content, rng), _place(content, rng), int(rng.integers(1, 200))
    return content[:a] + content[b : b + length] + content[a + length :], Kept.NOTHING


_TEXT = [
    _bit_flipped, _inserted, _deleted, _truncated, _line_removed, _line_removed, _line_doubled, _line_copied, _blank_line,
    _lines_swapped, _lines_swapped, _block_moved, _block_moved, _block_copied, _block_removed, _word_replaced, _word_replaced,
    _words_swapped, _number_changed, _another_appended, _line_ends,
]  # fmt: skip
_BINARY = [_bit_flipped, _bit_flipped, _bit_flipped, _inserted, _deleted, _truncated, _bytes_copied, _another_appended]
