"""The benchmarks measure the same clips, and say what they measured; how fast is not asserted."""

import json

import numpy as np
import pytest
import pytorch_lightning as pl
import torch

import lgtsm
from lgtsm.benchmarks.data import decode_alone, measure_memory, windows
from lgtsm.benchmarks.masks import measure_masks
from lgtsm.benchmarks.networks import measure_networks
from lgtsm.benchmarks.timing import measure, ratio
from lgtsm.commands.benchmark import main
from lgtsm.data.clips import InpaintingClips
from lgtsm.data.folder import FolderVideos
from lgtsm.masks import MaskMixture
from lgtsm.training import timed_steps
from tests.data_trees import write_frames
from tests.reference.lively import make_lively
from tests.reference.pil_strokes import random_clip_pil
from tests.reference.plain_networks import PlainDiscriminator, PlainGenerator


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


SMALL = ["--frames", "3", "--height", "16", "--width", "24", "--repeats", "2"]


@pytest.mark.parametrize("live", [False, True])
def test_networks_are_measured_beside_a_plain_one_and_the_ceiling(live, tmp_path, capsys):
    file = tmp_path / "networks.json"
    beside = [] if live else ["--beside", "tests.reference.plain_networks.PlainGenerator"]
    models = ["--model", "lgtsm", "gated3d", "--option", "width=8", "--precision", "fp32", "bf16"]
    main(["stream" if live else "inference", *models, *SMALL, *beside, "--json", str(file)])
    document = json.loads(file.read_text())
    names = {f"{model} {precision}" for model in ("lgtsm", "gated3d") for precision in ("fp32", "bf16")}
    assert set(document["rates"]) == names | ({"PlainGenerator"} if beside else set())
    assert len(document["ceilings"]) == 4 and len(document["ratios"]) == len(document["rates"]) - 1
    for name in names:
        rate = document["rates"][name]
        top = max(
            document["ceilings"][f"one {what} {name[-4:]}"]["median"] for what in ("convolution", "matrix product")
        )
        assert rate["share_of_ceiling"] == pytest.approx(rate["median"] * rate["gflop_per_frame"] / top)
        assert rate["peak_memory_mib"] >= 0 and len(rate["runs"]) == 2
    assert "frames/s" in capsys.readouterr().out


def test_operations_are_those_of_the_layers():
    network = lgtsm.create_model("tsm", width=4, shift_fraction=0.0)
    found = measure_networks({"tsm": network}, num_frames=2, height=16, width=16, repeats=1)
    pixels = {
        "conv1": 14 * 14,
        "conv2": 64,
        "conv3": 64,
        "deconv1": 25,
        "conv9": 64,
        "deconv2": 81,
        "conv10": 256,
        "conv11": 256,
    }
    count = 0
    for name, layer in network.layers.items():
        taps = 4 if layer.doubles else layer.feature.weight[0, 0].numel()
        outputs = layer.feature.out_channels * (4 if layer.doubles else 1)
        count += 2 * pixels.get(name, 16) * outputs * layer.feature.in_channels * taps
    assert found["rates"]["tsm fp32"]["gflop_per_frame"] == pytest.approx(count / 1e9)


def test_the_plain_networks_compute_the_same(make_clip):
    video, hole = make_clip(2, 5, 24, 32)
    generator = make_lively(lgtsm.create_model("lgtsm", width=8))
    discriminator = lgtsm.create_discriminator("tsmgan", width=4)
    torch.testing.assert_close(PlainGenerator(generator)(video, hole), generator(video, hole), atol=1e-5, rtol=0)
    torch.testing.assert_close(
        PlainDiscriminator(discriminator)(video, hole), discriminator(video, hole), atol=1e-5, rtol=0
    )


def test_training_benchmark(tmp_path, capsys):
    file = tmp_path / "training.json"
    sizes = ["model.width=4", "discriminator.width=4", "num_frames=3", "height=32", "width=32", "batch_size=2"]
    beside = ["--beside", "tests.reference.plain_networks.PlainTraining"]
    main(["train", *sizes, *beside, "--steps", "2", "--repeats", "2", "--json", str(file)])
    document = json.loads(file.read_text())
    assert set(document["rates"]) == {"fp32", "PlainTraining"}
    assert document["settings"]["overrides"] == sizes and document["settings"]["batch_size"] == 2
    assert "2 clips of 3 frames 32x32 a step" in capsys.readouterr().out


def test_steps_are_timed_as_training_takes_them(monkeypatch):
    """The clock stands at the end of each step; the first one is not counted."""
    monkeypatch.setattr(timed_steps, "time", Clock())
    assert timed_steps.time_steps(Steps(), {"x": torch.ones(1)}, 3, {"accelerator": "cpu"}) == (3 * 2.0, 3 * 5.0)


class Clock:
    """Two seconds on the clock, five on the CPU, at each look."""

    now = cpu = 0.0

    def perf_counter(self):
        self.now += 2.0
        return self.now

    def process_time(self):
        self.cpu += 5.0
        return self.cpu


class Steps(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))

    def training_step(self, batch, index):
        return (self.weight * batch["x"]).sum()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


def test_filling_benchmark(tmp_path, capsys):
    file = tmp_path / "fill.json"
    methods = ["--method", "flow-fusion", "temporal-copy", "--precision", "fp32", "bf16"]
    main(["fill", *methods, *SMALL, "--clips", "2", "--repeats", "1", "--json", str(file)])
    document = json.loads(file.read_text())
    assert set(document["rates"]) == {"flow-fusion fp32", "flow-fusion bf16", "temporal-copy"}
    assert document["settings"]["videos"] == ["synthetic_0_000000", "synthetic_0_000001"]
    assert "hole 20 %" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "given"),
    [
        ("--model must name networks, of lgtsm", ["inference", "--model", "nothing"]),
        ("networks that step from frame to frame", ["stream", "--model", "combcn"]),
        ("cannot be composed: Could not override", ["train", "nothing=1"]),
        ("no option 'nothing'", ["inference", "--option", "nothing=1"]),
        ("threads must be", ["masks", "--threads", "0"]),
    ],
)
def test_what_cannot_be_measured_is_said(words, given, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(given)
    assert stopped.value.code == 2 and words in capsys.readouterr().err
