"""i-PI: its own server in a separate process and `supple ipi` as the client; and what can go wrong with a socket."""

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import write
from cli.conftest import Shell
from interfaces.conftest import assert_same

from supple.errors import MoleculeError, SettingsError
from supple.interfaces.ipi import Address, serve_forces

BIN = Path(sys.executable).parent
HARTREE, BOHR = 27.211386245988, 0.529177210903
INPUT = """
<simulation verbosity="quiet">
  <output prefix="run">
    <properties stride="1" filename="out"> [conserved, potential] </properties>
    <properties stride="1" filename="atoms"> [{atoms}] </properties>
  </output>
  <total_steps>8</total_steps>
  <ffsocket name="supple" mode="{mode}" pbc="false"><address>{address}</address>{port}<latency>1e-4</latency></ffsocket>
  <system>
    <initialize nbeads="1"> <file mode="ase"> start.xyz </file> </initialize>
    <forces> <force forcefield="supple"/> </forces>
    <motion mode="dynamics"> <dynamics mode="nve"> <timestep units="femtosecond"> 0.05 </timestep> </dynamics> </motion>
  </system>
</simulation>
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.mark.parametrize("mode", ["unix", pytest.param("inet", marks=pytest.mark.slow)])
def test_a_short_nve_of_ipi(potential, frames, tmp_path, mode):
    pytest.importorskip("ipi", reason="i-PI is not installed")
    potential.save(tmp_path / "model.safetensors")
    write(tmp_path / "start.xyz", Atoms(potential.numbers, frames[0], cell=[50.0] * 3))
    port = free_port()
    name = f"supple-test-{os.getpid()}-{potential.kind}"
    address, where = (name, name) if mode == "unix" else ("127.0.0.1", f"127.0.0.1:{port}")
    # Trajectories of i-PI have six digits, its properties nine.
    atoms = ", ".join(f"{what}(atom={i})" for what in ("atom_x", "atom_f") for i in range(len(potential.numbers)))
    port_of = f"<port>{port}</port>" if mode == "inet" else ""
    text = INPUT.format(mode=mode, address=address, port=port_of, atoms=atoms)
    (tmp_path / "input.xml").write_text(text)
    with subprocess.Popen(
        [BIN / "i-pi", "input.xml"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as server:
        try:
            out, _ = Shell(tmp_path)("ipi", "model.safetensors", "--socket", where)
            said, _ = server.communicate(timeout=30)
        finally:
            server.kill()
    assert server.returncode == 0, said
    assert "after 9 geometries" in out

    # In single precision, a position of nine digits rounds to another number than one of sixteen.
    tolerance = 5e-6 if potential.kind in ("schnet", "bespoke") else 1e-6
    conserved, energies = np.loadtxt(tmp_path / "run.out").T
    positions, forces = np.loadtxt(tmp_path / "run.atoms").reshape(9, 2, -1, 3).swapaxes(0, 1)
    assert_same(potential, positions * BOHR, energies * HARTREE, forces * HARTREE / BOHR, tolerance)
    assert np.ptp(conserved) * HARTREE < 2e-3


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("supple", ("", 0, "/tmp/ipi_supple")),
        ("./here", ("", 0, "./here")),
        ("localhost:31415", ("localhost", 31415, "")),
        ("[::1]:31415", ("::1", 31415, "")),
    ],
)
def test_addresses(text, parts):
    address = Address.parse(text)
    assert (address.host, address.port, address.path) == parts


@pytest.mark.parametrize(
    ("text", "remote"),
    [
        ("supple", False),
        ("localhost:1", False),
        ("127.0.0.2:1", False),
        ("[::1]:1", False),
        ("10.0.0.1:1", True),
        ("node7:1", True),
    ],
)
def test_which_addresses_are_on_another_machine(text, remote):
    assert Address.parse(text).is_remote == remote


@pytest.mark.parametrize("text", ["", ":31415", "localhost:", "localhost:port", "localhost:70000"])
def test_what_is_no_address(text):
    with pytest.raises(SettingsError, match="write HOST:PORT"):
        Address.parse(text)


@pytest.mark.parametrize("where", ["127.0.0.1:{port}", "nowhere-supple", "/no/such/socket"])
def test_nobody_listens(potential, where):
    with pytest.raises(SettingsError, match="start i-PI first"):
        serve_forces(potential, Address.parse(where.format(port=free_port())), timeout=0.1)


def served(potential, talk):
    """Run the client against a server that calls `talk` with its connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            connection, _ = server.accept()
            with connection:
                talk(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            return serve_forces(potential, Address.parse(f"127.0.0.1:{server.getsockname()[1]}"))
        finally:
            thread.join()


def posdata(positions, count=None, cell=50.0):
    """The message of a geometry, in Å."""
    count = len(positions) if count is None else count
    cell = np.eye(3) * cell / BOHR
    parts = (cell, np.linalg.inv(cell), np.int32(count), np.ascontiguousarray(positions / BOHR))
    return b"POSDATA".ljust(12) + b"".join(part.tobytes() for part in parts)


@pytest.mark.parametrize(
    ("count", "error", "match"),
    [
        (2, MoleculeError, "i-PI simulates 2 atoms"),
        (2**31 - 1, MoleculeError, "i-PI simulates 2147483647 atoms"),
        (-1, SettingsError, "protocol: it announced -1 atoms"),
        (0, SettingsError, "protocol: it announced 0 atoms"),
    ],
)
def test_another_number_of_atoms_is_refused(potential, count, error, match):
    with pytest.raises(error, match=match):
        served(potential, lambda connection: connection.sendall(posdata(np.ones((2, 3)), count)))


def test_positions_that_are_no_numbers_are_refused(potential, frames):
    bad = frames[0].copy()
    bad[3, 1] = np.nan
    with pytest.raises(MoleculeError, match="position of atom 4 that is NaN or infinite"):
        served(potential, lambda connection: connection.sendall(posdata(bad)))


@pytest.mark.parametrize("length", [-1, 2**31 - 1])
def test_a_text_of_impossible_length_is_refused(potential, length):
    words = b"INIT".ljust(12) + np.int32(0).tobytes() + np.int32(length).tobytes()
    with pytest.raises(SettingsError, match=f"protocol: it announced a text of {length} bytes"):
        served(potential, lambda connection: connection.sendall(words))


@pytest.mark.parametrize("sent", [5, 12, 100, 160, 200])
def test_a_server_that_dies_in_the_middle_of_a_message(potential, frames, sent):
    with pytest.raises(SettingsError, match="ended in the middle of a message"):
        served(potential, lambda connection: connection.sendall(posdata(frames[0])[:sent]))


def forces_of(potential, *messages):
    """What the client answers to geometries: energies in eV, forces in eV/Å."""
    n, answers = len(potential.numbers), []

    def talk(connection):
        for message in messages:
            connection.sendall(message + b"GETFORCE".ljust(12))
            size, answer = 12 + 8 + 4 + 24 * n + 72 + 4 + 1, b""
            while len(answer) < size:
                answer += connection.recv(size - len(answer))
            answers.append(np.frombuffer(answer[12:20])[0] * HARTREE)
            answers.append(np.frombuffer(answer[24 : 24 + 24 * n]).reshape(n, 3) * HARTREE / BOHR)
        connection.sendall(b"EXIT".ljust(12))

    assert served(potential, talk) == len(messages)
    return answers[::2], np.array(answers[1::2])


def test_positions_that_i_pi_wraps_are_joined(potential, frames):
    inside = frames[:3] - frames[:3, :1] + 5.0
    cut = np.mod(frames[:3] - frames[:3, :1], 10.0)
    for cell, sent in ((10.0, np.stack([inside[0], cut[1], cut[2]])), (0.1, inside)):  # a cell that means nothing
        energies, forces = forces_of(potential, *(posdata(r, cell=cell) for r in sent))
        assert_same(potential, frames[:3], energies, forces, 1e-5)


@pytest.mark.parametrize("words", [b"HTTP/1.1 400", bytes([255] * 12), b"GETFORCE".ljust(12)])
def test_another_protocol_is_refused(potential, words):
    with pytest.raises(SettingsError, match="does not follow i-PI's protocol"):
        served(potential, lambda connection: connection.sendall(words))


def test_a_server_that_ends_is_no_error(potential):
    assert served(potential, lambda connection: connection.sendall(b"EXIT".ljust(12))) == 0
    assert served(potential, lambda connection: None) == 0
