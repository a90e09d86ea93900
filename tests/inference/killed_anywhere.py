"""Kill a batch before each of its changes to the disk in turn, and run it again; a program of its own, as it forks.

Run with the folder to work in as argument; it prints how many places there were.
"""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

from lgtsm.inference.batch import read_state, run_batch
from lgtsm.inference.pairs import Pair

CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree", "open"}
left = None  # changes until the end; None: forever


def killer(event, arguments):
    global left
    if left is None or event not in CHANGES or (event == "open" and not (arguments[2] or 0) & os.O_CREAT):
        return
    if left == 0:
        os._exit(9)
    left -= 1


def fill_with(content):
    def fill(pair):
        if pair.output.suffix:
            pair.output.write_bytes(content)
        else:
            pair.output.mkdir()
            for number in range(2):
                (pair.output / f"{number}.png").write_bytes(content)
        return SimpleNamespace(info=SimpleNamespace(frames=2), hole_share=0.5)

    return fill


def contents(output):
    files = [output] if output.is_file() else [file for file in sorted(output.iterdir()) if file.suffix == ".png"]
    return [file.read_bytes() for file in files]


def check(folder, name, replaces, count):
    """Kill a run before change `count`, run again and look; return whether it was killed."""
    global left
    folder.mkdir()
    (folder / "video.mp4").write_bytes(b"video")
    pair = Pair(folder / "video.mp4", None, folder / "out" / name, "video.mp4")
    if replaces:
        (result,) = run_batch([pair], fill_with(b"old"), {"take": 1})
        assert result.state == "filled", result
        if not pair.output.suffix:
            (pair.output / ".DS_Store").write_bytes(b"view")
    child = os.fork()
    if child == 0:
        left = count
        run_batch([pair], fill_with(b"new"), {"take": 2})
        os._exit(0)
    killed = os.waitpid(child, 0)[1] != 0
    before = contents(pair.output) if pair.output.exists() else []
    assert before in ([], [b"old"], [b"old"] * 2, [b"new"], [b"new"] * 2), before
    (seen,) = run_batch([pair], fill_with(b"new"), {"take": 2}, dry=True)
    (result,) = run_batch([pair], fill_with(b"new"), {"take": 2})
    assert result.state in ("filled", "done before"), (count, result.why)
    assert (result.state == "done before") == (before[:1] == [b"new"]) == (seen.state == "done before"), (count, result)
    assert set(contents(pair.output)) == {b"new"}
    state = read_state(pair.output)
    assert state["state"] == "done" and "coming" not in state
    # A lock that nobody holds goes with the next run that has something to do.
    there = sorted(path.name for path in pair.output.parent.iterdir() if path.suffix != ".lock")
    assert there == [f".{name}.lgtsm.json", name], (count, there)
    if replaces and not pair.output.suffix:
        assert (pair.output / ".DS_Store").read_bytes() == b"view", count
    return killed


if __name__ == "__main__":
    sys.addaudithook(killer)
    for name in ("a.mp4", "a"):
        for replaces in (False, True):
            count = 0
            while check(Path(sys.argv[1]) / f"{name}{replaces}{count}", name, replaces, count):
                count += 1
            print(count)
