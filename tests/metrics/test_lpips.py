import dataclasses
import hashlib
import inspect
from pathlib import Path

import pytest
import torch
import torchvision
from torch.nn.functional import normalize

import lgtsm.metrics.lpips as module
from lgtsm.features.weight_files import WeightsUnavailableError
from lgtsm.metrics import LPIPS
from tests.metrics.cases import make_pairs, squeeze_weights

HEADS = Path(inspect.getfile(module.require("lpips", "This test", "lpips"))).parent / "weights" / "v0.1"
LAST_LAYERS = {"squeeze": (1, 4, 7, 9, 10, 11, 12), "alex": (1, 4, 7, 9, 11)}


def by_hand(net, features, frames_a, frames_b):
    """Zhang et al. 2018, equation 1, with torchvision's network and the heads' numbers."""
    heads = torch.load(HEADS / f"{net}.pth", map_location="cpu", weights_only=True)
    shift, scale = torch.tensor([-0.030, -0.088, -0.188]), torch.tensor([0.458, 0.448, 0.450])
    total, layer = 0.0, 0
    a, b = ((2 * x - 1 - shift.view(3, 1, 1)) / scale.view(3, 1, 1) for x in (frames_a, frames_b))
    for index, part in enumerate(features):
        a, b = part(a), part(b)
        if index in LAST_LAYERS[net]:
            difference = (normalize(a, dim=1, eps=1e-10) - normalize(b, dim=1, eps=1e-10)).square()
            total = total + (difference * heads[f"lin{layer}.model.1.weight"]).sum(1).mean((1, 2))
            layer += 1
        if index == LAST_LAYERS[net][-1]:
            break
    return total


def test_squeeze_is_the_formula_and_has_a_name_of_its_own(tmp_path):
    weights = squeeze_weights(tmp_path)
    metric = LPIPS("squeeze", weights)
    filled, video, hole = (t[:2] for t in make_pairs())
    network = torchvision.models.squeezenet1_1(weights=None).eval()
    network.load_state_dict(torch.load(weights, weights_only=True))
    with torch.no_grad():
        expected = by_hand("squeeze", network.features, filled[0], video[0]).mean().item()
    values = metric.score(filled, video, hole)[0]
    assert list(values) == ["lpips_squeeze_not_published"]
    assert values["lpips_squeeze_not_published"][0].item() == pytest.approx(expected, rel=1e-4)
    assert metric.score(video, video, hole)[0]["lpips_squeeze_not_published"].tolist() == [0, 0]


def test_published_weights_come_from_the_folder_and_only_they_are_called_lpips(tmp_path, monkeypatch):
    torch.manual_seed(3)
    network = torchvision.models.alexnet(weights=None).eval()
    file = tmp_path / module.ALEXNET_FILE.name
    torch.save({k: v for k, v in network.state_dict().items() if k.startswith("features")}, file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    monkeypatch.setattr(module, "ALEXNET_FILE", dataclasses.replace(module.ALEXNET_FILE, sha256=digest))
    monkeypatch.setenv("LGTSM_WEIGHTS", str(tmp_path))
    a, b = torch.rand(1, 2, 3, 40, 44), torch.rand(1, 2, 3, 40, 44)
    hole = torch.zeros(1, 2, 1, 40, 44)
    with torch.no_grad():
        expected = by_hand("alex", network.features, a[0], b[0]).mean().item()
    values = LPIPS().score(a, b, hole)[0]
    assert values == {"lpips": pytest.approx(expected, rel=1e-4)}
    assert LPIPS("alex", file).names == ("lpips_alex_not_published",)


def test_weights_that_cannot_be_had_and_wrong_ones(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError("no network")

    monkeypatch.delenv("LGTSM_WEIGHTS", raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)
    with pytest.raises(
        WeightsUnavailableError, match=r"alexnet-owt-7be5be79\.pth.*LGTSM_WEIGHTS.*metric\.lpips=null"
    ) as caught:
        LPIPS()
    assert caught.value.short == "no weights alexnet-owt-7be5be79.pth"
    with pytest.raises(ValueError, match=r"'alex'.*'squeeze'"):
        LPIPS("squeeze")
    with pytest.raises(ValueError, match=r"absent\.pth"):
        LPIPS("alex", tmp_path / "absent.pth")
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "wrong.pth")
    with pytest.raises(ValueError, match=r"features\.0\.weight"):
        LPIPS("alex", tmp_path / "wrong.pth")
    with pytest.raises(ValueError, match=r"17 .*12x40"):
        LPIPS("squeeze", squeeze_weights(tmp_path)).score(*(torch.zeros(1, 1, c, 12, 40) for c in (3, 3, 1)))
