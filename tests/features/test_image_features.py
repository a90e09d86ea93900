import dataclasses
import hashlib

import pytest
import torch
import torchvision

from lgtsm.features import ImageFeatures, image_features
from lgtsm.features.image_features import VGG16_FILE
from lgtsm.features.weight_files import FOLDER_VARIABLE, WeightsUnavailableError


@pytest.fixture
def squeezenet_file(tmp_path):
    """A state dict of random SqueezeNet features, without the classifier."""
    network = torchvision.models.squeezenet1_1(weights=None)
    path = tmp_path / "squeezenet.pth"
    torch.save({k: v for k, v in network.state_dict().items() if k.startswith("features")}, path)
    return path, network.eval()


def test_named_layers_are_the_networks_own(squeezenet_file):
    path, network = squeezenet_file
    features = ImageFeatures("squeezenet1_1", ("features.1", "features.4"), path)
    frames = torch.rand(2, 3, 48, 48)
    seen = features(frames)
    torch.testing.assert_close(seen[0], network.features[:2](frames))
    torch.testing.assert_close(seen[1], network.features[:5](frames))


def test_vgg_layers_and_offline_folder(tmp_path, monkeypatch):
    with torch.device("meta"):
        whole = torchvision.models.vgg16(weights=None)
    # Only what the layers need: the file may lack the rest.
    state = {
        k: torch.randn(v.shape) * 0.02
        for k, v in whole.state_dict().items()
        if k.startswith("features") and v.shape[0] < 512
    }
    file = tmp_path / VGG16_FILE.name
    torch.save(state, file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    monkeypatch.setattr(image_features, "VGG16_FILE", dataclasses.replace(VGG16_FILE, sha256=digest))
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    relu2_2, relu3_3 = ImageFeatures(layers=("relu2_2", "relu3_3"))(torch.rand(1, 3, 32, 32))
    assert relu2_2.shape == (1, 128, 16, 16)
    assert relu3_3.shape == (1, 256, 8, 8)
    assert (relu3_3 >= 0).all()
    x = torch.rand(1, 3, 32, 32)
    by_hand = x
    for index in (0, 2, "pool", 5, 7):
        if index == "pool":
            by_hand = torch.nn.functional.max_pool2d(by_hand, 2)
        else:
            by_hand = torch.relu(
                torch.nn.functional.conv2d(
                    by_hand, state[f"features.{index}.weight"], state[f"features.{index}.bias"], padding=1
                )
            )
    torch.testing.assert_close(ImageFeatures(layers=("relu2_2",))(x)[0], by_hand, atol=1e-5, rtol=1e-4)


def test_weights_that_cannot_be_had_say_which_file_to_put_where(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)

    def refuse(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)
    with pytest.raises(WeightsUnavailableError, match=r"vgg16-397923af\.pth.*LGTSM_WEIGHTS.*loss=reconstruction"):
        ImageFeatures()


def test_it_never_trains_and_has_no_state(squeezenet_file):
    features = ImageFeatures(
        "squeezenet1_1", ("features.4",), squeezenet_file[0], mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2)
    )
    features.train()
    assert not features.network.training
    assert list(features.parameters()) == list(features.state_dict()) == []
    frames = torch.rand(1, 3, 48, 48, requires_grad=True)
    features(frames)[0].sum().backward()
    assert frames.grad.any()
    assert all(p.grad is None for p in features.network.parameters())
    assert features.double()(frames.double())[0].dtype == torch.float64


def test_errors(squeezenet_file, tmp_path):
    with pytest.raises(ValueError, match="resnet5000"):
        ImageFeatures("resnet5000")
    with pytest.raises(ValueError, match=r"features\.99"):
        ImageFeatures("squeezenet1_1", ("features.99",), squeezenet_file[0])
    with pytest.raises(ValueError, match=r"absent\.pth"):
        ImageFeatures("squeezenet1_1", ("features.4",), tmp_path / "absent.pth")
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match="lacks"):
        ImageFeatures("squeezenet1_1", ("features.4",), tmp_path / "other.pth")
