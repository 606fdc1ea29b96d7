"""Files that unpack to gigabytes are refused at a limit, and before they fill the memory; sound ones are read."""

import gzip
import io
import sqlite3
import zipfile
from contextlib import closing

import ase.db
import h5py
import numpy as np
import pytest
from ase import Atoms
from toy import toy_dataset

from supple.data.reading import read, unpacked_size
from supple.data.reading.open_file import open_binary
from supple.data.reading.unpacked_size import UnpackedSize
from supple.data.writing import write
from supple.errors import DataError


@pytest.fixture
def small_limit(monkeypatch):
    """Files may unpack to a hundred times their size even if they are tiny, but not to more."""
    monkeypatch.setattr(unpacked_size, "_ALWAYS_ALLOWED", 100_000)


def test_the_limit_is_that_of_the_file_or_of_the_memory(monkeypatch):
    monkeypatch.setattr(unpacked_size, "available_memory", lambda: 10**9)
    UnpackedSize("small.gz", 10).add(200 * 1024**2)
    for n_stored, limit in (
        (4 * 10**6, r"0\.4 GB, which is more than 100 times its own size"),
        (10**8, r"1 GB, which is more than the memory"),
    ):
        size = UnpackedSize("a.gz", n_stored)
        size.add(size.limit)
        with pytest.raises(DataError, match=rf"a\.gz unpacks to more than {limit}"):
            size.add(1)


@pytest.mark.parametrize(
    "name", ["bomb.xyz.gz", "bomb.out.gz", "bomb.npz.gz", "bomb.h5.gz", "bomb.db.gz", "bomb.traj.gz"]
)
def test_gzip(tmp_path, small_limit, name):
    (tmp_path / name).write_bytes(gzip.compress(bytes(3_000_000)))
    with pytest.raises(DataError, match=rf"{name} unpacks to more than 0\.00\d+ GB"):
        read(tmp_path / name)


def test_what_is_below_the_limit_is_read(tmp_path, small_limit):
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"line\n" * 20_000))
    with open_binary(tmp_path / "a.gz") as file:
        assert file.readline() == b"line\n"
        assert len(file.read()) == 99_995


def test_members_of_an_archive(tmp_path, small_limit):
    write(tmp_path / "bomb.npz", toy_dataset(3), to="sgdml")
    content = io.BytesIO()
    np.save(content, np.zeros((3, 500_000)))
    with zipfile.ZipFile(tmp_path / "bomb.npz", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.npy", content.getvalue())
    with pytest.raises(DataError, match=r"bomb\.npz unpacks to more than"):
        read(tmp_path / "bomb.npz")


@pytest.mark.parametrize("shape", ["(3, 6, 9999999999999)", "(3, 6, 4)", "(-3, -6, 3)", "(3, 6, 3.0)"])
def test_a_forged_shape_in_an_archive(tmp_path, shape):
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    array = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(8 * 54)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("R.npy", array)
        archive.writestr("z.npy", array)
        archive.writestr("F.npy", array)
    with pytest.raises(DataError, match=r"'R' of a\.npz is damaged"):
        read(tmp_path / "a.npz", units="eV", keys="positions=R,numbers=z,forces=F")


def test_two_members_of_one_name(tmp_path):
    write(tmp_path / "a.npz", toy_dataset(3), to="sgdml")
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(tmp_path / "a.npz", "a") as archive:
        archive.writestr("R.npy", b"")
    with pytest.raises(DataError, match="two arrays of the same name"):
        read(tmp_path / "a.npz")


def test_an_array_that_an_hdf5_file_only_declares(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["numbers"] = [8, 1, 1]
        for name in ("positions", "forces"):
            file.create_dataset(name, (10**9, 3, 3), "f8", chunks=(1000, 3, 3), compression="gzip")
    with pytest.raises(DataError, match=r"a\.h5 unpacks to more than"):
        read(tmp_path / "a.h5", units="eV")


def test_arrays_of_another_hdf5_file(tmp_path):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["x"] = np.zeros((2, 3, 3))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["numbers"] = [8, 1, 1]
        for name in ("positions", "forces"):
            file[name] = h5py.ExternalLink("secret.h5", "x")
    with pytest.raises(DataError, match=r"in another file, secret\.h5"):
        read(tmp_path / "a.h5", units="eV")


def test_a_view_in_a_database_that_never_ends(tmp_path):
    with ase.db.connect(tmp_path / "a.db") as database:
        database.write(Atoms("OH2"))
    with closing(sqlite3.connect(tmp_path / "a.db")) as opened:
        opened.execute("ALTER TABLE systems RENAME TO kept")
        opened.execute(
            "CREATE VIEW systems AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT kept.* FROM n, kept"
        )
        opened.commit()
    with pytest.raises(DataError, match=r"a\.db cannot be read as an ASE database \(it has a view"):
        read(tmp_path / "a.db")
