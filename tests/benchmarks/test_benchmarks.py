"""The benchmarks measure the same clips, and say what they measured; how fast is not asserted."""

import json

import numpy as np
import pytest

from lgtsm.benchmarks.data import decode_alone, measure_memory, windows
from lgtsm.benchmarks.masks import measure_masks
from lgtsm.benchmarks.timing import measure, ratio
from lgtsm.commands.benchmark import main
from lgtsm.data.clips import InpaintingClips
from lgtsm.data.folder import FolderVideos
from lgtsm.masks import MaskMixture
from tests.data_trees import write_frames
from tests.reference.pil_strokes import random_clip_pil


@pytest.fixture
def folder(tmp_path):
    for k in range(3):
        write_frames(tmp_path / "frames" / f"v{k}", 6, ending="jpg", shade=30 * k)
    return tmp_path / "frames"


def test_decoding_alone_reads_the_frames_of_the_clips(folder):
    videos = FolderVideos(folder, scale=1.0, flip=False)
    clips = InpaintingClips(videos, MaskMixture({"box": 1.0}), 3, 20, 32, seed=4)
    for draw in range(5):
        [(path, numbers)] = windows(videos, [(draw, draw % 3)], 3, 20, 32, seed=4)
        expected = decode_alone(path, numbers)[..., ::-1]
        assert np.array_equal(clips[draw, draw % 3]["video"].numpy().transpose(0, 2, 3, 1), expected)


def test_data_benchmark(folder, tmp_path, capsys):
    file = tmp_path / "data.json"
    size = ["--frames", "3", "--height", "16", "--width", "16", "--batch-size", "2", "--batches", "2", "--repeats", "2"]
    main(["data", str(folder), *size, "--workers", "0", "1", "--memory-clips", "6", "--json", str(file)])
    document = json.loads(file.read_text())
    assert set(document["rates"]) == {"decoding alone", "first time", "workers=0", "workers=1"}
    assert all(len(rate["runs"]) == 2 and rate["least"] <= rate["median"] for rate in document["rates"].values())
    assert document["surroundings"]["cores"] >= 1 and document["settings"]["seed"] == 0
    assert "workers=1 over decoding alone" in capsys.readouterr().out
    assert document["memory"][-1]["clips"] == 6


def test_masks_benchmark(tmp_path, capsys):
    file = tmp_path / "masks.json"
    main(["masks", "--clips", "1", "--repeats", "2", "--frames", "2", "--json", str(file)])
    assert "5 object_like strokes, 2 frames 320x180" in capsys.readouterr().out
    assert set(json.loads(file.read_text())["rates"]) == {"lgtsm"}


def test_drawing_is_measured_beside_pillow():
    found = measure_masks(clips=1, repeats=2, num_frames=2, others={"Pillow": random_clip_pil})
    assert set(found["rates"]) == {"lgtsm", "Pillow"}
    assert found["ratios"]["lgtsm over Pillow"]["median"] > 0


def test_memory_curve(folder):
    curve = measure_memory(folder, 4, 3, 16, 16, points=2)
    assert [point["clips"] for point in curve] == [0, 2, 4]
    assert all(point["mib"] > 1 for point in curve)


def test_measure_takes_turns():
    order = []
    rates = measure({"a": lambda: order.append("a") or 10, "b": lambda: order.append("b") or 10}, repeats=2)
    assert order == ["a", "b"] * 3  # once to warm up
    assert ratio(rates["a"], rates["a"]) == {"median": 1.0, "least": 1.0, "greatest": 1.0}
