"""i-PI: a client that computes forces for its server over a socket, in atomic units.

Kapil et al., Comput. Phys. Commun. 236, 214 (2019), doi 10.1016/j.cpc.2018.09.020; the protocol is ASE's implementation.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import time
from dataclasses import dataclass

import numpy as np
from ase.calculators.socketio import IPIProtocol
from ase.units import Bohr
from jaxtyping import Float

from supple.errors import MoleculeError, SettingsError
from supple.models.followed_molecule import FollowedMolecule
from supple.models.potential import Potential
from supple.molecule.boxes import Boxes, joined

#: Where i-PI puts Unix sockets whose names have no folder.
_UNIX_PREFIX = "/tmp/ipi_"
#: Messages are padded to this length.
_MESSAGE = 12
#: The longest text with which i-PI initialises a client; it is a line.
_LONGEST_INIT = 1_000_000
#: Seconds to wait for a server that is still starting.
_TIMEOUT = 20.0


@dataclass(frozen=True)
class Address:
    """Where i-PI listens.

    Attributes:
        text: as given by the user.
        host, port: of a TCP socket; the host of a Unix socket is empty.
        path: of a Unix socket.
    """

    text: str
    host: str = ""
    port: int = 0
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> Address:
        """Parse `HOST:PORT` (a TCP socket), or a name as in i-PI's <address> or a path (a Unix socket).

        Raises:
            SettingsError: it is neither.
        """
        host, colon, port = text.rpartition(":")
        if colon and "/" not in text:
            if not host or not port.isdecimal() or not 0 < int(port) < 65536:
                raise SettingsError(
                    f"'{text}' is not the address of a socket: write HOST:PORT, or the name of a Unix socket."
                )
            return cls(text, host=host.strip("[]"), port=int(port))
        if not text:
            raise SettingsError("The address of the socket is empty: write HOST:PORT, or the name of a Unix socket.")
        return cls(text, path=text if "/" in text else _UNIX_PREFIX + text)

    @property
    def is_remote(self) -> bool:
        """Whether the socket is, or may be, on another machine."""
        if self.host in ("", "localhost"):
            return False
        with contextlib.suppress(ValueError):
            return not ipaddress.ip_address(self.host).is_loopback
        return True

    def connect(self, timeout: float = _TIMEOUT) -> socket.socket:
        """Connect, waiting up to `timeout` seconds for the server to start.

        Raises:
            SettingsError: no server listens at the address.
        """
        until = time.monotonic() + timeout
        while True:
            try:
                if self.host:
                    return socket.create_connection((self.host, self.port))
                return _unix(self.path)
            except OSError as error:
                if time.monotonic() >= until:
                    where = self.path or self.text
                    raise SettingsError(
                        f"No i-PI server listens at {where} ({error.strerror or error}): start i-PI first, with the same "
                        "<address> in <ffsocket>."
                    ) from error
                time.sleep(0.2)


def _unix(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(path)
    except OSError:
        connection.close()
        raise
    return connection


def serve_forces(potential: Potential, address: Address, timeout: float = _TIMEOUT) -> int:
    """Compute energies and forces for an i-PI server until it ends the connection.

    The virial is sent as zero: a free molecule has no pressure.

    Args:
        potential: of the molecule that i-PI simulates, with its atoms in the same order.
        address: of the server.
        timeout: seconds to wait for a server that is still starting.

    Returns:
        The number of geometries that were computed.

    Raises:
        SettingsError: no server listens at the address, it does not follow i-PI's protocol, or it ends in the middle of a message.
        MoleculeError: the server has a different number of atoms, or a position is NaN or infinite.
    """
    count, result = 0, None
    with address.connect(timeout) as connection:
        received, send = _Received(connection, address), IPIProtocol(connection)
        driver = _Driver(potential)
        while (message := received.message()) not in (None, "EXIT"):
            try:
                if message == "STATUS":
                    send.sendmsg("READY" if result is None else "HAVEDATA")
                elif message == "INIT":
                    received.init()
                elif message == "POSDATA":
                    result = driver.energy_and_forces(*received.geometry(len(potential.numbers)))
                elif message == "GETFORCE" and result is not None:
                    send.sendforce(*result, np.zeros((3, 3)))
                    count, result = count + 1, None
                else:
                    raise received.another_protocol(f"it sent '{message}'")
            except ConnectionError as error:
                raise SettingsError(
                    f"The i-PI server at {address.text} ended while it was sent a message, after {count} geometries: look at "
                    "its output."
                ) from error
    return count


class _Received:
    """What the server sends; every number is checked before it is used."""

    def __init__(self, connection: socket.socket, address: Address) -> None:
        self._connection, self._address = connection, address

    def message(self) -> str | None:
        """The next message; None if the server has closed the connection, as i-PI does when a simulation is over."""
        try:
            first = self._connection.recv(_MESSAGE)
        except ConnectionError:
            return None
        if not first:
            return None
        try:
            return (first + self._bytes(_MESSAGE - len(first))).decode("ascii").rstrip()
        except UnicodeDecodeError as error:
            raise self.another_protocol("it sent what is no text") from error

    def init(self) -> None:
        """The number of the bead and a text, both of which say nothing about forces."""
        _, length = self._integer(), self._integer()
        if not 0 <= length <= _LONGEST_INIT:
            raise self.another_protocol(f"it announced a text of {length} bytes")
        self._bytes(length)

    def geometry(self, n_atoms: int) -> tuple[Float[np.ndarray, "N 3"], Float[np.ndarray, "3 3"]]:
        """Positions and, as rows, the vectors of the cell; Å.

        Raises:
            MoleculeError: there is another number of atoms, or a position is not finite.
        """
        cell = np.frombuffer(self._bytes(72)).reshape(3, 3).T  # its vectors are sent as columns
        self._bytes(72)  # the inverse
        count = self._integer()
        if count < 1:
            raise self.another_protocol(f"it announced {count} atoms")
        if count != n_atoms:
            raise MoleculeError(
                f"i-PI simulates {count} atoms, but the force field has {n_atoms}: start i-PI from a geometry of that molecule "
                "alone, with its atoms in the same order."
            )
        positions = np.frombuffer(self._bytes(24 * count)).reshape(count, 3)
        if not np.isfinite(positions).all():
            atom = int(np.flatnonzero(~np.isfinite(positions).all(axis=1))[0])
            raise MoleculeError(
                f"i-PI sent a position of atom {atom + 1} that is NaN or infinite: the simulation has come apart; use a shorter "
                "timestep, or another start."
            )
        return positions * Bohr, cell * Bohr

    def another_protocol(self, what: str) -> SettingsError:
        """The error for what i-PI never sends."""
        return SettingsError(f"The server at {self._address.text} does not follow i-PI's protocol: {what}.")

    def _integer(self) -> int:
        return int(np.frombuffer(self._bytes(4), dtype=np.int32)[0])

    def _bytes(self, count: int) -> bytes:
        parts = []
        while count > 0:
            try:
                part = self._connection.recv(count)
            except ConnectionError:
                part = b""
            if not part:
                raise SettingsError(
                    f"The i-PI server at {self._address.text} ended in the middle of a message: look at its output, and start "
                    "both again."
                )
            parts.append(part)
            count -= len(part)
        return b"".join(parts)


class _Driver:
    """Energies and forces of the geometries that i-PI sends; it sends no elements."""

    def __init__(self, potential: Potential) -> None:
        self._molecule = FollowedMolecule(potential, potential.numbers, "The molecule in i-PI")
        self._wraps = False

    def energy_and_forces(
        self, positions: Float[np.ndarray, "N 3"], cell: Float[np.ndarray, "3 3"]
    ) -> tuple[float, Float[np.ndarray, "N 3"]]:
        """Energy in eV and forces in eV/Å."""
        potential, box = self._molecule.potential, Boxes.of(cell[None], np.ones((1, 3)))
        # i-PI always has a cell, but wraps positions into it only with pbc="true"
        connectivity = potential.connectivity
        if not self._wraps and connectivity is not None:
            broken = [
                connectivity.compare(potential.numbers, r).broken[0]
                for r in (positions[None], joined(positions[None], box))
            ]
            self._wraps = bool(broken[0] and not broken[1])
        energies, forces = potential.predict(self._molecule.arranged(positions, box if self._wraps else None)[None])
        return float(energies[0]), self._molecule.returned(forces[0])
