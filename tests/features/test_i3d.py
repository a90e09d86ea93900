import dataclasses
import hashlib
import json

import numpy as np
import pytest
import torch

from lgtsm.features import I3D
from lgtsm.features import i3d as i3d_module
from lgtsm.features.i3d import I3D_FILE
from lgtsm.features.weight_files import WeightsUnavailableError
from tests.reference.rule_weights import rule_weights


@pytest.fixture(scope="module")
def published_form(request):
    """The network with weights drawn by the rule, and what the reference network gives with these."""
    folder = request.path.parents[1] / "data" / "official"
    stored, keys = np.load(folder / "i3d.npz"), json.loads((folder / "i3d_keys.json").read_text())
    network = I3D()
    assert {key: list(value.shape) for key, value in network.state_dict().items()} == keys
    network.load_state_dict({k: torch.from_numpy(v) for k, v in rule_weights(keys, int(stored["seed"])).items()})
    return network, stored


@pytest.mark.parametrize("batch_statistics", [False, True])
def test_parity(published_form, batch_statistics):
    network, stored = published_form
    network.batch_statistics = batch_statistics
    video = torch.from_numpy(stored["clips_uint8"]).float() / 255
    features = network(video)
    expected = torch.from_numpy(stored["features_batch_statistics" if batch_statistics else "features"])
    assert features.shape == (2, 1024)
    assert (features - expected).abs().max() / expected.abs().max() < 1e-4
    torch.testing.assert_close(features, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("batch_statistics", [False, True])
def test_clips_of_a_batch_do_not_see_each_other(published_form, batch_statistics):
    network, _ = published_form
    video = torch.rand(2, 9, 3, 33, 40)
    both = network(video, batch_statistics)
    torch.testing.assert_close(network(video[:1], batch_statistics), both[:1], atol=1e-5, rtol=1e-4)


def test_it_stays_frozen_and_its_statistics_too(published_form):
    network, _ = published_form
    before = {key: value.clone() for key, value in network.state_dict().items()}
    network.train()
    assert not any(module.training for module in network.modules())
    video = torch.rand(1, 9, 3, 33, 40, requires_grad=True)
    network(video, batch_statistics=True).square().sum().backward()
    assert video.grad.any()
    assert not any(parameter.requires_grad for parameter in network.parameters())
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


def test_a_file_of_ones_own_and_the_published_one_are_loaded(published_form, tmp_path, monkeypatch):
    network, _ = published_form
    # The published file is older than the counters of BatchNorm.
    state = {key: value for key, value in network.state_dict().items() if not key.endswith("num_batches_tracked")}
    torch.save(state, tmp_path / I3D_FILE.name)
    loaded = I3D(weights=tmp_path / I3D_FILE.name)
    assert torch.equal(loaded.Mixed_5c.b0.conv3d.weight, network.Mixed_5c.b0.conv3d.weight)
    assert not loaded.published
    digest = hashlib.sha256((tmp_path / I3D_FILE.name).read_bytes()).hexdigest()
    monkeypatch.setattr(i3d_module, "I3D_FILE", dataclasses.replace(I3D_FILE, sha256=digest))
    monkeypatch.setenv("LGTSM_WEIGHTS", str(tmp_path))
    published = I3D(weights="published")
    assert published.published
    assert torch.equal(published.Mixed_5c.b0.conv3d.weight, network.Mixed_5c.b0.conv3d.weight)


def test_errors(monkeypatch, tmp_path):
    monkeypatch.delenv("LGTSM_WEIGHTS", raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    def refuse(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)
    with pytest.raises(WeightsUnavailableError, match=r"rgb_imagenet\.pt.*LGTSM_WEIGHTS.*video FID"):
        I3D(weights="published")
    with pytest.raises(ValueError, match="8 frames"):
        I3D(batch_statistics=True)(torch.rand(1, 8, 3, 32, 32))
    with pytest.raises(ValueError, match=r"absent\.pt"):
        I3D(weights=tmp_path / "absent.pt")
    torch.save({"weight": torch.zeros(1)}, tmp_path / "other.pt")
    with pytest.raises(ValueError, match="I3D"):
        I3D(weights=tmp_path / "other.pt")
