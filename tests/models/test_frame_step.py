"""The step of unchanging shapes gives what the whole clip gives."""

import pytest
import torch

import lgtsm
from lgtsm.models.frame_step import FrameStep
from tests.reference.lively import make_lively

MODELS = {
    "lgtsm": {},
    "lgtsm_width5": {"shift_kernel_size": 5, "shift_groups": 4},
    "lgtsm_paper_spectral": {"geometry": "paper", "spectral_norm": True},
    "lgtsm_causal": {"causal": True},
    "lgtsm_causal_even": {"causal": True, "shift_kernel_size": 4, "geometry": "paper"},
    "lgtsm_still": {"shift_fraction": 0.0},
    "gtsm": {"spectral_norm": True},
    "gtsm_paper": {"geometry": "paper"},
    "gtsm_causal": {"causal": True},
    "tsm": {},
    "tsm_learnable": {"shift": "learnable", "shift_kernel_size": 5},
}


def fill(step, video, hole):
    """Go through a clip (1, time, ...) one frame at a time."""
    state, frames = step.initial_state(*video.shape[3:]), []
    for t in range(video.shape[1] + step.delay):
        real = t < video.shape[1]
        # What a blank frame holds is nobody's business.
        frame = video[:, t] if real else torch.full_like(video[:, 0], torch.nan)
        missing = hole[:, t] if real else torch.ones_like(hole[:, 0])
        filled, valid, state = step(frame, missing, torch.tensor([float(real)]), state)
        if valid > 0.5:
            frames.append(filled)
        assert bool(valid > 0.5) == (t >= step.delay)
    return torch.stack(frames, 1)


@torch.no_grad()
@pytest.mark.parametrize("name", MODELS)
def test_it_equals_the_whole_clip(name, make_clip):
    model = make_lively(lgtsm.create_model(name.split("_")[0], width=8, **MODELS[name]))
    step = FrameStep(model)
    for length, size in ((1, (16, 20)), (4, (17, 23)), (21, (20, 24))):
        video, hole = make_clip(1, length, *size)
        expected = model(video, hole)["filled"].clamp(0, 1)
        torch.testing.assert_close(fill(step, video, hole), expected, atol=1e-5, rtol=0)


@torch.no_grad()
def test_shapes_are_those_that_are_promised(make_clip):
    step = FrameStep(lgtsm.create_model("lgtsm", width=8, geometry="paper"))
    video, hole = make_clip(1, 1, 18, 21)
    state = step.initial_state(18, 21)
    _, _, following = step(video[:, 0], hole[:, 0], torch.ones(1), state)
    assert {name: tensor.shape for name, tensor in following.items()} == {
        name: tensor.shape for name, tensor in state.items()
    }
    assert list(following) == list(state)
    assert all(not tensor.any() for tensor in state.values())  # and the old state is as it was


@torch.no_grad()
def test_the_network_itself_is_left_alone(make_clip):
    model = lgtsm.create_model("gtsm", width=4, spectral_norm=True).eval()
    video, hole = make_clip(1, 2, 16, 16)
    before = model(video, hole)["filled"]
    FrameStep(model)
    assert torch.equal(model(video, hole)["filled"], before)
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_only_shift_networks():
    with pytest.raises(ValueError, match="gated3d"):
        FrameStep(lgtsm.create_model("gated3d", width=4))
