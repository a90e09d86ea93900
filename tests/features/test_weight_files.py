"""Published weights: where they are looked for, and that a wrong file is never used."""

import hashlib
import shutil

import pytest
import torch

from lgtsm.features import I3D, ImageFeatures, RAFTFlow
from lgtsm.features.i3d import I3D_FILE
from lgtsm.features.image_features import VGG16_FILE
from lgtsm.features.optical_flow import RAFT_FILES
from lgtsm.features.weight_files import WeightFile, WeightsUnavailableError, load_weight_file
from lgtsm.metrics import LPIPS
from lgtsm.metrics.lpips import ALEXNET_FILE


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A published file and its sha256, with a cache and a folder of the user's that are still empty."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    monkeypatch.setenv("LGTSM_WEIGHTS", str(tmp_path / "folder"))
    (tmp_path / "folder").mkdir()
    torch.save({"weight": torch.ones(1)}, tmp_path / "source.pt")
    return tmp_path / "source.pt", hashlib.sha256((tmp_path / "source.pt").read_bytes()).hexdigest()


def load(file):
    return load_weight_file(file, "This test", "Do without.")["weight"].item()


@pytest.mark.parametrize("in_name", [True, False])
def test_a_file_is_downloaded_once_and_checked_wherever_it_lies(source, tmp_path, in_name):
    path, digest = source
    name = f"net-{digest[:8]}.pt" if in_name else "net.pt"
    file = WeightFile(name, path.as_uri(), "CC0", None if in_name else digest)
    assert load(file) == 1
    cached = tmp_path / "hub" / "hub" / "checkpoints" / name
    shutil.copy(path, tmp_path / "folder" / name)
    path.unlink()
    cached.unlink()
    assert load(file) == 1  # from the folder, without the web
    shutil.move(tmp_path / "folder" / name, cached)
    assert load(file) == 1  # from the cache
    for wrong in (tmp_path / "folder" / name, cached):
        torch.save({"weight": torch.zeros(1)}, wrong)
        found = hashlib.sha256(wrong.read_bytes()).hexdigest()
        wants, has = (digest[:8], found[:8]) if in_name else (digest, found)
        with pytest.raises(ValueError, match=rf"{wrong} .*{name}.* {has}.* {wants}\."):
            load(file)
        wrong.unlink()


def test_another_file_under_the_address_is_not_kept(source, tmp_path):
    path, _ = source
    with pytest.raises(WeightsUnavailableError, match=r"invalid hash.*LGTSM_WEIGHTS.*folder"):
        load(WeightFile("net-00000000.pt", path.as_uri(), "CC0"))
    assert not list((tmp_path / "hub" / "hub" / "checkpoints").iterdir())
    with pytest.raises(ValueError, match="sha256"):
        load(WeightFile("net.pt", path.as_uri(), "CC0"))


@pytest.mark.parametrize(
    ("file", "build"),
    [
        (ALEXNET_FILE, LPIPS),
        (VGG16_FILE, ImageFeatures),
        (RAFT_FILES["raft_large"], RAFTFlow),
        (RAFT_FILES["raft_small"], lambda: RAFTFlow("raft_small")),
        (I3D_FILE, lambda: I3D(weights="published")),
    ],
)
def test_every_network_refuses_a_wrong_file_of_the_folder(source, tmp_path, file, build):
    shutil.copy(source[0], tmp_path / "folder" / file.name)
    with pytest.raises(ValueError, match=f"{file.name}.*sha256.*{file.digits}"):
        build()
