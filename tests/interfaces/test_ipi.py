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
    <motion mode="dynamics"> <dynamics mode="nve"> <timestep units="femtosecond"> 0.2 </timestep> </dynamics> </motion>
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
    tolerance = {"sgdml": 1e-6, "schnet": 5e-6}[potential.kind]
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


def test_another_number_of_atoms_is_refused(potential):
    def talk(connection):
        connection.sendall(b"POSDATA".ljust(12) + np.zeros(18).tobytes() + np.int32(2).tobytes() + np.ones(6).tobytes())
        connection.recv(1)

    with pytest.raises(MoleculeError, match="i-PI simulates 2 atoms"):
        served(potential, talk)


@pytest.mark.parametrize("words", [b"HTTP/1.1 400", bytes([255] * 12), b"GETFORCE".ljust(12)])
def test_another_protocol_is_refused(potential, words):
    with pytest.raises(SettingsError, match="does not follow i-PI's protocol"):
        served(potential, lambda connection: connection.sendall(words))


def test_a_server_that_ends_is_no_error(potential):
    assert served(potential, lambda connection: connection.sendall(b"EXIT".ljust(12))) == 0
    assert served(potential, lambda connection: None) == 0
