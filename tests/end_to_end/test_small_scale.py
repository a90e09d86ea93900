"""The script behind docs/small_scale_reproduction.md, without its hours."""

import csv
import importlib.util
import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from lgtsm.evaluation.protocol import PaperProtocol
from lgtsm.evaluation.summary import write_per_video
from tests.data_trees import write_frames
from tests.end_to_end.composing import composed

SCRIPT = Path(__file__).parents[2] / "docs" / "small_scale_reproduction.py"
FILMS = 12


@pytest.fixture
def script():
    spec = importlib.util.spec_from_file_location("small_scale_reproduction", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def videos(tmp_path):
    for film, part in itertools.product(range(FILMS), range(2)):
        write_frames(tmp_path / "videos" / f"film{film}_{part:02d}", num_frames=1, height=4, width=4)
    return tmp_path / "videos"


def pretend(script, monkeypatch):
    """Record the commands, and leave behind what they would leave: weights, and scores drawn at random."""
    calls = []

    def call(command, overrides):
        calls.append((command, overrides))
        values = dict(override.split("=", 1) for override in overrides)
        run = Path(values["paths.run"])
        run.mkdir(parents=True)
        if command == "train":
            (run / "generator.safetensors").touch()
            return
        rng = np.random.default_rng(len(calls))
        methods = script.FILLERS if values["methods"] != "[]" else [values["name"]]
        records = [
            {"method": method, "video": f"film{film}_{part}", "kind": "object_like", "center": 5, "frames": 6,
             "share": 0.05, "hole_sha256": "", "scores": {score: 20 * rng.random() for score in script.SCORES}}
            for method in methods for film in range(5) for part in range(1 + film % 2)
        ]  # fmt: skip
        write_per_video(run / "per_video.csv", records, script.SCORES)
        (run / "metrics.json").touch()

    monkeypatch.setattr(script, "call", call)
    return calls


def start(script, monkeypatch, videos, out, *words):
    weights = ["--squeezenet", str(out / "squeezenet.pth")]
    monkeypatch.setattr("sys.argv", ["script", str(videos), str(out), *weights, *words])
    script.main()


def test_clips_of_one_film_are_never_parted(script, videos, tmp_path):
    script.split(videos, tmp_path / "out")
    train, held_out = ((tmp_path / "out" / f"{part}.txt").read_text().split() for part in ("train", "validation"))
    assert sorted(train + held_out) == sorted(path.name for path in videos.iterdir())
    assert held_out and not {script.film_of(name) for name in train} & {script.film_of(name) for name in held_out}
    size = {"num_frames": 1, "height": 4, "width": 4, "kinds": ["box"]}
    scored = PaperProtocol("small", videos, "fvi", **size, split_folder=tmp_path / "out")
    assert {scored.source.root / name for name in scored.video_names} == {videos / name for name in held_out}


def test_every_system_is_trained_with_one_budget_and_nothing_is_done_twice(script, monkeypatch, videos, tmp_path):
    calls = pretend(script, monkeypatch)
    out = tmp_path / "out"
    start(script, monkeypatch, videos, out, "--seeds", "0")
    trained = [composed("train", *overrides) for command, overrides in calls if command == "train"]
    assert [Path(config.paths.run).name for config in trained] == [f"{system}_seed0" for system in script.SYSTEMS]
    same = ("max_steps", "batch_size", "num_frames", "height", "width", "seed", "data", "mask", "optimizer", "trainer")
    assert all(config[key] == trained[0][key] for config in trained for key in same if key != "trainer")
    assert {config.model.name: config.model.width for config in trained} == {
        "gated3d": 16, "tsm": 22, "gtsm": 16, "lgtsm": 16, "combcn": 8
    }  # fmt: skip
    scored = [composed("evaluate", *overrides) for command, overrides in calls if command == "evaluate"]
    assert len(scored) == 1 + len(script.SYSTEMS)
    assert len({(config.protocol.videos, config.protocol.seed) for config in scored}) == 1

    before = len(calls)
    start(script, monkeypatch, videos, out, "--seeds", "0")
    assert len(calls) == before
    start(script, monkeypatch, videos, out, "--seeds", "0", "1", "--set", "max_steps=7")
    again = [overrides for command, overrides in calls[before:] if command == "train"]
    assert len(again) == len(script.SYSTEMS)
    assert all("seed=1" in overrides and "max_steps=7" in overrides for overrides in again)


def test_the_table_holds_means_over_seeds_and_clips(script, monkeypatch, videos, tmp_path):
    pretend(script, monkeypatch)
    out = tmp_path / "out"
    start(script, monkeypatch, videos, out, "--seeds", "0", "1")

    def mean(system, seed, score):
        with (out / "scores" / f"{system}_seed{seed}" / "per_video.csv").open() as file:
            return np.mean([float(row[score]) for row in csv.DictReader(file)])

    rows = [line.split(" | ") for line in (out / "table.md").read_text().splitlines()]
    column = 2 + script.SCORES.index("psnr_hole")
    (row,) = [row for row in rows if row[0] == "| CombCN"]
    assert row[1] == "2"
    expected = (mean("combcn", 0, "psnr_hole") + mean("combcn", 1, "psnr_hole")) / 2
    assert float(row[column].split()[0]) == pytest.approx(expected, abs=6e-3)
    (row,) = [row for row in rows if row[0] == "| GAN on − off"]
    each = [mean("gtsm_gan", seed, "psnr_hole") - mean("gtsm", seed, "psnr_hole") for seed in (0, 1)]
    written = [
        float(text.strip("*"))
        for text in row[column].replace("|", "").replace(",", " ").translate(str.maketrans("[]()", "    ")).split()
    ]
    assert written[0] == pytest.approx(np.mean(each), abs=6e-3)
    assert written[3:] == pytest.approx(each, abs=6e-3)
    assert written[1] < written[0] < written[2]


def test_intervals_widen_with_what_seeds_and_films_disagree_on(script):
    films, rng = np.full(20, 3), np.random.default_rng(1)
    equal = np.full((3, 20), 6.0)
    assert script.interval(equal, films) == pytest.approx((2, 2, 2))
    seeds = equal + np.array([[-3.0], [0.0], [3.0]])
    assert script.interval(seeds, films)[1:] == pytest.approx((1, 3))
    noisy = equal[:1] + rng.normal(0, 3, (1, 20))
    mean, low, high = script.interval(noisy, films)
    assert mean == pytest.approx(noisy.sum() / 60)
    assert (high - low) / 2 == pytest.approx(1.96 * (noisy / 3).std() / 20**0.5, rel=0.1)


def test_commands_of_the_page_are_those_of_the_script(script, monkeypatch, videos, tmp_path):
    page = SCRIPT.with_suffix(".md").read_text()
    blocks = [line for block in re.findall(r"```bash\n(.*?)```", page, re.S) for line in block.splitlines()]
    (own,) = [line for line in blocks if line.startswith(f"python docs/{SCRIPT.name} ")]
    (by_hand,) = [line for line in blocks if line.startswith("python -m lgtsm.train ")]
    assert composed("train", *by_hand.split()[3:]).max_steps == 600
    calls = pretend(script, monkeypatch)
    words = own.replace("VIDEOS", str(videos)).replace("OUT", str(tmp_path)).split()[1:]
    monkeypatch.setattr("sys.argv", words)
    script.main()
    assert sum(command == "train" for command, _ in calls) == 3 * len(script.SYSTEMS)
