"""One process at a time writes an output; what dead ones left is removed, what living ones write is not."""

import os
import signal
import subprocess
import sys

import pytest

from lgtsm.sole_writer import InUseError, SoleWriter
from lgtsm.whole_files import leftovers, temporary_beside

HOLD = """
import sys
from lgtsm.sole_writer import SoleWriter
from lgtsm.whole_files import temporary_beside
right = SoleWriter(sys.argv[1])
temporary_beside(right.path).touch()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path):
    """Another process that writes out.mp4."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "out.mp4")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_living_process_keeps_its_output_and_its_part(tmp_path, other):
    path = tmp_path / "out.mp4"
    (part,) = leftovers(path)
    with pytest.raises(InUseError, match=r"out\.mp4 is being written by another run, which is at work"):
        SoleWriter(path)
    with pytest.raises(InUseError):
        SoleWriter(tmp_path / "." / "out.mp4")
    SoleWriter(tmp_path / "out2.mp4").release()
    assert part.exists()


def test_what_a_dead_process_left_goes_with_the_next_run(tmp_path, other):
    path = tmp_path / "out.mp4"
    foreign = tmp_path / ".out.12345.part.mp4"
    foreign.touch()
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert len(leftovers(path)) == 1
    with SoleWriter(path):
        assert leftovers(path) == []
        with SoleWriter(path):  # shared within a process, where nothing of one's own is taken for left over
            mine = temporary_beside(path)
            mine.touch()
            SoleWriter(path).release()
            assert mine.exists()
            mine.unlink()
    assert list(tmp_path.iterdir()) == [foreign]


def test_without_locks_nothing_is_removed(tmp_path, monkeypatch):
    temporary_beside(tmp_path / "out.mp4").touch()
    monkeypatch.setattr("lgtsm.sole_writer.fcntl", None)
    with SoleWriter(tmp_path / "out.mp4"):
        assert len(leftovers(tmp_path / "out.mp4")) == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_names_of_any_length_have_a_temporary_name(tmp_path):
    for name in ("n" * 251 + ".mp4", "ä" * 125 + ".mp4", "n" * 255):
        path = tmp_path / name
        temporary = temporary_beside(path)
        temporary.touch()
        assert len(os.fsencode(temporary.name)) <= 255 and temporary.suffix == (path.suffix or ".part")
        assert leftovers(path) == [temporary]
        assert leftovers(path.with_name("m" + name[1:])) == []
        SoleWriter(path).release()
        assert list(tmp_path.iterdir()) == []
