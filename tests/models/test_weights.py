import pytest
import torch
from safetensors.torch import save_file

import lgtsm
from lgtsm import create_model
from lgtsm.inference.inpainter import Inpainter
from lgtsm.models.weights import note_own


class Own(torch.nn.Module):
    def __init__(self, size):
        super().__init__()
        self.first = torch.nn.Linear(size, size)
        self.second = torch.nn.Linear(size, size)
        self.second.weight = self.first.weight  # shared


class Counting(Own):
    def __init__(self):
        super().__init__(2)

    def get_extra_state(self):
        return {"count": 1}


@pytest.mark.parametrize(
    "options", [{}, {"spectral_norm": True, "causal": True}, {"geometry": "paper", "centered": False}]
)
def test_a_saved_network_comes_back(tmp_path, make_clip, options):
    model = lgtsm.create_model("lgtsm", width=8, **options).eval()
    lgtsm.save_model(model, tmp_path / "weights.safetensors", {"license": "CC0"})
    video, hole = make_clip()
    with torch.no_grad():
        assert torch.equal(
            lgtsm.load_model(tmp_path / "weights.safetensors")(video, hole)["filled"], model(video, hole)["filled"]
        )
    assert [p.name for p in tmp_path.iterdir()] == ["weights.safetensors"]


def test_half_precision_halves_the_file(tmp_path):
    model = lgtsm.create_model("gtsm", width=8)
    lgtsm.save_model(model, tmp_path / "whole.safetensors")
    lgtsm.save_model(model, tmp_path / "half.safetensors", half=True)
    assert (tmp_path / "half.safetensors").stat().st_size < 0.6 * (tmp_path / "whole.safetensors").stat().st_size
    for key, value in lgtsm.load_model(tmp_path / "half.safetensors").state_dict().items():
        torch.testing.assert_close(value, model.state_dict()[key], atol=1e-4, rtol=1e-3)


def test_official_checkpoint_loads_as_a_model(data_folder, make_clip):
    path = data_folder / "official" / "gtsm_nf8.pth"
    video, hole = make_clip()
    with torch.no_grad():
        assert torch.equal(
            lgtsm.load_model(path)(video, hole)["filled"], lgtsm.load_official(path).generator(video, hole)["filled"]
        )


def test_errors(tmp_path):
    with pytest.raises(ValueError, match=r"\.safetensors"):
        lgtsm.save_model(lgtsm.create_model("tsm", width=8), tmp_path / "weights.pt")
    with pytest.raises(ValueError, match=r"_extra_state.*dict"):
        lgtsm.save_model(Counting(), tmp_path / "weights.safetensors")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "cut.safetensors").write_bytes(b"12345")
    with pytest.raises(ValueError, match="truncated"):
        lgtsm.load_model(tmp_path / "cut.safetensors")
    save_file({"weight": torch.zeros(1)}, tmp_path / "foreign.safetensors")
    with pytest.raises(ValueError, match="format lgtsm-weights"):
        lgtsm.load_model(tmp_path / "foreign.safetensors")
    with pytest.raises(FileNotFoundError, match=r"absent\.safetensors"):
        lgtsm.load_model(tmp_path / "absent.safetensors")
    torch.save({"epoch": 3}, tmp_path / "other.ckpt")
    with pytest.raises(ValueError, match="training run"):
        lgtsm.load_model(tmp_path / "other.ckpt")


def test_a_network_of_ones_own_comes_back_by_the_class_that_is_handed_over(tmp_path):
    path, own = tmp_path / "weights.safetensors", Own(3)
    note_own(own, "nobody_has_this.Own", {"_target_": "nobody_has_this.Own", "size": 3})
    lgtsm.save_model(own, path)
    for handed_over in (Own, Own(3)):
        loaded = lgtsm.load_model(path, model=handed_over)
        assert not loaded.training
        for key, value in own.state_dict().items():
            assert torch.equal(loaded.state_dict()[key], value)
        assert loaded.own_entry == own.own_entry  # so that it can be saved again
    with pytest.raises(ValueError, match=r"nobody_has_this\.Own.*model="):
        lgtsm.load_model(path)
    with pytest.raises(ValueError, match=r"fit.*Own"):
        lgtsm.load_model(path, model=Own(4))
    with pytest.raises(ValueError, match=r"\{'size': 3\}"):
        lgtsm.load_model(path, model=Counting)


@pytest.mark.parametrize("arguments", [None, {"size": 3, "inner": {"_target_": "torch.nn.ReLU"}}])
def test_a_network_without_plain_arguments_is_handed_over_built(tmp_path, arguments):
    path, own = tmp_path / "weights.safetensors", Own(3)
    if arguments is not None:
        note_own(own, "mine.Own", arguments)
    lgtsm.save_model(own, path)
    assert torch.equal(lgtsm.load_model(path, model=Own(3)).first.weight, own.first.weight)
    with pytest.raises(ValueError, match="arguments"):
        lgtsm.load_model(path, model=Own)


def test_a_class_may_be_handed_over_for_a_network_of_the_catalog(tmp_path):
    from lgtsm.models.completion import CompletionGenerator

    path, model = tmp_path / "weights.safetensors", lgtsm.create_model("completion", width=4)
    lgtsm.save_model(model, path)
    loaded = lgtsm.load_model(path, model=CompletionGenerator)
    for key, value in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[key], value)


@pytest.mark.parametrize("method", ["fill", "stream"])
def test_a_network_that_gives_nan_stops_the_fill(make_clip, method):
    network = create_model("lgtsm", width=4).eval()
    with torch.no_grad():
        next(network.parameters()).fill_(float("nan"))
    inpainter = Inpainter(network, "cpu", "fp32")
    video, hole = make_clip(1, 6, 16, 16)
    with pytest.raises(ValueError, match=r"The network must give finite values; it gave NaN or Inf"):
        if method == "fill":
            inpainter.fill(video, hole)
        else:
            frames = (video[0].permute(0, 2, 3, 1).numpy() * 255).astype("uint8")
            list(inpainter.stream(frames, hole[0, :, 0].numpy().astype("uint8")))
