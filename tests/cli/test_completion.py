"""The tab key: commands and options are completed by the entry point, and `python -m supple` is the same program."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("typed", "offered"),
    [(("tr",), {"train"}), (("train", "--bl"), {"--blocks"}), (("train", "gly"), set())],
)
def test_words_are_completed(shell, monkeypatch, typed, offered):
    monkeypatch.setenv("_SUPPLE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", " ".join(["supple", *typed]))
    monkeypatch.setenv("COMP_CWORD", str(len(typed)))
    out, _ = shell.process()
    assert set(out.split()) == offered  # of nothing the shell makes names of files


def test_the_script_for_a_shell_is_shown(shell, monkeypatch):
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    out, _ = shell.process("--show-completion", "zsh")
    assert "_SUPPLE_COMPLETE" in out


def test_the_package_is_a_program():
    done = subprocess.run(
        [sys.executable, "-m", "supple", "--version"], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and done.stdout.startswith("supple ")
