"""Edge-Connect's three stages, each from the one before, and what filling with the last is."""

import pytest
import torch

import lgtsm
from lgtsm.commands import train
from tests.data_trees import fvi_tree
from tests.end_to_end.composing import composed

TINY = [
    "model.width=4", "model.residual_blocks=1", "discriminator.width=4", "height=32", "width=32", "batch_size=2",
    "max_steps=2", "steps_per_epoch=2", "data.num_workers=0", "hardware=cpu", "evaluate=false",
    "callbacks.progress=null", "callbacks.pictures=null", "trainer.log_every_n_steps=1",
    "optimizer.generator.lr=1e-3",
]  # fmt: skip


@pytest.fixture(scope="module")
def stages(tmp_path_factory):
    """Run the three experiments as their comments say, but for the losses that need VGG16's weights."""
    folder = tmp_path_factory.mktemp("edge_connect")
    root = fvi_tree(folder / "FVI", height=36, width=48)
    done, start = {}, []
    for name in ("fvi_edge_connect_edges", "fvi_edge_connect_frames", "fvi_edge_connect"):
        loss = [] if name.endswith("edges") else ["loss=reconstruction", "loss.reconstruction.squared_weight=0"]
        options = [f"experiment={name}", f"data.root={root}", f"paths.run={folder / name}", *TINY, *loss, *start]
        result = train.run(composed("train", *options))
        done[name] = folder / name / "generator.safetensors", result["trainer"].callback_metrics
        start = [f"init_from={done[name][0]}"]
    return done


def changed(first, second):
    """Return which of the two networks differ between two files."""
    a, b = (dict(lgtsm.load_model(path).named_parameters()) for path, _ in (first, second))
    return {key.split(".")[0] for key in a if not torch.equal(a[key], b[key])}


def test_each_stage_goes_on_from_the_one_before(stages):
    edges, frames, joint = stages.values()
    assert changed(edges, frames) == {"frames"}
    assert changed(frames, joint) == {"edges", "frames"}
    assert [lgtsm.load_model(path).stage for path, _ in stages.values()] == ["edges", "frames", "joint"]


def test_each_stage_minimises_what_is_published(stages):
    terms = [
        {key.removeprefix("train/") for key in logged} & {"adversarial", "feature_matching", "reconstruction"}
        for _, logged in stages.values()
    ]
    assert terms == [{"adversarial", "feature_matching"}, *[{"adversarial", "reconstruction"}] * 2]
    joint, frames, edges = (
        composed("train", f"experiment=fvi_edge_connect{stage}", "data.root=/d") for stage in ("", "_frames", "_edges")
    )
    for config in (joint, frames):
        weights = [config.loss[f"weight_{term}"] for term in ("reconstruction", "perceptual", "style")]
        assert [*weights, config.adversarial.weight] == [1, 0.1, 250, 0.1]
        assert (config.adversarial.feature_matching, config.discriminator.channels) == (0, 3)
    assert (edges.adversarial.weight, edges.adversarial.feature_matching, edges.discriminator.channels) == (1, 10, 2)
    rates = [(c.optimizer.generator.lr, c.optimizer.discriminator.lr) for c in (edges, frames, joint)]
    assert rates == [(1e-4, 1e-5), (1e-4, 1e-5), (1e-6, 1e-7)]
