"""i-PI: a client that computes forces for its server over a socket, in atomic units.

Kapil et al., Comput. Phys. Commun. 236, 214 (2019), doi 10.1016/j.cpc.2018.09.020; the protocol is ASE's implementation.
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass

import numpy as np
from ase.calculators.socketio import IPIProtocol, SocketClosed

from supple.errors import MoleculeError, SettingsError
from supple.models.potential import Potential

#: Where i-PI puts Unix sockets whose names have no folder.
_UNIX_PREFIX = "/tmp/ipi_"
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
        SettingsError: no server listens at the address, or it does not follow i-PI's protocol.
        MoleculeError: the server has a different number of atoms.
    """
    count, result = 0, None
    with address.connect(timeout) as connection:
        server = IPIProtocol(connection)
        while True:
            try:
                message = server.recvmsg()
                if message == "EXIT":
                    return count
                if message == "STATUS":
                    server.sendmsg("READY" if result is None else "HAVEDATA")
                elif message == "INIT":
                    server.recvinit()
                elif message == "POSDATA":
                    result = _energy_and_forces(potential, server.recvposdata()[2])
                elif message == "GETFORCE" and result is not None:
                    server.sendforce(*result, np.zeros((3, 3)))
                    count, result = count + 1, None
                else:
                    raise SettingsError(
                        f"The server at {address.text} does not follow i-PI's protocol: it sent '{message}'."
                    )
            except (SocketClosed, ConnectionError):  # i-PI closes the connection when a simulation is over
                return count
            except UnicodeDecodeError as error:
                raise SettingsError(f"The server at {address.text} does not follow i-PI's protocol.") from error


def _energy_and_forces(potential: Potential, positions: np.ndarray) -> tuple[float, np.ndarray]:
    if len(positions) != len(potential.numbers):
        raise MoleculeError(
            f"i-PI simulates {len(positions)} atoms, but {potential!r} has {len(potential.numbers)}: "
            "start i-PI from a geometry of that molecule alone, with its atoms in the same order."
        )
    energies, forces = potential.predict(positions[None])
    return float(energies[0]), forces[0]
