"""Credentials of a cluster: a key and its certificate, made for one session, without which nobody can connect."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from supple.runtime.optional_dependencies import extra

if TYPE_CHECKING:
    from distributed import Security


@contextmanager
def temporary_credentials(within: Path) -> Iterator[Security]:
    """Credentials in files that only the user can read, as `--tls-key` of Dask's workers needs them.

    Args:
        within: folder that all machines see under the same path; the files are removed from it at the end.

    Raises:
        SettingsError: cryptography is not installed.
    """
    with extra("slurm", "cryptography", "An encrypted connection to workers"):
        import cryptography  # noqa: F401 (Security.temporary needs it)
        from distributed import Security
    made = Security.temporary()
    within.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".credentials-", dir=within.absolute()) as folder:
        certificate = _private_file(Path(folder) / "certificate.pem", made.tls_scheduler_cert)
        key = _private_file(Path(folder) / "key.pem", made.tls_scheduler_key)
        roles = {f"tls_{role}_{part}": file for role in ("client", "scheduler", "worker")
                 for part, file in (("cert", certificate), ("key", key))}  # fmt: skip
        yield Security(tls_ca_file=certificate, require_encryption=True, **roles)


def _private_file(path: Path, text: str) -> str:
    """Write a file that nobody else can read at any moment."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text)
    return str(path)
