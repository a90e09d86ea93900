"""Each loss against its equation, written out with loops."""

import pytest
import torch
import torch.nn.functional as F

import lgtsm
from lgtsm.losses import (
    AdversarialLoss,
    GeneratorLoss,
    PerceptualLoss,
    ReconstructionLoss,
    StyleLoss,
    feature_matching,
)


@pytest.fixture
def activations():
    shapes = [(2 * 3, 4, 5, 6), (2 * 3, 8, 3, 2)]
    return [torch.randn(s) for s in shapes], [torch.randn(s) for s in shapes]


def test_reconstruction_is_equation_4(make_clip):
    video, hole = make_clip(2, 3)
    predicted = torch.rand_like(video)
    filled = video * (1 - hole) + predicted * hole
    output = {"filled": filled, "predicted": predicted}
    inside = hole.expand_as(video) > 0
    whole, within = (filled - video).abs().mean(), (predicted - video)[inside].abs().mean()
    expected = {
        ("frame", "filled", 0.0): whole,
        ("frame", "predicted", 0.0): (predicted - video).abs().sum() / video.numel(),
        ("hole", "predicted", 0.0): within,
        ("frame+hole", "filled", 0.0): whole + within,
        ("hole", "filled", 3.0): within + 3 * (predicted - video)[inside].square().mean(),
    }
    for (region, of, squared), value in expected.items():
        torch.testing.assert_close(ReconstructionLoss(region, of, squared)(output, video, hole), value)


def test_reconstruction_without_a_hole_is_zero(make_clip):
    video, hole = make_clip()
    output = {"filled": video, "predicted": video + 1}
    assert ReconstructionLoss("hole", "predicted")(output, video, hole * 0) == 0


@pytest.mark.parametrize("time", ["mean", "sum"])
def test_perceptual_is_equation_5(activations, time):
    filled, true = activations
    expected = 0.0
    for a, b in zip(filled, true):
        for t in range(3):  # frames of both clips of the batch
            for clip in range(2):
                n = clip * 3 + t
                expected += ((a[n] - b[n]).abs().sum() / a[n].numel()).item() / 2
    if time == "mean":
        expected /= 3
    assert PerceptualLoss(time)(filled, true, 3).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("divisor", ["paper", "released"])
@pytest.mark.parametrize("time", ["mean", "sum"])
def test_style_is_equation_6(activations, divisor, time):
    filled, true = activations
    expected = 0.0
    for p, (a, b) in enumerate(zip(filled, true)):
        _, channels, height, width = a.shape
        for n in range(6):
            difference = 0.0
            for i in range(channels):
                for j in range(channels):
                    gram_a, gram_b = (a[n, i] * a[n, j]).sum(), (b[n, i] * b[n, j]).sum()
                    difference += (gram_a - gram_b).abs().item() / (channels * height * width)
            difference /= channels * channels
            expected += difference / 2 / (2 ** (p + 1) if divisor == "released" else 1)
    if time == "mean":
        expected /= 3
    assert StyleLoss(divisor, time)(filled, true, 3).item() == pytest.approx(expected, rel=1e-4)


def test_hinge_is_equations_7_and_8():
    real, fake = torch.tensor([2.0, 0.5, -1.0]), torch.tensor([-2.0, 0.0, 3.0])
    loss = AdversarialLoss("hinge")
    assert loss.discriminator(real, fake).item() == pytest.approx((0 + 0.5 + 2) / 3 + (0 + 1 + 4) / 3)
    assert loss.generator(fake).item() == pytest.approx(-1 / 3)


def test_lsgan_is_the_released_loss():
    real, fake = torch.tensor([0.9, 0.5]), torch.tensor([0.2, 0.4])
    loss = AdversarialLoss("lsgan")
    assert loss.discriminator(real, fake).item() == pytest.approx(((0.01 + 0.25) / 2 + (0.04 + 0.16) / 2) / 2)
    assert loss.generator(fake).item() == pytest.approx((0.64 + 0.36) / 2)


def test_nsgan_is_cross_entropy_with_what_is_claimed():
    real, fake = torch.rand(2, 3, 4, 2, 2) * 6 - 3, torch.rand(2, 3, 4, 2, 2) * 6 - 3
    loss = AdversarialLoss("nsgan")
    entropy = -(torch.sigmoid(real).log().mean() + (1 - torch.sigmoid(fake)).log().mean()) / 2
    torch.testing.assert_close(loss.discriminator(real, fake), entropy)
    torch.testing.assert_close(loss.generator(fake), -torch.sigmoid(fake).log().mean())
    certain = torch.full((3,), 200.0)  # where sigmoid and logarithm written one after the other are infinite
    assert loss.generator(-certain) == 200
    assert loss.discriminator(certain, -certain) == 0


def test_feature_matching_is_summed_over_layers_and_pulls_the_filled_frames_only():
    torch.manual_seed(0)
    discriminator = lgtsm.create_discriminator("edge_connect", width=4, channels=2, sigmoid=True).eval()
    real, fake = (torch.rand(2, 3, 2, 32, 40, requires_grad=True) for _ in range(2))
    expected = 0.0
    x, y = real.detach().reshape(6, 2, 32, 40), fake.detach().reshape(6, 2, 32, 40)
    with torch.no_grad():
        for index in range(1, 6):
            conv = getattr(discriminator, f"conv{index}")[0]
            x, y = (F.conv2d(z, conv.weight, conv.bias, conv.stride, padding=1) for z in (x, y))
            if index < 5:
                x, y = (torch.where(z > 0, z, 0.2 * z) for z in (x, y))
            expected += sum((x[n] - y[n]).abs().sum().item() / x[n].numel() for n in range(6)) / 6
    value = feature_matching(discriminator, real, fake)
    assert value.item() == pytest.approx(expected, rel=1e-5)
    value.backward()
    assert real.grad is None
    assert fake.grad.any()


@pytest.mark.parametrize("kind", ["hinge", "lsgan", "nsgan"])
def test_both_sides_pull_against_each_other(kind):
    score = torch.tensor([0.3], requires_grad=True)
    loss = AdversarialLoss(kind)
    (up,) = torch.autograd.grad(loss.generator(score), score)
    (down,) = torch.autograd.grad(loss.discriminator(torch.ones(1), score), score)
    assert up < 0 < down


class Halves(torch.nn.Module):
    def forward(self, frames):
        return [frames / 2, frames.mean(1, keepdim=True)]


def test_weighted_sum_is_equation_9(make_clip):
    video, hole = make_clip()
    output = {"filled": torch.rand_like(video), "predicted": torch.rand_like(video)}
    loss = GeneratorLoss(ReconstructionLoss(), PerceptualLoss(), StyleLoss(), Halves(), 2.0, 3.0, 5.0)
    total, parts = loss(output, video, hole)
    filled, true = (Halves()(v.flatten(0, 1)) for v in (output["filled"], video))
    expected = (
        2 * ReconstructionLoss()(output, video, hole)
        + 3 * PerceptualLoss()(filled, true, 4)
        + 5 * StyleLoss()(filled, true, 4)
    )
    torch.testing.assert_close(total, expected)
    assert list(parts) == ["reconstruction", "perceptual", "style"]


def test_terms_of_weight_zero_are_not_computed(make_clip):
    video, hole = make_clip()

    def explode(frames):
        raise AssertionError("looked at features of weight 0")

    loss = GeneratorLoss(ReconstructionLoss(), PerceptualLoss(), None, Halves(), weight_perceptual=0.0)
    loss.features.forward = explode
    assert list(loss({"filled": video, "predicted": video}, video, hole)[1]) == ["reconstruction"]


def test_losses_do_not_write_into_their_inputs(make_clip):
    video, hole = make_clip()
    output = {"filled": torch.rand_like(video), "predicted": torch.rand_like(video)}
    before = [t.clone() for t in (video, hole, output["filled"], output["predicted"])]
    GeneratorLoss(ReconstructionLoss("hole"), PerceptualLoss(), StyleLoss(), Halves())(output, video, hole)
    assert all(torch.equal(a, b) for a, b in zip(before, (video, hole, output["filled"], output["predicted"])))


def test_errors():
    with pytest.raises(ValueError, match="feature network"):
        GeneratorLoss(ReconstructionLoss(), style=StyleLoss())
    with pytest.raises(ValueError, match="'hinge', 'lsgan'"):
        AdversarialLoss("wgan")
