"""Whether to compile is decided and reported; a compiler that fails costs a sentence, not the training."""

import pytest
import torch

from supple.models.neural.compile_step import maybe_compile


def double(x):
    return 2 * x


@pytest.mark.parametrize(
    ("choice", "steps", "said"),
    [("never", 10**6, "as requested"), ("auto", 100, "does not pay off for 100 steps")],
)
def test_not_compiled(choice, steps, said):
    notes = []
    assert maybe_compile(double, choice, steps, notes.append) is double
    assert said in notes[0]


def test_no_compiler(monkeypatch):
    monkeypatch.setattr("supple.models.neural.compile_step.shutil.which", lambda name: None)
    notes = []
    assert maybe_compile(double, "always", 1, notes.append) is double
    assert "install g++" in notes[0]


def test_a_failing_compiler_does_not_end_the_training(monkeypatch):
    def broken(*arguments):
        raise RuntimeError("the compiler broke\nat great length")

    monkeypatch.setattr(torch, "compile", lambda function, dynamic: broken)
    monkeypatch.setattr("supple.models.neural.compile_step.shutil.which", lambda name: name)
    notes = []
    function = maybe_compile(double, "always", 1, notes.append)
    assert [function(3), function(4)] == [6, 8]
    assert "compiling failed (the compiler broke)" in notes[-1]
    assert len(notes) == 2


def test_the_compiled_one_is_used(monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda function, dynamic: lambda x: function(x) + 1)
    monkeypatch.setattr("supple.models.neural.compile_step.shutil.which", lambda name: name)
    function = maybe_compile(double, "auto", 10**5, lambda sentence: None)
    assert [function(3), function(4)] == [7, 9]
