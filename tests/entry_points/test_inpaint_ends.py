"""How `lgtsm inpaint` ends: on signals, with closed or full streams, beside another run, before it has begun."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from lgtsm.commands.inpaint import main
from lgtsm.os_errors import os_sentence
from lgtsm.video.probe import probe
from lgtsm.video.raw import RawSink
from lgtsm.video.writer import VideoWriter
from tests.entry_points.calling import exit_code

TINY = Path(__file__).parents[1] / "data" / "odd" / "tiny_48x28.mp4"
FAST = ("--box", "4,4,12,10", "--method", "mean-color")
SIZE = 20 * 28 * 48 * 3
SLOW = """
import sys, time
import lgtsm.video.writer as writer
write = writer.VideoWriter.write
def slowly(self, *arguments, **options):
    write(self, *arguments, **options)
    print("writing", flush=True)
    time.sleep(0.1)
writer.VideoWriter.write = slowly
from lgtsm.commands.inpaint import main
main(sys.argv[1:])
"""


call = partial(exit_code, main)


def shell(line, cwd):
    """Run a line of sh in which $LGTSM fills the clip."""
    words = f"{sys.executable} -m lgtsm.inpaint"
    environment = os.environ | {"LGTSM": words, "FAST": " ".join(FAST), "TINY": str(TINY), "OMP_NUM_THREADS": "1"}
    return subprocess.run(["sh", "-c", line], cwd=cwd, env=environment, capture_output=True, check=False)


def started(*words, cwd=None):
    """Start a slow run in another process; return it once it writes frames."""
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, *map(str, words), *FAST],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert process.stdout.readline() == b"writing\n"
    return process


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.fixture
def videos(tmp_path):
    (tmp_path / "videos").mkdir()
    for name in "ab":
        with VideoWriter(tmp_path / "videos" / f"{name}.mp4", 25, 40, 64) as writer:
            for level in range(12):
                writer.write(np.full((40, 64, 3), 9 * level, np.uint8))
    return tmp_path / "videos"


def test_a_signal_leaves_nothing_and_says_how_to_go_on(tmp_path, videos):
    for number, words, left, said in (
        (signal.SIGINT, ("a.mp4", "-o", "o.mp4", "--preview", "p.mp4"), [], "start it again"),
        (signal.SIGTERM, (".", "-o", "../out", "--batch"), ["out", "out/.a.mp4.lgtsm.json"], "same command goes on"),
    ):
        process = started(*words, cwd=videos)
        process.send_signal(number)
        _, error = process.communicate()
        *_, sentence = error.decode().splitlines()
        assert process.returncode == 128 + number
        assert sentence.startswith("lgtsm inpaint: stopped by") and said in sentence and b"Traceback" not in error
        assert [path for path in names(tmp_path) if not path.startswith("videos")] == left
        assert names(videos) == ["a.mp4", "b.mp4"]
    assert call(videos, *FAST, "-o", tmp_path / "out", "--batch") == 0
    assert len(names(tmp_path / "out")) == 4


def test_the_second_of_two_runs_says_that_the_first_is_at_work(tmp_path, videos, capsys):
    for words in (
        (videos / "a.mp4", "-o", tmp_path / "o.mp4"),
        (videos / "a.mp4", "-o", tmp_path / "frames"),
        (videos, "-o", tmp_path / "out", "--batch"),
    ):
        first = started(*words)
        assert call(*words, *FAST) == 2
        assert "is being written by another run, which is at work" in capsys.readouterr().err
        assert b"Traceback" not in first.communicate()[1] and first.returncode == 0
        assert call(*words, *FAST) == (2 if words[-1].name == "frames" else 0) if words[-1] != "--batch" else True
    assert (tmp_path / "o.mp4").is_file() and len(names(tmp_path / "frames")) == 12
    assert not [name for name in names(tmp_path) if ".part" in name or ".lock" in name]


def test_a_killed_run_leaves_a_part_that_the_next_one_removes(tmp_path, videos):
    for output, pattern in (("o.avi", ".o.*.part.avi"), ("frames", ".frames.*.part")):
        words = (videos / "a.mp4", "-o", tmp_path / output, *(("--codec", "mjpeg") if output == "o.avi" else ()))
        first = started(*words)
        first.kill()
        first.communicate()
        assert len(list(tmp_path.glob(pattern))) == 1
        assert call(*words, *FAST) == 0
    assert {name for name in names(tmp_path) if "/" not in name} == {"o.avi", "frames", "videos"}


def test_with_closed_streams_every_line_and_frame_goes_where_it_belongs(tmp_path):
    raw = shell("$LGTSM $TINY $FAST -o - 2>&- <&-", tmp_path)
    assert (raw.returncode, len(raw.stdout)) == (0, SIZE)
    full = shell("$LGTSM $TINY $FAST -o full.mp4 >/dev/full", tmp_path)
    *_, sentence = full.stderr.decode().splitlines()
    assert full.returncode == 2 and "stdout cannot be written: the disk is full" in sentence
    assert b"Traceback" not in full.stderr and b"Exception ignored" not in full.stderr
    assert shell("$LGTSM $TINY $FAST -o o.mp4 >&- 2>&- <&-", tmp_path).returncode == 0
    assert probe(tmp_path / "o.mp4").frames == probe(tmp_path / "full.mp4").frames == 20


def test_a_closed_pipe_is_a_sentence(tmp_path, monkeypatch, capsys):
    for name, words in (("stdout", (TINY, "-o", "-")), ("stdin", ("-", "--raw", "48x28", "-o", tmp_path / "o.mp4"))):
        with monkeypatch.context() as closed:
            closed.setattr(f"sys.{name}", None)
            assert call(*words, *FAST) == 2
        assert f"- stands for a pipe, but {name} is closed" in capsys.readouterr().err
    with open("/dev/full", "wb", buffering=0) as full, pytest.raises(OSError, match=r"No space") as refused:
        RawSink(full).write(np.zeros((28, 48, 3), np.uint8))
    assert "the disk is full" in os_sentence(refused.value)
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("-o", "absent/o.mp4"), "the folder absent does not exist"),
        (("-o", "taken"), "new or empty folder"),
        (("-o", "dangling"), "a link to absent, which does not exist"),
        (("-o", "loop"), "a link that leads back to itself"),
        (("-o", "clip.mp4/o.mp4"), "clip.mp4 is a file, not a folder"),
        (("-o", "clip.mp4/deeper/o"), "clip.mp4 is a file, not a folder"),
        (("-o", "loop/o.mp4"), "a link that leads back to itself"),
        (("-o", "dangling/o.mp4"), "dangling is a link to absent, which does not exist"),
        (("-o", "taken/a"), "it is a file"),
        (("-o", ""), "--output must not be empty"),
        (("-o", "o.mp4", "--preview", ""), "--preview must not be empty"),
        (("-o", "o.mp4", "--preview", "loop"), "a link that leads back to itself"),
        (("-o", "o.mp4", "--report", ""), "--report must not be empty"),
        (("-o", "clip.mp4"), "must not replace the video"),
        (("-o", "o.mp4", "--codec", "absent"), "no video encoder 'absent'"),
        (("-o", "o.mp4", "--codec", "aac"), "no video encoder 'aac'"),
        (("-o", "o.mp4", "--report", "absent/page"), "the folder absent does not exist"),
        (("-o", "o.mp4", "--report", "taken/a"), "it is a file"),
        (("-o", "o.mp4", "--report", "loop"), "a link that leads back to itself"),
        (("-o", "o.mp4", "--report", "taken"), "new or empty folder"),
        (("-o", "o.mp4", "--preview", "absent/p.mp4"), "the folder absent does not exist"),
        (("-o", "/dev/null"), "a device, pipe or socket is there"),
        (("-o", "o.mp4", "--preview", "pipe.mp4"), "a device, pipe or socket is there"),
        (("-o", "n" * 300 + ".mp4"), "a name that is too long"),
        (("-o", "taken/a/o.mp4"), "taken/a is a file, not a folder"),
    ],
)
def test_what_cannot_be_written_is_told_before_anything_begins(tmp_path, monkeypatch, capsys, words, sentence):
    monkeypatch.chdir(tmp_path)
    Path("clip.mp4").write_bytes(TINY.read_bytes())
    Path("taken").mkdir()
    Path("taken/a").touch()
    Path("dangling").symlink_to("absent")
    Path("loop").symlink_to("loop")
    os.mkfifo("pipe.mp4")
    monkeypatch.setattr("rich.console.Console.is_terminal", True)  # a bar, not lines
    for begun in ("commands.inpaint_run.make_inpainter", "video.mask_choice.MaskChoice.open"):
        monkeypatch.setattr(f"lgtsm.{begun}", lambda *_: pytest.fail("it has begun"))
    before = names(tmp_path)
    assert call("clip.mp4", *FAST, *words) == 2
    said = capsys.readouterr().err
    assert len(said.strip().splitlines()) == 1 and sentence in said, said
    assert names(tmp_path) == before


def test_a_longest_name_is_written(tmp_path):
    out = tmp_path / ("n" * 251 + ".mp4")
    assert call(TINY, *FAST, "-o", out, "--report", tmp_path / ("r" * 255)) == 0
    assert out.is_file() and (tmp_path / ("r" * 255) / "index.html").is_file()
    (tmp_path / "videos").mkdir()
    os.link(TINY, tmp_path / "videos" / out.name)
    for _ in range(2):
        assert call(tmp_path / "videos", *FAST, "-o", tmp_path / "out", "--batch") == 0
    assert (tmp_path / "out" / out.name).is_file()


def test_a_batch_copies_what_has_no_hole_and_says_so(tmp_path, videos, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "300")
    mask = np.zeros((40, 64), np.uint8)
    (tmp_path / "masks").mkdir()
    cv2.imwrite(str(tmp_path / "masks" / "b.png"), mask)
    mask[10:20, 10:20] = 255
    cv2.imwrite(str(tmp_path / "masks" / "a.png"), mask)
    words = (videos, "-m", tmp_path / "masks", "--method", "mean-color", "-o", tmp_path / "out", "--batch")
    for more, said in (
        (("--dry-run",), "1 to do, 1 to copy"),
        ((), "1 filled, 1 copied"),
        ((), "2 done before"),
        (("--dry-run",), "2 done before"),
    ):
        assert call(*words, *more) == 0
        streams = capsys.readouterr()
        assert said in streams.out and "Paint the hole" not in streams.out + streams.err
        if "copied" in said:
            assert "b.mp4: copied. Nothing is masked.\n" in streams.err
    assert (tmp_path / "out" / "b.mp4").read_bytes() == (videos / "b.mp4").read_bytes()
    assert (tmp_path / "out" / "a.mp4").read_bytes() != (videos / "a.mp4").read_bytes()


def test_a_batch_names_files_and_flags_as_they_are(tmp_path, videos, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setattr("rich.console.Console.is_terminal", True)
    (videos / "x[").mkdir()
    (videos / "x[" / "red].mp4").write_bytes(TINY.read_bytes())
    (videos / ":smile:[bold].mp4").write_bytes(b"broken")
    small = tmp_path / "small.png"
    cv2.imwrite(str(small), np.eye(16, dtype=np.uint8) * 255)
    table = tmp_path / "pairs.csv"
    rows = ["videos/x[/red].mp4,,out/y[/red].mp4", "videos/:smile:[bold].mp4,,out/z.mp4"]
    table.write_text("video,mask,output\n" + "\n".join(rows))
    assert call("--pairs", table, *FAST) == 1
    said = capsys.readouterr().out
    assert "videos/x[/red].mp4" in said and "videos/:smile:[bold].mp4" in said and "1 filled, 1 failed" in said
    assert (tmp_path / "out" / "y[" / "red].mp4").is_file()
    table.write_text("video,mask,output\nvideos/x[/red].mp4,small.png,out/w.mp4\n")
    assert call("--pairs", table, "--method", "mean-color") == 1
    said = capsys.readouterr().out
    assert "--resize-mask" in said and "`resize`" not in said


def test_outputs_of_a_batch_are_checked_before_anything_is_read(tmp_path, videos, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "masks").mkdir()
    cv2.imwrite("masks/0.png", np.eye(40, 64, dtype=np.uint8) * 255)
    os.link("videos/b.mp4", "hard.mp4")
    (tmp_path / "link").symlink_to("videos", target_is_directory=True)
    monkeypatch.setattr("lgtsm.commands.inpaint_run.make_inpainter", lambda *_: pytest.fail("it has begun"))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for output in ("videos/b.mp4", "hard.mp4", "link/b.mp4", "videos/../videos/b.mp4", "masks/0.png", "masks/1.png"):
        Path("p.csv").write_text(f"video,mask,output\nvideos/a.mp4,masks,{output}\nvideos/b.mp4,masks,fine.mp4\n")
        assert call("--pairs", "p.csv", "--method", "mean-color") == 2
        assert "The output of videos/a.mp4 must not" in capsys.readouterr().err
    for folder in ("videos", "link", "masks"):
        assert call("videos", "-m", "masks", "--method", "mean-color", "--batch", "-o", folder) == 2
        assert "output folder must differ" in capsys.readouterr().err
    Path("p.csv").unlink()
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_living_process_is_asked_by_its_lock_not_by_its_number(tmp_path, videos, capsys):
    with (tmp_path / ".o.mp4.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        started_at = time.perf_counter()
        assert call(videos / "a.mp4", *FAST, "-o", tmp_path / "o.mp4") == 2
        assert time.perf_counter() - started_at < 60
    assert "which is at work" in capsys.readouterr().err
    assert call(videos / "a.mp4", *FAST, "-o", tmp_path / "o.mp4") == 0  # nobody holds the file that is still there
    assert not (tmp_path / ".o.mp4.lock").exists()


def test_empty_words_are_no_paths(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for words, named in (
        (("", "-o", "o.mp4"), "VIDEO"),
        (("v", "-o", ""), "--output"),
        (("v", "-o", "o.mp4", "--mask", ""), "--mask"),
        (("v", "-o", "o.mp4", "--checkpoint", ""), "--checkpoint"),
        (("", "-o", "out", "--batch"), "VIDEO"),
        (("--pairs", ""), "--pairs"),
    ):
        assert call(*words, *FAST) == 2
        assert capsys.readouterr().err.startswith(f"lgtsm inpaint: {named} must not be empty.")
    assert names(tmp_path) == []
