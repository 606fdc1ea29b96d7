"""What a killed process left half-written is removed; what another process is writing is not."""

import os
import subprocess
import sys

from supple.runtime import part_files
from supple.runtime.files import write_text
from supple.runtime.part_files import part_file


def test_part_files_of_dead_processes_are_removed(tmp_path):
    killed = (
        "import os, signal, sys; from pathlib import Path; from supple.runtime.files import replacing\n"
        "with replacing(Path(sys.argv[1])) as temporary: temporary.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", killed, str(tmp_path / "slices.pdf")], check=False)
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".slices.pdf.")
    number = left.name.rpartition("-")[2]
    alive = left.with_name(left.name.replace(number, f"{os.getpid()}.part"))
    elsewhere = left.with_name(f".slices.pdf.0123abcd-{number}")
    foreign = left.with_name(f".slices.pdf.{number}")
    for file in (alive, elsewhere, foreign):
        file.touch()
    write_text(tmp_path / "report.md", "text")
    assert set(tmp_path.iterdir()) == {alive, elsewhere, foreign, tmp_path / "report.md"}


def test_a_folder_is_searched_once(tmp_path):
    write_text(tmp_path / "a", "1")
    dead = tmp_path / part_file(tmp_path / "b").name.replace(f"-{os.getpid()}.", "-999999999.")
    dead.touch()
    write_text(tmp_path / "a", "2")
    assert dead.exists()
    part_files._remove_abandoned.cache_clear()
    write_text(tmp_path / "a", "3")
    assert not dead.exists()


def test_long_names_leave_room_for_the_process(tmp_path):
    for name in ("x" * 255, "é" * 120):
        write_text(tmp_path / name, "text")
        assert (tmp_path / name).read_text() == "text"
