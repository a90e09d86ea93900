"""make_masks, check_data, prepare_data and benchmark as a user types them; training from a published layout."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from lgtsm.commands import get_data
from lgtsm.data.pages import PUBLISHED
from tests.data_trees import face_forensics_tree, fvi_tree, write_frames, write_masks


def command(*words, cwd=None):
    return subprocess.run(
        [sys.executable, "-m", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "160"},
        check=False,
    )


@pytest.mark.parametrize("name", ["make_masks", "prepare_data", "benchmark"])
def test_help_is_light(name):
    words = [sys.executable, "-X", "importtime", "-m", "lgtsm", name, "--help"]
    result = subprocess.run(words, capture_output=True, text=True, check=True)
    loaded = {line.split("|")[-1].strip() for line in result.stderr.splitlines() if line.startswith("import time")}
    assert not loaded & {"torch", "cv2", "numpy", "av"}
    assert result.stdout.startswith(f"usage: lgtsm {name}")


def test_make_masks(tmp_path):
    words = ("--clips", 1, "--kinds", "box", "--frames", 2, "--height", 32, "--width", 32)
    result = command("lgtsm", "make_masks", tmp_path / "set", *words)
    assert (result.returncode, "7 clips, manifest masks.jsonl" in result.stdout) == (0, True), result.stderr
    assert {path.name for path in (tmp_path / "set").iterdir()} == {
        "random_masks", "masks.jsonl", "contact_sheet.png", "test_set.json",
    }  # fmt: skip
    wrong = command("lgtsm", "make_masks", tmp_path / "set", *words, "--seed", 3)
    assert wrong.returncode == 2
    assert wrong.stderr.strip().splitlines()[-1].startswith("lgtsm make_masks: ")
    assert "Traceback" not in wrong.stderr


@pytest.mark.parametrize(("data", "tree", "count"), [("fvi", fvi_tree, 4), ("face_forensics", face_forensics_tree, 5)])
def test_check_data_on_a_good_and_a_damaged_tree(tmp_path, data_folder, data, tree, count):
    tree(tmp_path / "data")
    words = ("lgtsm", "check_data", f"data={data}", f"data.root={tmp_path / 'data'}", "height=20", "width=32")
    known = ("expected.train=4", "expected.validation=3")
    good = command(*words, *known, cwd=tmp_path)
    assert (good.returncode, "Nothing is wrong." in good.stdout) == (0, True), good.stdout + good.stderr
    part = command(*words, cwd=tmp_path)
    assert part.returncode == 1 and "are expected. Is the data set whole?" in part.stdout

    videos = tmp_path / "data" / "Train" / ("JPEGImages" if data == "fvi" else "videos")
    shutil.copyfile(data_folder / "odd" / "truncated_no_moov.mp4", videos / "torn.mp4")
    write_frames(videos / "short", 3)
    masks = tmp_path / "data" / "Test" / ("object_masks" if data == "fvi" else "masks")
    shutil.rmtree(sorted(masks.iterdir())[-1])
    shutil.rmtree(sorted(masks.iterdir())[0])
    write_masks(masks / "video0", invert=True)
    bad = command(*words, "expected.train=6", "expected.validation=3", cwd=tmp_path)
    assert bad.returncode == 1, bad.stdout + bad.stderr
    # In FaceForensics each video has its own masks, so the two new ones lack them too.
    for words in (
        "1: torn",
        "1: short (3)",
        "videos without masks",
        "video0 (94% missing)",
        f"{count} things are wrong",
    ):
        assert words in bad.stdout, bad.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"data"}  # nothing is left behind


def test_check_data_without_data_is_a_sentence(tmp_path):
    for words, sentence in (
        (("data=fvi", f"data.root={tmp_path}"), "The FVI data set"),
        (
            ("data=fvi",),
            "needs data/FVI/Train/JPEGImages/<video>/<frame>.jpg; there is no such folder. `lgtsm get_data fvi`",
        ),
        (("data=synthetic",), "reads no files"),
    ):
        result = command("lgtsm", "check_data", *words, cwd=tmp_path)
        assert (result.returncode, sentence in result.stderr) == (2, True), result.stderr
        assert "Traceback" not in result.stderr


def test_prepare_data(tmp_path, data_folder):
    (tmp_path / "videos").mkdir()
    shutil.copyfile(data_folder / "bmx-trees" / "video.mp4", tmp_path / "videos" / "bmx.mp4")
    shutil.copyfile(data_folder / "odd" / "empty.mp4", tmp_path / "videos" / "empty.mp4")
    result = command("lgtsm", "prepare_data", tmp_path / "videos", tmp_path / "copy", "--height", 48, "--width", 64)
    assert result.returncode == 0, result.stderr
    assert "1 video gave 1 scene of 24 frames" in result.stdout and "1 unreadable" in result.stdout
    assert "empty is left out" in result.stderr
    missing = command("lgtsm", "prepare_data", tmp_path / "nothing", tmp_path / "other")
    assert (missing.returncode, "there is nothing there" in missing.stderr) == (2, True)


def test_training_from_fvi_with_a_bad_video_and_stored_test_masks(tmp_path):
    fvi_tree(tmp_path / "FVI", train=6, height=24, width=40)
    torn = tmp_path / "FVI" / "Train" / "JPEGImages" / "video2"
    for frame in torn.iterdir():
        frame.write_bytes(b"no picture")
    words = (
        "experiment=fvi_lgtsm", f"data.root={tmp_path / 'FVI'}", "hardware=cpu", "loss=reconstruction",
        "mask@data.validation_masks=fvi_stored", "model.width=4", "discriminator.width=4", "height=20", "width=32",
        "num_frames=4", "batch_size=2", "max_steps=6", "steps_per_epoch=6",
        "adversarial.start_step=4", "data.num_workers=1",
        "data.max_bad_share=0.2", f"paths.run={tmp_path / 'run'}", f"hydra.run.dir={tmp_path / 'run'}",
    )  # fmt: skip
    result = command("lgtsm.train", *words, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("The video video2 is skipped") == 1
    assert (tmp_path / "run" / "generator.safetensors").is_file()
    scores = json.loads((tmp_path / "run" / "evaluation" / "metrics.json").read_text())
    assert (scores["protocol"]["videos"], scores["protocol"]["masks"]) == (3, "stored")
    strict = command("lgtsm.train", *[w for w in words if "max_bad_share" not in w], cwd=tmp_path)
    assert strict.returncode == 2
    assert "1 of 6 videos cannot be used" in strict.stderr and "video2" in strict.stderr


@pytest.mark.parametrize("words", [("train", "experiment=demo"), ("evaluate",), ("train", "-m", "seed=1,2")])
def test_a_run_folder_that_cannot_be_is_a_sentence(tmp_path, words):
    (tmp_path / "file").touch()
    for place in ("file", "file/run"):
        name = "hydra.sweep.dir" if "-m" in words else "paths.run"
        result = command("lgtsm", *words, f"{name}={tmp_path / place}")
        assert result.returncode == 2 and result.stdout == ""
        assert result.stderr.startswith(f"lgtsm {words[0]}: {tmp_path / place} ")
        assert f"{tmp_path / 'file'} is a file, not a folder" in result.stderr
        assert result.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_get_data_names_pages_and_counts_what_is_there(tmp_path, monkeypatch, capsys):
    fvi_tree(tmp_path / "FVI", train=3, test=2)
    monkeypatch.setenv("LGTSM_DATA", str(tmp_path))
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda page: opened.append(page) or True)
    get_data.main(["fvi", "--open"])
    out = capsys.readouterr().out
    assert len(opened) == 3
    assert all(page.startswith("https://") and page in out for page in opened)
    assert f"{tmp_path}/FVI/Test/JPEGImages/<video>/<frame>.jpg" in out
    assert "train: 3 videos, published are 14900" in out
    assert "test: 2 videos, published are 100" in out
    monkeypatch.delenv("LGTSM_DATA")
    monkeypatch.chdir(tmp_path)
    for name in get_data.NAMES:
        get_data.main([name])
        out = capsys.readouterr().out
        assert "Put it into data/" in out
        assert "There now" not in out
    assert [path.name for path in tmp_path.iterdir()] == ["FVI"]  # nothing is made
    monkeypatch.setattr("webbrowser.open", lambda page: False)
    with pytest.raises(SystemExit, match="2"):
        get_data.main(["fvi", "--open"])
    assert "No browser opens https://" in capsys.readouterr().err


def test_get_data_knows_what_it_names():
    assert tuple(PUBLISHED) == get_data.NAMES
