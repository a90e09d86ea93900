import errno
import os

import numpy as np
import pytest

from lgtsm.models.catalog import create_model
from lgtsm.models.weights import save_model
from lgtsm.video import VideoWriter
from lgtsm.whole_files import leftovers, remove, temporary_beside, whole_file, whole_folder, write_text


def test_the_file_appears_at_the_end_with_its_own_ending(tmp_path):
    path = tmp_path / "a.npy"
    with whole_file(path) as temporary:
        assert temporary.suffix == ".npy"
        temporary.write_bytes(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old, ünï")
    with pytest.raises(RuntimeError, match="stop"), whole_file(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError("stop")
    assert path.read_text(encoding="utf-8") == "old, ünï"
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_there_if_nothing_was_written(tmp_path):
    with pytest.raises(FileNotFoundError), whole_file(tmp_path / "a.txt"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_appears_at_the_end_or_not_at_all(tmp_path):
    (tmp_path / "page").mkdir()
    with pytest.raises(RuntimeError, match="stop"), whole_folder(tmp_path / "page") as temporary:
        (temporary / "a").touch()
        raise RuntimeError("stop")
    assert [path.name for path in tmp_path.rglob("*")] == ["page"]
    with whole_folder(tmp_path / "page") as temporary:
        (temporary / "a").touch()
        assert list((tmp_path / "page").iterdir()) == []
    assert [path.name for path in tmp_path.rglob("*")] == ["page", "a"]


def test_what_killed_runs_left_is_found_and_nothing_else(tmp_path):
    path = tmp_path / "a[1].mp4"
    left = {temporary_beside(path), temporary_beside(path)}
    others = [
        path,
        temporary_beside(tmp_path / "a1.mp4"),
        temporary_beside(tmp_path / "a[1].mkv"),
        tmp_path / ".a[1].mp4",
    ]
    for file in [*left, *others]:
        file.touch()
    assert set(leftovers(path)) == left
    for file in [*left, tmp_path / "not there"]:
        remove(file)
    assert set(tmp_path.iterdir()) == set(others)


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX has them")
@pytest.mark.parametrize("umask", [0o022, 0o027, 0o077])
def test_outputs_have_the_permissions_of_a_file_that_is_simply_created(tmp_path, umask):
    before = os.umask(umask)
    try:
        (tmp_path / "plain").touch()
        write_text(tmp_path / "a.txt", "text")
        save_model(create_model("tsm", width=4), tmp_path / "a.safetensors")
        for name in ("a.mp4", "frames"):
            with VideoWriter(tmp_path / name, 25, 16, 16) as writer:
                writer.write(np.zeros((16, 16, 3), np.uint8))
    finally:
        os.umask(before)
    expected = (tmp_path / "plain").stat().st_mode
    for name in ("a.txt", "a.safetensors", "a.mp4", "frames/00000.png"):
        assert (tmp_path / name).stat().st_mode == expected, name
    assert (tmp_path / "frames").stat().st_mode & 0o777 == 0o777 & ~umask


@pytest.mark.parametrize("whole", [whole_file, whole_folder])
def test_an_error_of_the_system_names_the_path(tmp_path, whole):
    """A full disk names no file, other errors the temporary one."""
    for beside in (False, True):
        with pytest.raises(OSError, match="No space left") as failed, whole(tmp_path / "a.d") as temporary:
            raise OSError(errno.ENOSPC, "No space left on device", *([str(temporary / "b")] if beside else []))
        assert failed.value.filename == str(tmp_path / "a.d")
    with pytest.raises(OSError, match="Permission") as failed, whole(tmp_path / "a.d"):
        raise OSError(errno.EACCES, "Permission denied", "source.mp4")
    assert failed.value.filename == "source.mp4"
    with pytest.raises(NotADirectoryError) as failed:
        (tmp_path / "file").touch()
        with whole(tmp_path / "file" / "a.d"):
            pass
    assert failed.value.filename == str(tmp_path / "file" / "a.d")


def test_what_is_write_protected_is_not_replaced(tmp_path, monkeypatch):
    """A rename would: it needs only the right to write the folder."""
    path = tmp_path / "a.mp4"
    path.write_text("kept")
    path.chmod(0o444)
    mode = path.stat().st_mode
    monkeypatch.setattr(os, "access", lambda place, wanted: bool(mode & 0o200))  # root may write all
    with pytest.raises(ValueError, match=r"a\.mp4 must not be write-protected"), whole_file(path) as temporary:
        temporary.write_text("new")
    with pytest.raises(ValueError, match="write-protected"):
        VideoWriter(path, 25, 32, 40)
    assert path.read_text() == "kept" and list(tmp_path.iterdir()) == [path]
