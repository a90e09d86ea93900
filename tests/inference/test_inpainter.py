import pytest
import torch

import lgtsm
from lgtsm.classical import MeanColor
from lgtsm.precision import Choice


@pytest.fixture
def model():
    return lgtsm.create_model("lgtsm", width=8)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_known_pixels_are_bit_exact_and_the_rest_is_in_range(model, make_clip, precision):
    video, hole = make_clip(2, 3, 30, 41)
    filled = lgtsm.Inpainter(model, precision=precision).fill(video, hole)
    assert filled.shape == video.shape
    assert filled.dtype == video.dtype
    known = (hole == 0).expand_as(video)
    assert torch.equal(filled[known], video[known])
    assert 0 <= filled.min() <= filled.max() <= 1


def test_it_is_the_models_own_result(model, make_clip):
    video, hole = make_clip(1, 3)
    with torch.no_grad():
        expected = model.eval()(video, hole)["filled"].clamp(0, 1)
    inpainter = lgtsm.Inpainter(model, precision="fp32")
    torch.testing.assert_close(inpainter.fill(video, hole), expected)
    torch.testing.assert_close(inpainter.fill(video[0], hole[0]), expected[0])


def test_any_method_and_any_checkpoint(tmp_path, model, make_clip):
    video, hole = make_clip()
    assert torch.equal(lgtsm.Inpainter(MeanColor()).fill(video, hole), MeanColor()(video, hole)["filled"])
    lgtsm.save_model(model, tmp_path / "w.safetensors")
    assert torch.equal(
        lgtsm.Inpainter(tmp_path / "w.safetensors").fill(video, hole), lgtsm.Inpainter(model).fill(video, hole)
    )


def test_without_a_model_it_fills_by_the_method_that_ships(make_clip):
    video, hole = make_clip(1, 3, 30, 41)
    with torch.no_grad():
        expected = lgtsm.load_method()(video, hole)["filled"].clamp(0, 1)
    assert torch.equal(lgtsm.Inpainter(precision="fp32").fill(video, hole), expected)
    in_halves = lgtsm.Inpainter(precision="bf16").fill(video, hole)
    assert not torch.equal(in_halves, expected)
    torch.testing.assert_close(in_halves, expected, rtol=0, atol=0.02)


def test_errors(model, make_clip):
    video, hole = make_clip()
    with pytest.raises(ValueError, match="'fp32', 'bf16', 'fp16'"):
        lgtsm.Inpainter(model, precision="int8")
    with pytest.raises(ValueError, match=r"device must be .*gpu0"):
        lgtsm.Inpainter(model, device="gpu0")
    with pytest.raises(ValueError, match="hole must be"):
        lgtsm.Inpainter(model).fill(video, hole[:, :1])


def test_a_network_takes_what_the_device_computes_fast_and_other_methods_do_not_ask(model, make_clip, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "lgtsm.inference.filler.choose_precision",
        lambda device: asked.append(str(device)) or Choice("bf16", "a test"),
    )
    inpainter = lgtsm.Inpainter(model)
    assert (inpainter.precision, inpainter.why_precision, inpainter.dtype) == ("bf16", "a test", torch.bfloat16)
    named = lgtsm.Inpainter(model, precision="bf16")
    assert (named.precision, named.why_precision) == ("bf16", None)
    video, hole = make_clip(1, 3)
    assert torch.equal(inpainter.fill(video, hole), named.fill(video, hole))
    classical = lgtsm.Inpainter(MeanColor())
    assert (classical.precision, classical.why_precision) == ("fp32", None)
    assert asked == ["cpu"]


class Named(torch.nn.Module):
    """A network whose parts have names that methods of the library use."""

    def __init__(self):
        super().__init__()
        self.register_buffer("step", torch.tensor(0))
        self.register_buffer("window", torch.ones(5))
        self.register_buffer("bytes_per_pixel", torch.tensor(3))
        self.local = torch.nn.Conv2d(3, 3, 1)

    def forward(self, video, hole):
        predicted = self.local(video.flatten(0, 1)).unflatten(0, video.shape[:2])
        return {"predicted": predicted, "filled": torch.where(hole > 0.5, predicted, video)}


def test_parts_of_ones_own_network_may_have_any_name():
    frames = torch.randint(0, 256, (5, 24, 32, 3), dtype=torch.uint8).numpy()
    holes = torch.zeros(5, 24, 32, dtype=torch.uint8).numpy()
    holes[:, 5:15, 8:20] = 1
    inpainter = lgtsm.Inpainter(Named(), precision="fp32")
    filled = torch.stack([torch.from_numpy(image) for image in inpainter.stream(frames, holes)])
    video, hole = torch.from_numpy(frames).permute(0, 3, 1, 2) / 255, torch.from_numpy(holes)[:, None].float()
    expected = (inpainter.fill(video, hole) * 255).round().byte().permute(0, 2, 3, 1)
    assert (filled.int() - expected.int()).abs().max() <= 1
    assert torch.equal(filled[:, :5], torch.from_numpy(frames)[:, :5])
