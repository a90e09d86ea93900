"""A new result takes the place of what an earlier run wrote, and of nothing else."""

import dataclasses
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from lgtsm.inference.batch import read_state, run_batch, state_path
from lgtsm.inference.pairs import Pair
from lgtsm.video.errors import NothingMaskedError


@pytest.fixture
def pair(tmp_path):
    (tmp_path / "video.mp4").write_bytes(b"video")
    (tmp_path / "out").mkdir()
    return Pair(tmp_path / "video.mp4", None, tmp_path / "out" / "c", "video.mp4")


def fill_with(*contents, then=lambda pair: None):
    """Fill a folder with frames of these contents, then do more."""

    def fill(pair):
        pair.output.mkdir()
        for number, content in enumerate(contents):
            (pair.output / f"{number}.png").write_bytes(content)
        then(pair)
        return SimpleNamespace(info=SimpleNamespace(frames=len(contents)), hole_share=0.25)

    return fill


def run(pair, fill, **options):
    (result,) = run_batch([pair], fill, {}, **options)
    return result


def frames(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def beside(pair):
    return sorted(path.name for path in pair.output.parent.iterdir())


def fail(pair):
    raise ValueError("out of luck")


def test_a_shorter_result_replaces_a_longer_one_and_leaves_nothing_of_it(pair):
    assert run(pair, fill_with(b"1", b"2", b"3")).state == "filled"
    assert run(pair, fill_with(b"4", b"5"), overwrite=True).state == "filled"
    assert frames(pair.output) == {"0.png": b"4", "1.png": b"5"}
    assert beside(pair) == [".c.lgtsm.json", "c"]
    assert run(pair, fail).state == "done before"


def test_a_failure_leaves_the_old_result(pair):
    run(pair, fill_with(b"1"))
    result = run(pair, fill_with(b"2", then=fail), overwrite=True)
    assert (result.state, result.why) == ("failed", "out of luck")
    assert frames(pair.output) == {"0.png": b"1"} and beside(pair) == [".c.lgtsm.json", "c"]
    assert read_state(pair.output)["state"] == "running"
    assert run(pair, fill_with(b"3")).state == "filled"  # the state file still knows what it wrote
    assert frames(pair.output) == {"0.png": b"3"}


@pytest.mark.parametrize("name", ["notes.txt", ".hidden", "9.png", "deeper/a.png", "0.png"])
def test_what_others_put_into_an_output_stays(pair, name):
    run(pair, fill_with(b"1"))
    (pair.output / name).parent.mkdir(exist_ok=True)
    (pair.output / name).write_bytes(b"mine")
    before = {path: path.is_file() and path.read_bytes() for path in pair.output.rglob("*")}
    for fill in (fill_with(b"2"), fail):
        result = run(pair, fill, overwrite=True)
        assert result.state == "failed" and f"holds {name.split('/')[0]}. Move that away" in result.why
        assert {path: path.is_file() and path.read_bytes() for path in pair.output.rglob("*")} == before
    state_path(pair.output).write_text('{"state": "done"}')  # of that name, but it names no file
    assert run(pair, fill_with(b"2")).state == "failed"
    assert {path: path.is_file() and path.read_bytes() for path in pair.output.rglob("*")} == before


def test_what_comes_into_an_output_during_the_run_stays(pair):
    run(pair, fill_with(b"1"))
    result = run(pair, fill_with(b"2", then=lambda _: (pair.output / "notes.txt").write_bytes(b"mine")), overwrite=True)
    assert result.state == "failed" and f"{pair.output} must be" in result.why
    assert frames(pair.output) == {"0.png": b"1", "notes.txt": b"mine"}
    assert beside(pair) == [".c.lgtsm.json", "c"]


def test_an_output_that_another_run_is_writing_is_left_to_it(pair, monkeypatch):
    def in_use(path):
        raise BlockingIOError

    monkeypatch.setattr("lgtsm.sole_writer.fcntl.flock", lambda *_: in_use(pair.output))
    result = run(pair, fail)
    assert result.state == "failed" and "another run, which is at work" in result.why
    assert not state_path(pair.output).exists()


def test_a_video_without_a_hole_is_copied_and_said(pair):
    def empty(pair):
        raise NothingMaskedError("The mask must mask something.")

    assert run(pair, empty).state == "failed"
    copy = fill_with(b"1")
    assert run(pair, fail, dry=True, copy=copy, look=empty).state == "to copy"
    result = run(pair, empty, copy=copy)
    assert (result.state, result.why, result.frames) == ("copied", "Nothing is masked.", 1)
    assert run(pair, fail, copy=copy).state == "done before"
    assert run(pair, fail, copy=copy, look=empty, dry=True).state == "done before"


def test_a_batch_that_is_killed_anywhere_goes_on(tmp_path):
    program = Path(__file__).with_name("killed_anywhere.py")
    done = subprocess.run([sys.executable, program, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert all(int(count) > 8 for count in done.stdout.split()) and len(done.stdout.split()) == 4


@pytest.mark.parametrize("name", ["a.mp4", "c"])
def test_a_result_that_no_state_names_stays_and_the_sentence_says_what_to_do(pair, name):
    pair = dataclasses.replace(pair, output=pair.output.with_name(name))
    place = pair.output / "0.png" if name == "c" else pair.output
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(b"maybe mine")
    state_path(pair.output).write_text('{"state": "running", "made_of": {}}')  # as before results were noted
    result = run(pair, fail)
    assert result.state == "failed" and ("Move that away" if name == "c" else "Move it away, or set `ov") in result.why
    assert place.read_bytes() == b"maybe mine"


LITTER = [".DS_Store", "Thumbs.db", "desktop.ini", "._0.png", ".directory"]


def test_what_the_system_puts_into_an_output_is_in_nobodys_way(pair):
    pair.output.mkdir()
    (pair.output / ".DS_Store").write_bytes(b"view")  # opened in a window before there was anything
    assert run(pair, fill_with(b"1")).state == "filled"
    for name in LITTER:
        (pair.output / name).write_bytes(b"litter")
    (pair.output / "@eaDir").mkdir()
    assert run(pair, fail).state == "done before"
    assert run(pair, fill_with(b"2"), overwrite=True).state == "filled"
    (pair.output / "@eaDir").rmdir()
    assert frames(pair.output) == {"0.png": b"2"} | dict.fromkeys(LITTER, b"litter")
    assert beside(pair) == [".c.lgtsm.json", "c"]


def test_what_comes_to_the_place_of_a_file_during_the_run_stays(pair):
    pair = dataclasses.replace(pair, output=pair.output.with_name("a.mp4"))

    def fill(target):
        target.output.write_bytes(b"result")
        pair.output.write_bytes(b"mine")
        return SimpleNamespace(info=SimpleNamespace(frames=1), hole_share=0.25)

    result = run(pair, fill)
    assert result.state == "failed" and f"{pair.output} must be free" in result.why
    assert pair.output.read_bytes() == b"mine" and beside(pair) == [".a.mp4.lgtsm.json", "a.mp4"]
    assert run(pair, fill, overwrite=True).state == "filled" and pair.output.read_bytes() == b"result"


def test_errors_name_the_output_and_not_where_it_is_written_meanwhile(pair):
    def refuse(target):
        raise ValueError(f"{target.output} cannot be.")

    def missing(target):
        (target.output / "deeper").touch()

    assert run(pair, refuse).why == f"{pair.output} cannot be."
    assert run(pair, missing).why == f"{pair.output}/deeper does not exist. Check the path."
    file = dataclasses.replace(pair, output=pair.video / "a.mp4")
    assert run(file, fail).why == f"{pair.video} cannot be made: {pair.video} is a file, not a folder. Check the path."
    (pair.output).write_bytes(b"a file where a folder shall be")
    assert "it is a file" in run(pair, fail, overwrite=True).why
