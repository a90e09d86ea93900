import copy
import re

import pytest
import torch
import torchvision
from torch import nn

import lgtsm
from lgtsm.layers.convert import add_temporal_shift, set_clip_length, temporal_reach


class SmallUNet(nn.Module):
    """Two sizes and a skip connection."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.down = nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.deep = nn.Conv2d(16, 8, 3, padding=1)
        self.last = nn.Conv2d(16, 3, 3, padding=1)

    def forward(self, frames):
        fine = self.first(frames).relu()
        deep = self.deep(self.down(fine).relu()).relu()
        return self.last(torch.cat([nn.functional.interpolate(deep, scale_factor=2), fine], dim=1))


def resnet():
    return torchvision.models.resnet18(weights=None).eval()


NETWORKS = {"resnet18": resnet, "u-net": SmallUNet}


@pytest.mark.parametrize("name", NETWORKS)
def test_learnable_starts_equal_to_fixed_and_differs_from_none(name):
    network, frames = NETWORKS[name](), torch.rand(2 * 4, 3, 32, 32)
    learnable, fixed = (add_temporal_shift(network, 4, shift=shift, clips=2) for shift in ("learnable", "fixed"))
    torch.testing.assert_close(learnable(frames), fixed(frames))
    assert not torch.allclose(learnable(frames), network(frames), atol=1e-4)
    assert temporal_reach(network) == (0, 0)  # the network given was left alone


@pytest.mark.parametrize("name", NETWORKS)
def test_every_kernel_learns_and_the_network_keeps_its_keys(name):
    network = NETWORKS[name]()
    shifted = add_temporal_shift(network, 3, clips=None)
    added = set(shifted.state_dict()) - set(network.state_dict())
    assert added and all(key.endswith("temporal_shift.shift.kernels") for key in added)
    unfit = shifted.load_state_dict(network.state_dict(), strict=False)
    assert not unfit.unexpected_keys and set(unfit.missing_keys) == added
    shifted(torch.rand(6, 3, 32, 32)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for key, p in shifted.named_parameters() if key in added)


def test_clips_of_one_batch_do_not_meet():
    network = add_temporal_shift(SmallUNet(), 4, clips=None)
    clips = torch.rand(2, 4, 3, 16, 16)
    together = network(clips.flatten(0, 1)).unflatten(0, (2, 4))
    for clip, out in zip(clips, together):
        torch.testing.assert_close(network(clip), out)


def test_other_clips_than_it_was_told_of_are_refused():
    network, frames = add_temporal_shift(SmallUNet(), 4), torch.rand(8, 3, 16, 16)
    with pytest.raises(ValueError, match=r"clips=1 of num_frames=4 frames each; it holds 8") as error:
        network(frames)
    # Both ways that the sentence names work, and give different results.
    one, two = re.findall(r"set_clip_length\(.*?\)", str(error.value))
    results = []
    for way in (one, two):
        eval(way, {"set_clip_length": set_clip_length, "network": network})
        results.append(network(frames))
    assert not torch.allclose(*results)
    by_clip = [add_temporal_shift(network_of(network), 4)(clip) for clip in frames.unflatten(0, (2, 4))]
    torch.testing.assert_close(results[1], torch.cat(by_clip))
    set_clip_length(network, 4, clips=None)
    torch.testing.assert_close(network(frames), results[1])
    with pytest.raises(
        ValueError,
        match=r"whole number of clips of num_frames=4 frames; it holds 6 frames\. Call \S+ 6\) if they are one clip\.$",
    ):
        network(frames[:6])
    with pytest.raises(ValueError, match=r"clips=1 of num_frames=4 frames each; it holds 2"):
        add_temporal_shift(SmallUNet(), 4)(frames[:2])


def network_of(shifted):
    """The network as it was before its shifts."""
    network = SmallUNet()
    network.load_state_dict({key: value for key, value in shifted.state_dict().items() if "temporal_shift" not in key})
    return network


def test_one_shift_equals_shifting_by_hand():
    conv = nn.Conv2d(4, 2, 3)
    frames = torch.rand(5, 4, 6, 7)
    by_hand = frames.clone()
    by_hand[:, 0] = torch.cat([frames[1:, 0], torch.zeros_like(frames[:1, 0])])
    by_hand[:, 1] = torch.cat([torch.zeros_like(frames[:1, 1]), frames[:-1, 1]])
    torch.testing.assert_close(add_temporal_shift(conv, 5)(frames), conv(by_hand))


def test_where_chooses_by_pattern_or_function():
    def shifted(network):
        return [name for name, m in network.named_modules() if hasattr(m, "temporal_shift")]

    by_pattern = shifted(add_temporal_shift(resnet(), 4, where="layer*.*.conv1"))
    by_function = shifted(add_temporal_shift(resnet(), 4, where=lambda name, conv: name.endswith(".conv1")))
    assert by_pattern == by_function and len(by_pattern) == 8
    assert len(shifted(add_temporal_shift(resnet(), 4))) == 19  # all but the first, which has three channels


def test_temporal_reach_added_up_and_measured():
    frame = torch.rand(1, 3, 32, 32)
    network = add_temporal_shift(resnet(), 4, where="layer*.*.conv1")
    assert temporal_reach(network) == temporal_reach(network, frame) == (8, 8)
    everywhere = add_temporal_shift(resnet(), 4)
    assert temporal_reach(everywhere) == (19, 19)
    assert temporal_reach(everywhere, frame) == (16, 16)  # three shifts lie on side branches
    unet = add_temporal_shift(SmallUNet(), 4, kernel_size=5)
    assert temporal_reach(unet, frame) == (6, 6)
    assert temporal_reach(add_temporal_shift(SmallUNet(), 4, causal=True), frame) == (6, 0)


def test_measuring_changes_nothing():
    network = add_temporal_shift(torchvision.models.resnet18(weights=None), 4)
    before = copy.deepcopy(network.state_dict())
    temporal_reach(network, torch.rand(1, 3, 32, 32))
    assert network.training
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


def test_clip_length_can_change():
    network = add_temporal_shift(SmallUNet(), 4)
    frames = torch.rand(6, 3, 16, 16)
    with pytest.raises(ValueError, match="num_frames=4"):
        network(frames)
    set_clip_length(network, 6)
    assert network(frames).shape == frames.shape


def test_in_place_and_copies_are_independent():
    network = SmallUNet()
    assert add_temporal_shift(network, 4, in_place=True) is network
    twin = copy.deepcopy(network)
    set_clip_length(twin, 2, clips=2)
    frames = torch.rand(4, 3, 16, 16)
    assert not torch.allclose(twin(frames), network(frames))
    assert network.down.temporal_shift.num_frames == 4


def test_public_name():
    assert lgtsm.add_temporal_shift is add_temporal_shift


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"where": "nothing*"}, r"where='nothing\*'"),
        ({"where": "first"}, "3 input channels"),
        ({"num_frames": 0}, "num_frames"),
        ({"num_frames": 2.0}, "num_frames"),
        ({"clips": 0}, "clips must be a whole number, at least 1 or None; got 0"),
        ({"clips": True}, "clips must be"),
        ({"shift": "free"}, "shift.*learnable"),
        ({"shift": "fixed", "kernel_size": 5}, "fixed shift.*5"),
        ({"kernel_size": 4}, "kernel_size.*4"),
    ],
)
def test_refuses_what_cannot_be(options, words):
    with pytest.raises(ValueError, match=words):
        add_temporal_shift(SmallUNet(), **{"num_frames": 4, **options})


def test_refuses_a_second_shift_and_outputs_without_time():
    network = add_temporal_shift(SmallUNet(), 4)
    with pytest.raises(ValueError, match="already"):
        add_temporal_shift(network, 4)
    with pytest.raises(ValueError, match="add_temporal_shift"):
        set_clip_length(SmallUNet(), 4)
    with pytest.raises(ValueError, match=r"frame.*2, 3, 16, 16"):
        temporal_reach(network, torch.rand(2, 3, 16, 16))
    summed = nn.Sequential(network, nn.Flatten(0, 1))
    with pytest.raises(ValueError, match="one tensor"):
        temporal_reach(summed, torch.rand(1, 3, 16, 16))
