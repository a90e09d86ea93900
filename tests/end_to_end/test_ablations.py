"""The rows of Table 2, trained one after another by one command."""

import csv

import pytest
from omegaconf import OmegaConf

import lgtsm
from lgtsm.commands import train
from tests.data_trees import write_frames
from tests.end_to_end.composing import composed

TINY = [
    "budget=small", "debug=one_batch", "loss=reconstruction", "data.num_workers=0", "data.held_out=0.3",
    "model.width=4", "discriminator.width=4", "num_frames=3", "height=16", "width=16",
    "callbacks.progress=null", "callbacks.pictures=null", "trainer.log_every_n_steps=1",
]  # fmt: skip


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def test_channels_of_plain_convolutions_are_increased_to_the_parameters_of_gated_ones():
    options = composed("train", "experiment=ablation/tsm_gan", "data.root=/data").model
    counts = {
        width: count(lgtsm.create_model("tsm", width=width, initialization="pytorch"))
        for width in (options.width - 2, options.width, options.width + 2)
    }
    wanted = count(lgtsm.create_model("gtsm", width=64, initialization="pytorch"))
    assert min(counts, key=lambda width: abs(counts[width] - wanted)) == options.width
    assert abs(counts[options.width] / wanted - 1) < 0.02


@pytest.mark.parametrize("name", ["conv3d_gan", "tsm_gan", "gtsm", "gtsm_gan", "lgtsm_gan"])
def test_rows_differ_in_their_networks_only(name):
    first, other = (
        OmegaConf.to_container(composed("train", f"experiment=ablation/{row}", "data.root=/data"), resolve=False)
        for row in ("lgtsm_gan", name)
    )
    assert {key for key in first if first[key] != other[key]} <= {"name", "model", "discriminator"}


def test_one_command_trains_them_one_after_another(tmp_path, monkeypatch):
    for number in range(8):
        write_frames(tmp_path / "videos" / f"video{number}")
    sweep = f"hydra.sweep.dir={tmp_path / 'sweep'}"
    monkeypatch.setattr(
        "sys.argv",
        ["lgtsm train", "-m", "experiment=glob(ablation/*)", f"data.root={tmp_path / 'videos'}", sweep, *TINY],
    )
    train.main()
    runs = sorted(path.parent for path in tmp_path.glob("sweep/*/generator.safetensors"))
    models = [lgtsm.load_model(run / "generator.safetensors").catalog_entry["name"] for run in runs]
    assert [run.name for run in runs] == ["0", "1", "2", "3", "4"]
    assert models == ["gated3d", "gtsm", "gtsm", "lgtsm", "tsm"]
    logged = []
    for run in runs:
        with next(run.rglob("metrics*.csv")).open() as file:
            logged.append("train/discriminator" in csv.DictReader(file).fieldnames)
    assert logged == [True, False, True, True, True]
