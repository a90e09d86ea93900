"""New networks under spectral norm carry a signal, and learn."""

from pathlib import Path

import pytest
import torch
import yaml

import lgtsm
from lgtsm.data.clips import InpaintingClips
from lgtsm.data.synthetic import SyntheticVideos
from lgtsm.losses import ReconstructionLoss
from lgtsm.masks import MaskMixture

EXPERIMENTS = Path(__file__).parents[2] / "conf/experiment"


def options_of(experiment):
    """Return the options of the network that an experiment sets itself."""
    return yaml.safe_load((EXPERIMENTS / f"{experiment}.yaml").read_text())["model"]


@pytest.mark.parametrize(
    ("name", "experiment"), [("lgtsm", "fvi_lgtsm_paper"), ("gated3d", "fvi_gated3d"), ("tsm", "fvi_lgtsm_paper")]
)
def test_starts_as_without_spectral_norm(name, experiment, make_clip):
    options = options_of(experiment)
    assert options["spectral_norm"]
    assert options["spectral_gain"]
    free = {key: value for key, value in options.items() if not key.startswith("spectral")}
    video, hole = make_clip(1, 4, 32, 48)
    outputs = []
    for chosen in (options, free):
        torch.manual_seed(0)
        model = lgtsm.create_model(name, width=8, **chosen)
        outputs.append(model(video, hole)["predicted"])
    assert outputs[0].std() > 0.5 * outputs[1].std() > 0.05
    # Alone, the norm leaves next to nothing.
    torch.manual_seed(0)
    alone = lgtsm.create_model(name, width=8, **options | {"spectral_gain": False})(video, hole)["predicted"]
    assert alone.std() < 1e-4


def test_gain_starts_at_the_singular_value_and_is_trained(make_clip):
    torch.manual_seed(0)
    free = lgtsm.create_model("lgtsm", width=8)
    torch.manual_seed(0)
    model = lgtsm.create_model("lgtsm", width=8, spectral_norm=True, spectral_norm_last=True, spectral_gain=True)
    for name, conv in free.named_modules():
        if not name.endswith((".feature", ".gate")):
            continue
        normalized = model.get_submodule(name)
        gain = normalized.parametrizations.weight[1].gain
        original = normalized.parametrizations.weight.original.detach()
        largest = torch.linalg.svdvals(original.flatten(1))[0]
        torch.testing.assert_close(gain.detach(), largest, rtol=0.05, atol=0)
        assert conv.weight.shape == normalized.weight.shape
    video, hole = make_clip(1, 3, 16, 16)
    model(video, hole)["predicted"].sum().backward()
    assert all(p.grad is not None for n, p in model.named_parameters() if n.endswith("gain"))


@pytest.mark.parametrize(
    ("name", "experiment", "width"), [("gated3d", "fvi_gated3d", 12), ("lgtsm", "fvi_lgtsm_paper", 16)]
)
def test_200_small_steps_beat_the_mean_color(name, experiment, width):
    torch.manual_seed(0)
    model = lgtsm.create_model(name, width=width, **options_of(experiment))
    holes = MaskMixture({"box": 1.0}, hole_share=(0.1, 0.2))
    clips = InpaintingClips(SyntheticVideos(400), holes, 3, 32, 32)
    held_out = InpaintingClips(SyntheticVideos(16, seed=1), holes, 3, 32, 32)
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-4)
    loss = ReconstructionLoss("frame+hole", "predicted")

    def batch(samples):
        video, hole = (torch.stack([torch.as_tensor(sample[key]) for sample in samples]) for key in ("video", "hole"))
        return video.float() / 255, hole.float()

    for step in range(200):
        video, hole = batch([clips[0, (2 * step) % 400], clips[0, (2 * step + 1) % 400]])
        optimizer.zero_grad()
        loss(model(video, hole), video, hole).backward()
        optimizer.step()
    model.eval()
    video, hole = batch([held_out[index] for index in range(16)])
    with torch.no_grad():
        errors = [
            ((method(video, hole)["filled"] - video) * hole).square().sum().item()
            for method in (model, lgtsm.create_model("mean-color"))
        ]
    assert errors[0] < errors[1]
