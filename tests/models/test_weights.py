import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

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


class Masked(torch.nn.Module):
    """Has a buffer that is infinite on purpose."""

    def __init__(self, size):
        super().__init__()
        self.layer = torch.nn.Linear(size, size)
        self.register_buffer("mask", torch.full((size,), -torch.inf))


def test_buffers_of_ones_own_may_be_infinite_and_weights_may_not(tmp_path):
    path, own = tmp_path / "weights.safetensors", Masked(3)
    note_own(own, "mine.Masked", {"size": 3})
    lgtsm.save_model(own, path)
    assert lgtsm.load_model(path, model=Masked).mask.isinf().all()
    with torch.no_grad():
        own.layer.bias[1] = torch.nan
    with pytest.raises(ValueError, match=r"Masked cannot be saved: layer\.bias has values that are not finite"):
        lgtsm.save_model(own, tmp_path / "other.safetensors")
    state = load_file(path) | {"layer.bias": own.layer.bias.detach()}
    with safe_open(path, framework="pt") as file:
        save_file(state, path, file.metadata())
    with pytest.raises(ValueError, match=r"layer\.bias has values that are not finite"):
        lgtsm.load_model(path, model=Masked)


def test_fp16_refuses_weights_that_it_cannot_hold(tmp_path):
    model = lgtsm.create_model("tsm", width=4)
    with torch.no_grad():
        next(model.parameters())[0, 0, 0, 0] = 70000  # fp16 ends at 65504
    lgtsm.save_model(model, tmp_path / "whole.safetensors")
    with pytest.raises(ValueError, match=r"cannot be saved: .* not finite .*65504"):
        lgtsm.save_model(model, tmp_path / "half.safetensors", half=True)
    assert [path.name for path in tmp_path.iterdir()] == ["whole.safetensors"]


def test_weights_of_eight_bits_load(tmp_path):
    """fp8, as other programs write it: compared with torch's own conversion."""
    model, path = lgtsm.create_model("gtsm", width=4), tmp_path / "weights.safetensors"
    lgtsm.save_model(model, path)
    small = {key: value.to(torch.float8_e4m3fn).contiguous() for key, value in model.state_dict().items()}
    with safe_open(path, framework="pt") as file:
        save_file(small, path, file.metadata())
    for key, value in lgtsm.load_model(path).state_dict().items():
        assert torch.equal(value, small[key].float())


@pytest.mark.parametrize("arguments", [{"size": object()}, {"size": {1, 2}}, {"size": {"_partial_": True}}])
def test_arguments_that_no_file_holds_are_not_noted(tmp_path, arguments):
    own = Own(3)
    note_own(own, "mine.Own", arguments)
    assert own.own_entry == {"class": "mine.Own", "arguments": None}
    lgtsm.save_model(own, tmp_path / "weights.safetensors")
    loaded = lgtsm.load_model(tmp_path / "weights.safetensors", model=lambda: Own(3))  # a function builds it
    assert torch.equal(loaded.first.weight, own.first.weight)


@pytest.mark.parametrize("arguments", [{"power": {"_target_": "mine.make"}}, {"power": "${oc.env:POWER}"}])
def test_defaults_do_not_stand_in_for_arguments_that_are_not_noted(tmp_path, arguments):
    """With other defaults, the same weights would compute something else."""

    class Scaled(Own):
        def __init__(self, power=1):
            super().__init__(3)

    own = Scaled(2)
    note_own(own, "mine.Scaled", arguments)
    lgtsm.save_model(own, tmp_path / "weights.safetensors")
    with pytest.raises(ValueError, match=r"it has arguments: power.*Pass a built network.*function without arguments"):
        lgtsm.load_model(tmp_path / "weights.safetensors", model=Scaled)
    loaded = lgtsm.load_model(tmp_path / "weights.safetensors", model=lambda: Scaled(2))
    assert torch.equal(loaded.first.weight, own.first.weight)


def test_a_class_of_ones_own_is_not_built_in_sizes_that_only_the_note_has(tmp_path):
    built = []

    class Watched(Own):
        def __init__(self, size):
            super().__init__(size)
            built.append(self.first.weight.device.type)

    own = Own(3)
    note_own(own, "mine.Watched", {"size": 10**6})  # 4 TB
    lgtsm.save_model(own, tmp_path / "weights.safetensors")
    with pytest.raises(ValueError, match=r"first\.bias must be 1000000; it is 3\.|first\.weight must be 1000000x"):
        lgtsm.load_model(tmp_path / "weights.safetensors", model=Watched)
    assert built == ["meta"]


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
