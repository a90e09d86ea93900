"""A place to write is checked in sentences that name what is wrong with it."""

import os
import socket

import pytest

from lgtsm.os_errors import os_sentence
from lgtsm.places import check_place, make_folder
from lgtsm.whole_files import whole_file, whole_folder


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "empty").mkdir()
    (tmp_path / "littered").mkdir()
    for name in ("file", *(f"full/{name}" for name in "abcde"), "littered/.DS_Store", "littered/Thumbs.db"):
        (tmp_path / name).write_bytes(b"kept")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dangling").symlink_to("absent")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("socket")
    return tmp_path


def said(check, *arguments, **options):
    with pytest.raises((ValueError, OSError)) as refused:
        check(*arguments, **options)
    error = refused.value
    return os_sentence(error) if isinstance(error, OSError) else str(error)


@pytest.mark.parametrize(
    ("name", "for_file", "for_folder"),
    [
        ("free", None, None),
        ("empty", "it is a folder", None),
        ("littered", "it is a folder", None),
        ("full", "it is a folder", "it holds a, b, c and 2 more"),
        ("file", None, "it is a file"),
        ("loop", "leads back to itself", "leads back to itself"),
        ("dangling", None, "a link to absent, which does not exist"),
        ("pipe", "a device, pipe or socket is there", "a device, pipe or socket is there"),
        ("socket", "a device, pipe or socket is there", "a device, pipe or socket is there"),
        ("absent/x", "the folder absent does not exist", "the folder absent does not exist"),
        ("file/x", "file is a file, not a folder", "file is a file, not a folder"),
        ("file/x/y", "file is a file, not a folder", "file is a file, not a folder"),
        ("loop/x", "leads back to itself", "leads back to itself"),
        ("dangling/x", "dangling is a link to absent", "dangling is a link to absent"),
        ("pipe/x", "pipe is a file, not a folder", "pipe is a file, not a folder"),
        ("n" * 300, "too long", "too long"),
        ("", "it is a folder", "new or empty folder"),
    ],
)
def test_what_is_in_the_way_is_named(here, name, for_file, for_folder):
    for sentence, folder in ((for_file, False), (for_folder, True)):
        place = here / name if not name else type(here)(name)
        if sentence is None:
            check_place(place, folder)
        else:
            assert sentence in said(check_place, place, folder)


def test_a_folder_is_made_or_the_sentence_says_why_not(here):
    make_folder(here / "a" / "b")
    make_folder(here / "a" / "b")
    assert (here / "a" / "b").is_dir()
    for name, why in (
        ("file", "file is a file, not a folder"),
        ("file/b", "file is a file, not a folder"),
        ("loop", "leads back to itself"),
        ("dangling", "is a link to absent, which does not exist"),
    ):
        assert why in said(make_folder, here / name), name


def test_the_systems_own_files_stay_in_a_folder_that_is_filled(here):
    with whole_folder(here / "littered") as temporary:
        (temporary / "0.png").touch()
    assert sorted(os.listdir("littered")) == [".DS_Store", "0.png", "Thumbs.db"]
    with whole_file(here / "dangling") as temporary:
        temporary.touch()
    assert not (here / "absent").exists() and not (here / "dangling").is_symlink()
