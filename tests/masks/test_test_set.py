"""Test sets on the disk: in their bins, resumable, the same tree each time, described truly."""

import hashlib
import json
import os
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from lgtsm.data.stored_masks import StoredMasks
from lgtsm.masks import test_set as module
from lgtsm.masks.contact_sheet import contact_sheet, write_contact_sheet
from lgtsm.masks.test_set import CENTERS, TestSet, write_test_set

SMALL = TestSet(clips=2, num_frames=3, height=48, width=64, seed=5)


def tree(root):
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_every_kind_and_bin_in_the_published_layout(tmp_path):
    lines = write_test_set(tmp_path, SMALL)
    assert len(lines) == 3 * len(CENTERS) * 2
    assert {line["kind"] for line in lines} == {"rand_curve", "object_like", "box"}
    for line in lines:
        files = sorted((tmp_path / line["clip"]).glob("*.png"))
        assert [file.name for file in files] == ["00000.png", "00001.png", "00002.png"]
        masks = np.stack([cv2.imread(str(file), cv2.IMREAD_GRAYSCALE) for file in files])
        assert set(np.unique(masks)) <= {0, 255}
        hole = (masks == 0).astype(np.uint8)
        assert abs(hole.mean() * 100 - line["center"]) <= 5
        assert line["share"] == pytest.approx(hole.mean(), abs=1e-6)
        assert line["share_greatest"] == pytest.approx(hole.mean((1, 2)).max(), abs=1e-6)
        assert line["sha256"] == hashlib.sha256(hole.tobytes()).hexdigest()
        assert line["clip"].split("/")[1:3] == [line["kind"], str(line["center"])]
    assert [json.loads(text) for text in (tmp_path / "masks.jsonl").read_text().splitlines()] == lines
    # What the data sets read is what was drawn.
    stored = StoredMasks(tmp_path / "random_masks" / "box" / "25")
    assert 0.2 <= np.stack(list(stored.pictures(stored.paths[0]))).mean() < 0.3


def test_a_clip_does_not_hang_on_what_else_is_drawn(tmp_path):
    lines = {line["clip"]: line for line in write_test_set(tmp_path / "all", SMALL)}
    few = write_test_set(tmp_path / "few", SMALL._replace(kinds=("box",), centers=(35,), clips=3))
    assert all(line == lines[line["clip"]] for line in few[:2])
    assert len({line["sha256"] for line in lines.values()}) == len(lines)
    other = write_test_set(tmp_path / "other", SMALL._replace(seed=6))
    assert not {line["sha256"] for line in other} & {line["sha256"] for line in lines.values()}


def test_stopped_in_the_middle_of_a_clip_and_started_again_gives_the_same_tree(tmp_path, monkeypatch):
    write_test_set(tmp_path / "whole", SMALL)
    encoded = []

    def stop(*arguments):
        encoded.append(1)
        if len(encoded) in (40, 41):
            raise KeyboardInterrupt
        return original(*arguments)

    original = cv2.imencode
    monkeypatch.setattr(module.cv2, "imencode", stop)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            write_test_set(tmp_path / "stopped", SMALL)
    write_test_set(tmp_path / "stopped", SMALL)
    assert tree(tmp_path / "whole") == tree(tmp_path / "stopped")


def test_killed_and_started_again_gives_the_same_tree(tmp_path):
    words = [
        sys.executable,
        "-m",
        "lgtsm",
        "make_masks",
        str(tmp_path / "a"),
        "--clips",
        "3",
        "--height",
        "90",
        "--width",
        "120",
    ]
    running = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    started, files = time.monotonic(), 0
    while files < 100 and running.poll() is None and time.monotonic() - started < 60:
        files = sum(len(names) for *_, names in os.walk(tmp_path / "a"))  # temporary folders may vanish meanwhile
        time.sleep(0.005)
    running.kill()
    running.wait()
    size = {"clips": 3, "height": 90, "width": 120}
    write_test_set(tmp_path / "a", TestSet(**size))
    write_test_set(tmp_path / "b", TestSet(**size))
    write_contact_sheet(
        tmp_path / "b", [json.loads(line) for line in (tmp_path / "b" / "masks.jsonl").read_text().splitlines()]
    )
    whole = tree(tmp_path / "b")
    assert {name: whole[name] for name in tree(tmp_path / "a")} == tree(tmp_path / "a")
    assert len(whole) - len(tree(tmp_path / "a")) <= 1  # at most the contact sheet


def test_two_sets_are_not_mixed_and_nonsense_is_refused(tmp_path):
    write_test_set(tmp_path, SMALL._replace(clips=1, kinds=("box",)))
    with pytest.raises(ValueError, match=r"test set.* seed"):
        write_test_set(tmp_path, SMALL._replace(clips=1, kinds=("box",), seed=1))
    for wrong, words in (
        ({"kinds": ("blob",)}, "kind.*blob"),
        ({"centers": (100,)}, "bin.* 100"),
        ({"clips": 0}, "clips.* 0"),
    ):
        with pytest.raises(ValueError, match=words):
            write_test_set(tmp_path / "new", SMALL._replace(**wrong))
    assert not (tmp_path / "new").exists()


def test_border_and_static(tmp_path):
    lines = write_test_set(tmp_path, TestSet(("rand_curve",), (15,), 1, 4, 48, 64, border=5, static=True))
    masks = [cv2.imread(str(file), 0) for file in sorted((tmp_path / lines[0]["clip"]).glob("*.png"))]
    assert all(np.array_equal(mask, masks[0]) for mask in masks)
    assert (masks[0][:5] == 255).all() and (masks[0][:, -5:] == 255).all()


def test_contact_sheet_shows_every_kind_and_bin(tmp_path):
    lines = write_test_set(tmp_path, SMALL)
    sheet = contact_sheet(tmp_path, lines)
    tiles = np.split(sheet, 3)
    darkness = [[(255 - part[14:].astype(int)).mean() for part in np.split(row, 7, axis=1)] for row in tiles]
    assert all(row == sorted(row) for row in darkness)
    assert write_contact_sheet(tmp_path, lines).is_file()
