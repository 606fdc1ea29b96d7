"""A cluster whose batch system is a script that runs each job on this machine."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import stat
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from example_tasks import Answer
from test_local_cluster import outcomes

from supple.runtime.progress import NO_PROGRESS
from supple.runtime.workers.dask_cluster import DaskCluster
from supple.runtime.workers.slurm import SlurmBackend

pytest.importorskip("dask_jobqueue")
pytest.importorskip("cryptography")

#: Like Slurm's, it keeps a copy of the script, which is removed as soon as it returns.
_SBATCH = """#!/bin/sh
script="$JOBS/job-$$.sh"
cp "$1" "$script"
setsid sh "$script" >"$JOBS/log" 2>&1 &
echo $! >>"$JOBS/pids"
echo "Submitted batch job $!"
"""
_SCANCEL = """#!/bin/sh
kill "$1" 2>/dev/null
exit 0
"""


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with commands of Slurm, which is first in PATH; jobs leave their output there."""
    folder = tmp_path / "slurm"
    folder.mkdir()
    for name, text in (("sbatch", _SBATCH), ("scancel", _SCANCEL)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("JOBS", str(folder))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    return folder


def test_only_the_user_can_read_the_credentials(tmp_path: Path) -> None:
    with SlurmBackend(jobs=1).cluster(tmp_path / "study") as cluster:
        files = [file for file in (tmp_path / "study").rglob("*") if file.is_file()]
        script = cluster.job_script()
        assert sorted(file.name for file in files) == ["certificate.pem", "key.pem"]
        for file in files:
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
            assert str(file) in script
            assert file.read_text() not in script
        assert "--protocol tls://" in script
        assert cluster.scheduler_address.startswith("tls://")
    assert not list((tmp_path / "study").iterdir())


@pytest.mark.slow
def test_jobs_speak_tls_and_strangers_are_refused(tmp_path: Path, slurm: Path) -> None:
    before = listening(psutil.Process())  # other tests in this process may have left something
    with SlurmBackend(jobs=1).open(1, tmp_path, NO_PROGRESS) as cluster:
        assert isinstance(cluster, DaskCluster)
        assert outcomes([Answer(3), Answer(4)], cluster) == {"0": 3, "1": 4}
        scheduler = cluster.client.scheduler_info()
        addresses = [scheduler["address"], *scheduler["workers"]]
        assert len(addresses) == 2
        for address in addresses:
            assert address.startswith("tls://")
            assert not answers(address)
        assert open_ports(before) == []


def answers(address: str) -> bool:
    """Whether a process talks to somebody without credentials."""

    async def talk() -> bytes:
        stranger = ssl.create_default_context()
        stranger.check_hostname, stranger.verify_mode = False, ssl.CERT_NONE
        host, port = urlsplit(address).hostname, urlsplit(address).port
        reader, writer = await asyncio.open_connection(host, port, ssl=stranger)
        try:
            return await reader.read(1)
        finally:
            writer.close()

    try:
        return bool(asyncio.run(asyncio.wait_for(talk(), 10)))
    except (ssl.SSLError, ConnectionError):
        return False


def listening(process: psutil.Process) -> set[tuple[str, int]]:
    """The addresses at which a process can be reached."""
    try:
        found = [c.laddr for c in process.net_connections() if c.status == psutil.CONN_LISTEN]
    except psutil.ZombieProcess:  # it has ended
        return set()
    return {(address.ip, address.port) for address in found}


def open_ports(before: set[tuple[str, int]]) -> list[int]:
    """Ports other than of TLS on which this process or a job listens to more than its own machine; but for those before."""
    running = psutil.process_iter(["cmdline"])
    jobs = [process for process in running if "dask_worker" in " ".join(process.info["cmdline"] or [])]
    assert jobs
    found = set.union(*(listening(process) for process in (psutil.Process(), *jobs))) - before
    reachable = [address for address in found if address[0] not in ("127.0.0.1", "::1")]
    assert reachable
    return [address[1] for address in reachable if not speaks_tls_only(address)]


def speaks_tls_only(address: tuple[str, int]) -> bool:
    """Whether what listens refuses everything but TLS."""
    host, port = address
    with socket.create_connection(("127.0.0.1" if host in ("0.0.0.0", "::") else host, port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        try:
            reply = connection.recv(100)
        except ConnectionError:
            return True
    return not reply or reply[0] == 0x15  # an alert of TLS
