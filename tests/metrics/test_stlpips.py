"""ST-LPIPS, against the package whose weights it reads."""

import importlib
import sys
import types
import warnings

import pytest
import torch

import lgtsm.features.stlpips as module
from lgtsm.features import STLPIPSNetwork
from lgtsm.metrics import STLPIPS
from lgtsm.optional import MissingPackageError
from tests.metrics.cases import make_pairs


@pytest.fixture
def package(monkeypatch):
    """The package's own network, imported beside stubs of what it imports and does not use."""
    before = set(sys.modules)
    for name, attribute in (("IPython", "embed"), ("torchsummary", "summary")):
        stub = types.ModuleType(name)
        setattr(stub, attribute, None)
        monkeypatch.setitem(sys.modules, name, stub)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = importlib.import_module("stlpips_pytorch.stlpips").LPIPS(
            net="alex", variant="shift_tolerant", verbose=False
        )
    yield network
    for name in {name for name in sys.modules if name.split(".")[0] == module.PACKAGE} - before:
        del sys.modules[name]


@pytest.mark.parametrize(("height", "width"), [(21, 21), (33, 40), (64, 51)])
def test_it_is_the_package(package, height, width):
    first, second = torch.rand(2, 3, height, width), torch.rand(2, 3, height, width)
    with torch.no_grad():
        expected = package(first, second, normalize=True).flatten()
        torch.testing.assert_close(STLPIPSNetwork()(first, second), expected, rtol=1e-5, atol=1e-7)


def test_a_video_scores_the_mean_of_its_frames_and_equal_ones_zero(package):
    filled, video, hole = (t[:2] for t in make_pairs())
    values, counted = STLPIPS().score(filled, video, hole)
    with torch.no_grad():
        expected = package(filled[0], video[0], normalize=True).mean().item()
    assert values["stlpips"][0].item() == pytest.approx(expected, rel=1e-5)
    assert values["stlpips"][1] == 0  # nothing was missing
    assert counted["stlpips"].all()


def test_a_shift_by_a_pixel_is_forgiven_more_than_blur():
    scene = torch.nn.functional.interpolate(torch.rand(1, 3, 16, 16), (64, 65), mode="bicubic").clamp(0, 1)
    scene = (scene + 0.1 * torch.randn_like(scene)).clamp(0, 1)
    here, shifted = scene[..., :-1], scene[..., 1:]
    blurred = torch.nn.functional.avg_pool2d(here, 5, 1, 2)
    network = STLPIPSNetwork()
    assert 0 < network(here, shifted) < network(here, blurred) / 2


def test_nothing_of_the_package_is_imported_and_its_file_cannot_run_code(monkeypatch):
    options = []
    load = torch.load
    monkeypatch.setattr(torch, "load", lambda *args, **kwargs: options.append(kwargs) or load(*args, **kwargs))
    network = STLPIPSNetwork()
    assert [of["weights_only"] for of in options] == [True]
    assert module.PACKAGE not in sys.modules
    assert not network.network.training
    assert list(network.parameters()) == []


def test_a_missing_package_and_other_weights_get_a_sentence(monkeypatch, tmp_path):
    found = types.SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    for spec in (None, found):
        monkeypatch.setattr("importlib.util.find_spec", lambda name, spec=spec: spec)
        with pytest.raises(MissingPackageError, match=r"stlpips_pytorch.*lgtsm\[perceptual\]") as caught:
            STLPIPS()
        assert caught.value.short == "no package stlpips_pytorch"
    (tmp_path / module.FILE).parent.mkdir(parents=True)
    (tmp_path / module.FILE).write_bytes(b"other weights")
    with pytest.raises(ValueError, match=r"published.*stlpips_pytorch==0\.0\.2"):
        STLPIPS()


def test_small_frames_get_a_sentence_and_the_least_ones_a_score():
    metric = STLPIPS()

    def score(height, width):
        video, hole = torch.rand(1, 1, 3, height, width), torch.zeros(1, 1, 1, height, width)
        return metric.score(video, 1 - video, hole)[0]["stlpips"].item()

    for height, width in ((20, 40), (40, 20)):
        with pytest.raises(ValueError, match=f"21 .*{height}x{width}"):
            score(height, width)
        # One pixel less than the least is one too few for the network too.
        with pytest.raises(RuntimeError, match="Padding size"):
            metric.network(torch.rand(1, 3, height, width), torch.rand(1, 3, height, width))
    for height, width in ((21, 21), (21, 40), (22, 23), (37, 25)):
        assert score(height, width) > 0
