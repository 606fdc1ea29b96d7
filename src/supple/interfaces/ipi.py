"""i-PI: a client that answers its server over a socket, in the server's units (atomic ones).

Kapil et al., Comput. Phys. Commun. 236, 214 (2019), doi 10.1016/j.cpc.2018.09.020; the protocol as ASE speaks it.
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass

import numpy as np
from ase.calculators.socketio import IPIProtocol, SocketClosed

from supple.errors import MoleculeError, SettingsError
from supple.models.potential import Potential

#: Where i-PI puts the sockets whose names have no folder.
_UNIX_PREFIX = "/tmp/ipi_"
#: Seconds to wait for a server that is still starting.
_PATIENCE = 20.0


@dataclass(frozen=True)
class Address:
    """Where i-PI listens.

    Attributes:
        text: as it was given.
        host, port: of a TCP socket; the host is empty for a Unix socket.
        path: of a Unix socket.
    """

    text: str
    host: str = ""
    port: int = 0
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> Address:
        """`HOST:PORT` is a TCP socket; `NAME`, as i-PI's <address> has it, or a path, a Unix socket.

        Raises:
            SettingsError: it is neither.
        """
        host, colon, port = text.rpartition(":")
        if colon and "/" not in text:
            if not host or not port.isdecimal() or not 0 < int(port) < 65536:
                raise SettingsError(
                    f"'{text}' is no address of a socket: write HOST:PORT, or the name of a Unix socket."
                )
            return cls(text, host=host.strip("[]"), port=int(port))
        if not text:
            raise SettingsError("The address of the socket is empty: write HOST:PORT, or the name of a Unix socket.")
        return cls(text, path=text if "/" in text else _UNIX_PREFIX + text)

    def connect(self, patience: float = _PATIENCE) -> socket.socket:
        """A connection; a server that does not listen yet is waited for.

        Raises:
            SettingsError: nothing listens there.
        """
        until = time.monotonic() + patience
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
                        "<address> in its <ffsocket>."
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


def answer_ipi(potential: Potential, address: Address, patience: float = _PATIENCE) -> int:
    """Answer an i-PI server until it ends; how many geometries it asked for.

    The virial is sent as zero: a free molecule has no pressure.

    Args:
        potential: of the molecule that i-PI simulates, atoms in the same order.
        address: of the server.
        patience: seconds to wait for a server that does not listen yet.

    Raises:
        SettingsError: nothing listens at the address, or what does is no i-PI.
        MoleculeError: the server has another number of atoms.
    """
    answered, result = 0, None
    with address.connect(patience) as connection:
        server = IPIProtocol(connection)
        while True:
            try:
                message = server.recvmsg()
                if message == "EXIT":
                    return answered
                if message == "STATUS":
                    server.sendmsg("READY" if result is None else "HAVEDATA")
                elif message == "INIT":
                    server.recvinit()
                elif message == "POSDATA":
                    result = _answer(potential, server.recvposdata()[2])
                elif message == "GETFORCE" and result is not None:
                    server.sendforce(*result, np.zeros((3, 3)))
                    answered, result = answered + 1, None
                else:
                    raise SettingsError(f"{address.text} does not speak i-PI's protocol: it said '{message}'.")
            except (SocketClosed, ConnectionError):  # how i-PI hangs up when a simulation is over
                return answered
            except UnicodeDecodeError as error:
                raise SettingsError(f"{address.text} does not speak i-PI's protocol.") from error


def _answer(potential: Potential, positions: np.ndarray) -> tuple[float, np.ndarray]:
    if len(positions) != len(potential.numbers):
        raise MoleculeError(
            f"i-PI simulates {len(positions)} atoms, but {potential!r} has {len(potential.numbers)}: "
            "start i-PI from a geometry of that molecule alone, its atoms in the same order."
        )
    energies, forces = potential.predict(positions[None])
    return float(energies[0]), forces[0]
