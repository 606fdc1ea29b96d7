"""Whether loops are known to be compiled."""

import importlib.util

from supple.runtime.jit.compilation import is_compiled


def test_a_loop_is_compiled_after_its_first_use_and_from_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    file = tmp_path / "loops.py"
    source = (
        "from pathlib import Path\n"
        "from supple.runtime.jit.compile_options import Compiler\n"
        "@Compiler(Path(__file__)).compiled\n"
        "def double(x):\n"
        "    return 2 * x\n"
    )
    file.write_text(source)
    first = _loaded(file)
    assert not is_compiled(first)
    assert first(3) == 6
    assert is_compiled(first)
    assert is_compiled(_loaded(file))  # by another process, as it were
    file.write_text(source.replace("2 * x", "x + x + 0"))
    assert not is_compiled(_loaded(file))


def _loaded(file):
    spec = importlib.util.spec_from_file_location("loops", file)
    module = importlib.util.module_from_spec(spec)
    exec(compile(file.read_text(), str(file), "exec"), module.__dict__)
    return module.double
