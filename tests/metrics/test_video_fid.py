import pickle

import pytest
import torch
from torch import nn

from lgtsm.features import I3D
from lgtsm.metrics import VideoFID
from lgtsm.ops.frechet import frechet_distance


class Moments(nn.Module):
    """Six numbers of a video."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.0))

    def forward(self, video):
        pixels = video.transpose(1, 2).flatten(2)
        return self.scale * torch.cat([pixels.mean(2), pixels.std(2)], dim=1)


def make(**options):
    return VideoFID(Moments(), num_features=6, **options)


@pytest.fixture
def videos():
    return torch.rand(7, 3, 3, 8, 8) ** 2, torch.rand(9, 3, 3, 8, 8)


def test_it_is_the_distance_of_the_features(videos):
    metric = make()
    metric.update(*videos)
    with torch.no_grad():
        a, b = (Moments()(v).double() for v in videos)
    expected = frechet_distance(a.mean(0), a.T.cov(), b.mean(0), b.T.cov())
    assert metric.compute().item() == pytest.approx(expected.item(), rel=1e-6)
    assert metric.compute().dtype == torch.float64


def test_batches_equal_the_whole_processes_add_up_it_pickles_and_resets(videos):
    filled, true = videos
    whole, batches, first, second = make(), make(), make(), make()
    whole.update(filled, true)
    for part in zip(filled.split(3), true.split(3)):
        batches.update(*part)
    first.update(filled[:4], true[:5])
    second.update(filled[4:], true[5:])
    second = pickle.loads(pickle.dumps(second))
    # What distributed reduction does with states of dist_reduce_fx="sum".
    for state in first._defaults:
        setattr(first, state, getattr(first, state) + getattr(second, state))
    value = whole.compute().item()
    assert batches.compute().item() == pytest.approx(value, rel=1e-9)
    assert first.compute().item() == pytest.approx(value, rel=1e-9)
    whole.reset()
    assert whole.count_filled == whole.products_true.sum() == 0
    whole.update(filled, true)
    assert whole.compute().item() == value


def test_memory_is_constant_and_the_network_is_not_part_of_it(videos):
    metric = make()
    metric.update(*videos)
    sizes = {state: getattr(metric, state).shape for state in metric._defaults}
    metric.update(*videos)
    assert {state: getattr(metric, state).shape for state in metric._defaults} == sizes
    assert list(metric.parameters()) == []
    assert metric.state_dict() == {}


def test_the_protocol_decides_how_i3d_normalizes():
    torch.manual_seed(0)
    network = I3D()
    filled, true = torch.rand(2, 9, 3, 33, 40), torch.rand(2, 9, 3, 33, 40)
    sums = {}
    for protocol in ("eval", "batch_statistics"):
        metric = VideoFID(network, protocol)
        metric.update(filled, true)
        assert metric.name == f"video_fid_{protocol}_not_published"
        network.published = True  # as it is with the published weights
        assert metric.names == (f"video_fid_{protocol}",)
        network.published = False
        sums[protocol] = metric.sum_true
        torch.testing.assert_close(sums[protocol], network(true, protocol == "batch_statistics").double().sum(0))
    assert not torch.allclose(sums["eval"], sums["batch_statistics"])


def test_errors(videos):
    with pytest.raises(ValueError, match=r"protocol.*eval.*batch_statistics"):
        make(protocol="train")
    with pytest.raises(ValueError, match=r"I3D.*Moments"):
        make(protocol="batch_statistics")
    metric = make()
    metric.update(videos[0][:1], videos[1])
    with pytest.raises(ValueError, match=r"two videos.* 1 \(filled\)"):
        metric.compute()
