import pytest

from lgtsm.whole_files import whole_file, write_text


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
