import os

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

import lgtsm
from lgtsm import create_model, load_model, save_model
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


def rewritten(path, change=lambda state: None, **metadata):
    """Write a weight file with changed weights or metadata."""
    with safe_open(path, framework="pt") as file:
        noted, state = dict(file.metadata()), {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    change(state)
    other = path.with_name("changed.safetensors")
    save_file(state, other, noted | metadata)
    return other


def spoil(value):
    def change(state):
        state[min(state)].view(-1)[0] = value

    return change


def replace_first(make):
    def change(state):
        state[min(state)] = make(state[min(state)])

    return change


DAMAGED = {
    "nan": (spoil(float("nan")), {}, r"must hold trained weights; \S+ has values that are not finite"),
    "inf": (spoil(float("inf")), {}, r"has values that are not finite \(NaN or Inf\)"),
    "huge": (spoil(1e30), {}, r"has values as large as 1e\+30. The file is damaged"),
    "integers": (replace_first(lambda value: value.long()), {}, r"\S+ must be torch.float32; it is torch.int64"),
    "shape": (
        replace_first(lambda value: value[None]),
        {},
        r"do not fit the network lgtsm: \S+ must be .*; it is 1x\d\S+",
    ),
    "missing": (lambda state: state.pop(min(state)), {}, r"do not fit .*: 1 of them are missing, such as \S+\."),
    "more": (lambda state: state.update(x=torch.zeros(1)), {}, r"do not fit .*: 1 of them are too many, such as x\."),
    "wide": (
        None,
        {"model": '{"name": "lgtsm", "width": 100000}'},
        r"do not fit the network lgtsm: \S+ must be .*100000",
    ),
    "text": (None, {"model": '{"name": "lgtsm", "width": "4"}'}, r"notes a network that cannot be built \(.*\)"),
    "list": (None, {"model": '{"name": "lgtsm", "width": [4]}'}, r"notes a network that cannot be built \(.*\)"),
    "null": (None, {"model": '{"name": "lgtsm", "width": null}'}, r"notes a network that cannot be built \(.*\)"),
    "unknown": (None, {"model": '{"name": "nope"}'}, r"cannot be built \(There is no model named 'nope'"),
    "no dictionary": (None, {"model": "[1]"}, r"must note the name of its network and its options; it notes \[1\]"),
    "no json": (None, {"model": "{"}, r"must name its network in its metadata, in JSON"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_weight_files_get_a_sentence_before_memory_is_taken(tmp_path, name):
    save_model(create_model("lgtsm", width=4), tmp_path / "a.safetensors")
    change, metadata, sentence = DAMAGED[name]
    path = rewritten(tmp_path / "a.safetensors", change or (lambda state: None), **metadata)
    with pytest.raises(ValueError, match=sentence) as caught:
        load_model(path)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 600


def test_code_in_a_checkpoint_is_not_run_and_torch_gives_no_advice(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    torch.save({"state_dict": Evil()}, tmp_path / "a.ckpt")
    with pytest.raises(
        ValueError, match=r"hold other objects, which are never executed\. It names \w+\.mkdir"
    ) as caught:
        load_model(tmp_path / "a.ckpt")
    assert "weights_only" not in str(caught.value)
    assert not (tmp_path / "ran").exists()


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
