"""What the system refuses is said in a sentence that names the path."""

import errno
import os

import pytest

from lgtsm.exits import exit_with_sentence
from lgtsm.os_errors import SENTENCES, os_sentence


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, "a.mp4 must be readable"),
        (errno.EPERM, "a.mp4 must be readable"),
        (errno.ENOSPC, "a.mp4 cannot be written: the disk is full"),
        (errno.EDQUOT, "the disk is full"),
        (errno.EROFS, "a.mp4 lies on a read-only file system"),
        (errno.ENOENT, "a.mp4 does not exist"),
        (errno.ENAMETOOLONG, "a.mp4 has a name that is too long"),
        (errno.ELOOP, "a.mp4 is a link that leads back to itself"),
        (errno.ENOTDIR, "a part of the path is a file"),
        (errno.EISDIR, "a.mp4 must be a file"),
        (errno.EBUSY, f"a.mp4 cannot be used: {os.strerror(errno.EBUSY)}."),
    ],
)
def test_every_kind_names_the_path_and_what_is_wrong(capsys, number, words):
    with pytest.raises(SystemExit) as ended, exit_with_sentence("test"):
        raise OSError(number, os.strerror(number), "a.mp4")
    said = capsys.readouterr().err
    assert ended.value.code == 2 and said.startswith("lgtsm test: ") and words in said and "Errno" not in said


def test_the_target_of_a_rename_is_named_and_words_of_ones_own_stay():
    assert os_sentence(OSError(errno.ENOTEMPTY, "", ".x.part", None, "out")).startswith("out must be a new or empty")
    assert os_sentence(OSError("a.png cannot be\nencoded.")) == "a.png cannot be encoded."
    assert all(sentence.endswith(".") for sentence in SENTENCES.values())


def test_the_system_itself_refuses(tmp_path, capsys):
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").touch()
    for path in (
        tmp_path / "loop",
        tmp_path / "file" / "x",
        tmp_path,
        tmp_path / ("n" * 300),
        tmp_path / "absent" / "x",
    ):
        with pytest.raises(SystemExit), exit_with_sentence("test"):
            path.open("w")
        assert str(path) in capsys.readouterr().err
