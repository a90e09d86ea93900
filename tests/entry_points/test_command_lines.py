"""The commands as a user types them."""

import os
import subprocess
import sys

import cv2
import numpy as np
import pytest

import lgtsm
from lgtsm.__main__ import COMMANDS
from lgtsm.video.probe import probe


def command(*words, cwd=None, **environment):
    """Run `python -m WORDS`; words that start with -X are for Python itself."""
    start = [] if str(words[0]).startswith("-") else ["-m"]
    return subprocess.run(
        [sys.executable, *start, *map(str, words)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "120", **environment},
        check=False,
    )


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "weights.safetensors"
    lgtsm.save_model(lgtsm.create_model("lgtsm", width=4), path)
    return path


@pytest.fixture
def pair(data_folder):
    return data_folder / "bmx-trees" / "video.mp4", data_folder / "bmx-trees" / "masks"


def test_importing_loads_neither_torch_nor_lightning():
    code = "import lgtsm, sys; print([m for m in ('torch', 'pytorch_lightning', 'cv2', 'hydra') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize(
    "words",
    [
        ("lgtsm.train", "--help"),
        ("lgtsm.train", "--cfg", "job"),
        ("lgtsm.inpaint", "--help"),
        ("lgtsm", "export", "--help"),
        ("lgtsm.evaluate", "--cfg", "job"),
    ],
)
def test_help_and_config_do_not_load_torch(words):
    result = command("-X", "importtime", "-m", *words)
    assert result.returncode == 0
    assert result.stdout
    loaded = {line.split("|")[-1].strip() for line in result.stderr.splitlines() if line.startswith("import time")}
    assert not loaded & {"torch", "pytorch_lightning", "cv2", "av"}


def test_lgtsm_lists_its_commands_and_hands_over(tmp_path):
    result = command("lgtsm", "--help")
    assert all(name in result.stdout for name in COMMANDS)
    assert command("lgtsm", "inpaint", "--help").stdout.startswith("usage: lgtsm inpaint")
    wrong = command("lgtsm", "paint")
    assert (wrong.returncode, "'paint'" in wrong.stderr) == (2, True)
    assert command("lgtsm", "--version").stdout.strip() == lgtsm.__version__


def test_config_composes_from_another_folder(tmp_path):
    result = command("lgtsm.train", "--cfg", "job", "experiment=fvi_lgtsm", cwd=tmp_path)
    assert result.returncode == 0
    assert "name: fvi_lgtsm" in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_inpaint_fills_a_video(tmp_path, pair, weights):
    result = command("lgtsm.inpaint", pair[0], "--mask", pair[1], "-o", tmp_path / "out.mp4", "--checkpoint", weights)
    assert result.returncode == 0, result.stderr
    assert "24 frames of 288x160" in result.stdout
    before, after = probe(pair[0]), probe(tmp_path / "out.mp4")
    assert (after.frames, after.fps, after.height, after.width) == (
        before.frames,
        before.fps,
        before.height,
        before.width,
    )


def test_inpaint_wrong_input_gets_one_sentence_and_leaves_nothing(tmp_path, pair, weights, data_folder):
    video, masks = pair
    files = tmp_path / "files"
    files.mkdir()
    cv2.imwrite(str(files / "small.png"), np.full((10, 10), 255, np.uint8))
    cv2.imwrite(str(files / "empty.png"), np.zeros((160, 288), np.uint8))
    cv2.imwrite(str(files / "full.png"), np.full((160, 288), 255, np.uint8))
    (files / "broken.ckpt").write_bytes(b"broken")
    (files / "short").mkdir()
    for t in range(3):
        cv2.imwrite(str(files / "short" / f"{t}.png"), np.eye(160, 288, dtype=np.uint8) * 255)
    (files / "no_frames").mkdir()
    cases = {
        "there is nothing there": (files / "absent.mp4", masks, weights),
        "--resize-mask": (video, files / "small.png", weights),
        "--repeat-mask": (video, files / "short", weights),
        "must mask something": (video, files / "empty.png", weights),
        "full.png": (video, files / "full.png", weights),
        "not_a_video.mp4": (data_folder / "odd" / "not_a_video.mp4", masks, weights),
        "no_frames": (files / "no_frames", masks, weights),
        "absent.ckpt": (video, masks, files / "absent.ckpt"),
        "broken.ckpt": (video, masks, files / "broken.ckpt"),
    }
    out = tmp_path / "out"
    out.mkdir()
    for words, (given, mask, checkpoint) in cases.items():
        named = ["--checkpoint", checkpoint]
        result = command("lgtsm.inpaint", given, "--mask", mask, "-o", out / "out.mp4", *named)
        assert result.returncode == 2, (words, result.stderr)
        sentence = result.stderr.strip().splitlines()[-1]
        assert words in sentence, (words, sentence)
        assert "Traceback" not in result.stderr
        assert sentence.startswith("lgtsm inpaint: ")
        assert list(out.iterdir()) == []


def test_train_says_where_the_data_must_lie(tmp_path):
    result = command(
        "lgtsm.train",
        "experiment=fvi_lgtsm",
        f"data.root={tmp_path}/FVI",
        "hardware=cpu",
        "loss=reconstruction",
        cwd=tmp_path,
    )
    assert result.returncode == 2
    assert "FVI/Train/JPEGImages/<video>/<frame>.jpg" in result.stderr
    assert "Traceback" not in result.stderr
    assert "`lgtsm get_data fvi`" in result.stderr
    words = "experiment=faceforensics_lgtsm", "hardware=cpu", "loss=reconstruction"
    for variable, root in (({}, "data"), ({"LGTSM_DATA": f"{tmp_path}/sets"}, f"{tmp_path}/sets")):
        missing = command("lgtsm.train", *words, cwd=tmp_path, **variable)
        assert missing.returncode == 2
        assert f"{root}/FaceForensics/Train/videos/<video>; there is no such folder." in missing.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), ("experiment=demo", "experiment=clips_lgtsm data.root=VIDEOS")),
        (("data=folder", "data.root=somewhere"), ("experiment=clips_lgtsm", "max_steps")),
    ],
)
def test_train_alone_says_how_to_go_on(tmp_path, words, said):
    result = command("-X", "importtime", "-m", "lgtsm.train", *words, cwd=tmp_path)
    assert result.returncode == 2
    *imported, sentence = result.stderr.strip().splitlines()
    assert sentence.startswith("lgtsm train: ") and all(word in sentence for word in said)
    assert result.stdout == ""
    assert not any(line.split("|")[-1].strip() in ("torch", "pytorch_lightning") for line in imported)
