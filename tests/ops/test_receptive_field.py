import pytest
import torch

import lgtsm
from lgtsm.ops.receptive_field import Step, needed_slices, spatial_reach


def test_by_hand():
    assert spatial_reach([Step(3, before=1)], 1) == (1, 1)
    assert spatial_reach([Step(3, before=1), Step(3, before=4, dilation=4)], 1) == (5, 5)
    # Stride 2 with kernel 4 and padding 1, then doubled: an even pixel 2i sees 2i-1..2i+2, an odd one 2i-1..2i+2 too.
    assert spatial_reach([Step(4, stride=2, before=1), Step(1, resize=2)], 2) == (2, 2)


def test_what_to_keep_by_hand():
    three = Step(3, before=1)
    assert needed_slices([three, three], 5, 7) == [slice(4, 8), slice(1, 3)]
    assert needed_slices([three, three], 0, 2) == [slice(0, 3), slice(0, 2)]
    # Pixels 6 and 7 of the last come from pixel 3 before doubling, and the layer with stride 2 made that of 4 to 9.
    assert needed_slices([three, Step(6, stride=2, before=2), Step(1, resize=2)], 6, 8) == [
        slice(4, 10), slice(1, 2), slice(0, 2)
    ]  # fmt: skip
    assert needed_slices([three, Step(1, resize=0.5, bilinear=True)], 3, 4) == [slice(6, 8), slice(0, 1)]


@pytest.mark.parametrize(("name", "options"), [("gtsm", {}), ("gtsm", {"geometry": "paper"}), ("gated3d", {})])
def test_reach_of_the_networks_is_what_gradients_say(name, options):
    model = lgtsm.create_model(name, width=2, **options).double()
    for parameter in model.parameters():
        if parameter.ndim > 1:
            torch.nn.init.uniform_(parameter, 0.5, 1.0)  # nothing may cancel
    for layer in model.layers.values():
        torch.nn.init.zeros_(layer.gate.weight)
    seen = 0
    for at in range(196, 200):
        video = torch.rand(1, 1, 3, 396, 4, dtype=torch.float64, requires_grad=True)
        model(video, torch.zeros(1, 1, 1, 396, 4))["predicted"][0, 0, :, at].sum().backward()
        rows = video.grad.abs().sum((0, 1, 2, 4)).nonzero().flatten()
        seen = max(seen, at - int(rows.min()), int(rows.max()) - at)
    assert model.spatial_reach == seen
