"""Several processes share a list of videos: each video is filled once, also when processes are killed."""

import os
import signal
import subprocess
import sys
import time

import pytest

import lgtsm
from lgtsm.inference import batch
from lgtsm.inference.batch import run_batch
from lgtsm.inference.pairs import pair_by_name
from lgtsm.inpaint import main
from lgtsm.sole_writer import SoleWriter
from tests.inference.test_batch import fake_fill, states

VIDEOS = 12
WORKER = """
import os, sys, time
from pathlib import Path
from types import SimpleNamespace
from lgtsm.inference import batch
from lgtsm.inference.pairs import pair_by_name
root, slow = Path(sys.argv[1]), sys.argv[2] == "slow"
batch.SECONDS_BETWEEN_LOOKS = 0.05
log = os.open(root / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def fill(pair):
    os.write(log, f"begin {pair.name} {os.getpid()}\\n".encode())
    time.sleep(1000 if slow else 0.05)
    pair.output.write_bytes(pair.video.read_bytes() * 2)
    os.write(log, f"end {pair.name} {os.getpid()}\\n".encode())
    return SimpleNamespace(info=SimpleNamespace(frames=1), hole_share=0.1)
pairs = pair_by_name(root / "videos", root / "mask.png", root / "out")
results = batch.run_batch(pairs, fill, {"a": 1}, share=True)
assert all(result.state in ("filled", "done before") for result in results), results
assert len(results) == len(pairs)
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "videos").mkdir()
    (tmp_path / "mask.png").write_bytes(b"mask")
    for number in range(VIDEOS):
        (tmp_path / "videos" / f"{number:02d}.mp4").write_bytes(bytes([number]))
    return tmp_path


def start(root, speed):
    return subprocess.Popen([sys.executable, "-c", WORKER, str(root), speed], stderr=subprocess.PIPE)


def logged(root):
    path = root / "log"
    return [tuple(line.split()) for line in path.read_text().splitlines()] if path.exists() else []


def wait_until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_four_processes_fill_every_video_once_and_take_over_from_killed_ones(root):
    doomed = [start(root, "slow") for _ in range(2)]
    wait_until(lambda: sum(line[0] == "begin" for line in logged(root)) == 2)
    others = [start(root, "fast") for _ in range(2)]
    wait_until(lambda: sum(line[0] == "end" for line in logged(root)) == VIDEOS - 2)  # all but what the two are at
    for process in doomed:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stderr.close()
    for process in others:
        assert process.wait(60) == 0, process.stderr.read().decode()
        process.stderr.close()
    lines = logged(root)
    ended = sorted(name for what, name, _ in lines if what == "end")
    assert ended == [f"{number:02d}.mp4" for number in range(VIDEOS)]
    begun = [name for what, name, _ in lines if what == "begin"]
    abandoned = [name for what, name, pid in lines if what == "begin" and int(pid) in [one.pid for one in doomed]]
    assert len(set(abandoned)) == 2
    assert sorted(begun) == sorted([*ended, *abandoned])
    for number in range(VIDEOS):
        assert (root / "out" / f"{number:02d}.mp4").read_bytes() == bytes([number]) * 2
    left = {path.name for path in (root / "out").iterdir() if not path.name.endswith((".mp4", ".lgtsm.json"))}
    assert not left


def test_without_sharing_what_another_run_is_at_fails(root, monkeypatch):
    pairs = pair_by_name(root / "videos", root / "mask.png", root / "out")
    (root / "out").mkdir()
    HOLD = "import sys; from lgtsm.sole_writer import SoleWriter; SoleWriter(sys.argv[1]); print(); sys.stdin.read()"
    command = [sys.executable, "-c", HOLD, str(pairs[0].output)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        results = run_batch(pairs, fake_fill, {})
        assert states(results) == ["failed"] + ["filled"] * (VIDEOS - 1)
        assert "is being written by another run" in results[0].why
        # Sharing waits for it, last of all.
        naps = []

        def nap(seconds):
            naps.append(seconds)
            other.stdin.close()
            other.wait()

        monkeypatch.setattr(batch.time, "sleep", nap)
        results = run_batch(pairs, fake_fill, {}, share=True)
    assert states(results) == ["done before"] * (VIDEOS - 1) + ["filled"]
    assert naps and set(naps) == {batch.SECONDS_BETWEEN_LOOKS}


@pytest.mark.parametrize(
    ("words", "given"),
    [("--share is for --batch", ["a.mp4", "-o", "b.mp4", "--box", "0,0,9,9"]),
     ("would fill again", ["a", "-o", "b", "--batch", "--overwrite", "--mask", "m"])],
)  # fmt: skip
def test_sharing_refuses(words, given, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([*given, "--share"])
    assert stopped.value.code == 2 and words in capsys.readouterr().err


def test_a_shared_folder_from_the_command_line(tmp_path, data_folder, capsys):
    clip = data_folder / "hand-held"
    (tmp_path / "videos").mkdir()
    os.symlink(next(path for path in sorted(clip.iterdir()) if path.suffix == ".mp4"), tmp_path / "videos" / "a.mp4")
    out = tmp_path / "out"
    given = [str(tmp_path / "videos"), "-o", str(out), "--batch", "--box", "10,10,20,20", "--method", "temporal-copy"]
    out.mkdir()
    with SoleWriter(out, inside=True):  # another run's lock of the folder does not matter to runs that share
        main([*given, "--share"])
    assert lgtsm.video.open_video(out / "a.mp4")
    main([*given, "--share"])
    assert "done before" in capsys.readouterr().out
