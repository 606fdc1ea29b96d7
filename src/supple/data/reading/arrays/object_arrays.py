"""Pickled arrays of Python objects, as older programs store them, read without calling anything in them.

A pickle is a program for a stack machine. Only the instructions that build dictionaries, lists, tuples, numbers, strings
and numeric arrays are carried out here; a file with any other is refused.
"""

from __future__ import annotations

import ast
import io
import pickletools
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from supple.errors import DataError

_CONSTANTS = {
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "STRING", "BINSTRING",
    "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES",
    "BINBYTES8",
}  # fmt: skip
_MARK = object()
#: Written out, objects may have so many parts, or as many as their file has bytes.
_LARGEST = 1_000_000


def _dictionary(items: list[Any]) -> dict[Any, Any]:
    return dict(zip(items[::2], items[1::2], strict=True))


_EMPTY: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
    "MARK": lambda: _MARK,
}
_FROM_MARK: dict[str, Callable[[list[Any]], Any]] = {"TUPLE": tuple, "LIST": list, "DICT": _dictionary}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_GLOBALS = {
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): "dtype",
    ("numpy.core.multiarray", "_reconstruct"): "array",
    ("numpy._core.multiarray", "_reconstruct"): "array",
    ("numpy.core.multiarray", "scalar"): "scalar",
    ("numpy._core.multiarray", "scalar"): "scalar",
    ("_codecs", "encode"): "encode",
    ("__builtin__", "bytes"): "bytes",
}


class _Global:
    """Stands for a Python object that a pickle may mention by name; it does nothing."""

    def __init__(self, meaning: str) -> None:
        self.meaning = meaning


class _Unfinished:
    """An array or a dtype whose content follows in a later instruction."""

    def __init__(self, meaning: str, code: str = "") -> None:
        self.meaning = meaning
        self.code = code


def read_object_array(content: bytes, where: str) -> np.ndarray:
    """The array of objects in the content of a .npy file.

    Args:
        content: including the header.
        where: the array and its file, for messages.

    Raises:
        DataError: it holds anything but dictionaries, lists, numbers, strings and arrays of numbers, or is damaged.
    """
    try:
        member = io.BytesIO(content)
        head = member.read(8)
        size = int.from_bytes(member.read(2 if head[6] == 1 else 4), "little")
        shape = ast.literal_eval(member.read(size).decode("latin-1"))["shape"]
        found = _Machine(where).run(member.read())
        _require_small(found, where, len(content))
        if not isinstance(found, np.ndarray):
            raise TypeError("not an array")
        return found.reshape(shape)
    except DataError:
        raise
    except Exception as error:  # a forged file may cause any error
        raise DataError(f"{where} is an array of Python objects that cannot be read: store plain arrays.") from error


def _require_small(found: Any, where: str, n_bytes: int) -> None:
    """Refuse objects that contain one another so often that, written out, they would fill the memory."""
    sizes: dict[int, int] = {}

    def size(value: Any) -> int:
        if not isinstance(value, dict | list | tuple) and not (isinstance(value, np.ndarray) and value.dtype.hasobject):
            return value.size if isinstance(value, np.ndarray) else 1
        if id(value) not in sizes:
            sizes[id(value)] = _LARGEST  # counts if the value contains itself
            parts = [*value.keys(), *value.values()] if isinstance(value, dict) else _items(value)
            sizes[id(value)] = 1 + sum(map(size, parts))
        return sizes[id(value)]

    if size(found) > max(n_bytes, _LARGEST - 1):
        raise DataError(
            f"{where} is an array of Python objects that contain one another too often: store plain arrays."
        )


def _items(value: Any) -> list[Any]:
    return list(value.flat) if isinstance(value, np.ndarray) else list(value)


class _Machine:
    """The stack, the memo, and what each instruction does to them."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self, program: bytes) -> Any:
        """Carry out the instructions; the result is on top of the stack at the end."""
        for opcode, argument, _ in pickletools.genops(program):
            name = opcode.name
            if name == "STOP":
                return self.stack.pop()
            if name in _CONSTANTS:
                self.stack.append(argument)
            elif name in _EMPTY:
                self.stack.append(_EMPTY[name]())
            elif name in _TUPLES:
                self.stack[-_TUPLES[name] :] = [tuple(self.stack[-_TUPLES[name] :])]
            elif name in _FROM_MARK:
                self.stack.append(_FROM_MARK[name](self.since_mark()))
            elif name in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
                self.memo[len(self.memo) if argument is None else int(argument)] = self.stack[-1]
            elif name in ("GET", "BINGET", "LONG_BINGET"):
                self.stack.append(self.memo[int(argument or 0)])
            elif name in ("APPEND", "APPENDS", "SETITEM", "SETITEMS"):
                self.fill(name)
            elif name in ("GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD"):
                self.build(name, argument)
            elif name not in ("PROTO", "FRAME"):
                raise DataError(
                    f"{self.where} contains Python objects that Supple does not read ({name}): store plain arrays."
                )
        raise ValueError("the pickle has no end")

    def since_mark(self) -> list[Any]:
        """Remove the last mark and the items above it, and return these."""
        items: list[Any] = []
        while (item := self.stack.pop()) is not _MARK:
            items.append(item)
        return items[::-1]

    def fill(self, name: str) -> None:
        """Put items into the list or dictionary below them on the stack."""
        if name.endswith("S"):
            items = self.since_mark()
        else:
            count = 1 if name == "APPEND" else 2
            items = [self.stack.pop() for _ in range(count)][::-1]
        if name.startswith("APPEND"):
            self.stack[-1].extend(items)
        else:
            self.stack[-1].update(_dictionary(items))

    def build(self, name: str, argument: Any) -> None:
        """Look up a global, or build an array or a type from one."""
        if name == "GLOBAL":
            module, attribute = str(argument).split(" ", 1)
            self.stack.append(_global(module, attribute, self.where))
            return
        last, before = self.stack.pop(), self.stack.pop()
        if name == "STACK_GLOBAL":
            self.stack.append(_global(before, last, self.where))
        elif name == "REDUCE":
            self.stack.append(_reduce(before, last))
        else:
            finished = _build(before, last)
            self.memo.update({key: finished for key, value in self.memo.items() if value is before})
            self.stack.append(finished)


def _global(module: str, name: str, where: str) -> _Global:
    if (module, name) not in _GLOBALS:
        raise DataError(
            f"{where} contains a Python object of the kind {module}.{name}; Supple reads only dictionaries, numbers, "
            "strings and arrays, because anything else could run code: store plain arrays."
        )
    return _Global(_GLOBALS[module, name])


def _reduce(function: _Global, arguments: tuple[Any, ...]) -> Any:
    match function.meaning:
        case "array":
            return _Unfinished("array")
        case "dtype" if re.fullmatch(r"[biufcSUO]\d*", arguments[0]):
            return _Unfinished("dtype", arguments[0])
        case "scalar":
            return np.frombuffer(arguments[1], dtype=arguments[0])[0]
        case "encode" if arguments[1] in ("latin1", "latin-1"):
            return arguments[0].encode("latin-1")
        case "bytes" if not arguments:
            return b""
    raise ValueError(function.meaning)


def _build(unfinished: _Unfinished, state: tuple[Any, ...]) -> np.dtype[Any] | np.ndarray:
    if unfinished.meaning == "dtype":
        dtype = np.dtype(unfinished.code)
        return dtype if state[1] in ("|", "=") else dtype.newbyteorder(state[1])
    _, shape, dtype, fortran, content = state
    if dtype.hasobject:
        array = np.empty(len(content), dtype=object)
        for k, item in enumerate(content):  # one by one: an item may itself be a sequence
            array[k] = item
    else:
        array = np.frombuffer(content, dtype=dtype)
    return array.reshape(shape, order="F" if fortran else "C")
