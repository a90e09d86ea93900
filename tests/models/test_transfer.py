from pathlib import Path

import pytest
import torch

import lgtsm
from lgtsm.models.transfer import transfer
from lgtsm.models.weights import read_networks, save_model

OFFICIAL = Path(__file__).parents[1] / "data" / "official"


def test_all_of_an_equal_network_is_taken(tmp_path):
    old, new = (lgtsm.create_model("lgtsm", width=8) for _ in range(2))
    save_model(old, tmp_path / "old.safetensors")
    stored = read_networks(tmp_path / "old.safetensors")
    matched = transfer(new, stored.generator, stored.options)
    assert stored.discriminator is None
    assert len(matched.taken) == len(old.state_dict())
    assert not (matched.missing or matched.other_shape or matched.unused or matched.notes)
    assert str(matched) == f"{len(matched.taken)} of {len(matched.taken)} weights taken over"
    for key, value in old.state_dict().items():
        assert torch.equal(new.state_dict()[key], value)


def test_a_learnable_shift_starts_as_the_fixed_one_that_it_takes_weights_from():
    old = lgtsm.create_model("gtsm", width=8)
    new = lgtsm.create_model("lgtsm", width=8)
    matched = transfer(new, old.state_dict(), old.catalog_entry)
    assert matched.missing
    assert all(name.endswith("shift.kernels") for name in matched.missing)
    video, hole = torch.rand(1, 5, 3, 16, 16), (torch.rand(1, 5, 1, 16, 16) > 0.7).float()
    with torch.no_grad():
        torch.testing.assert_close(new(video, hole)["filled"], old(video, hole)["filled"], rtol=0, atol=1e-6)
    assert f"not in the file, left new: {matched.missing[0]}" in str(matched)


def test_what_does_not_fit_is_named():
    old, new = (
        lgtsm.create_model("lgtsm", width=8, shift_kernel_size=5, centered=False),
        lgtsm.create_model("lgtsm", width=8),
    )
    state = {**old.state_dict(), "extra": torch.zeros(1)}
    text = str(transfer(new, state, old.catalog_entry))
    assert "layers.conv2.shift.kernels (2, 3), file (2, 5)" in text
    assert "unused: extra" in text
    assert "note: centered is True here and was False there" in text
    with pytest.raises(ValueError, match=r"fits the CombCN .*options"):
        transfer(lgtsm.create_model("combcn", width=4), old.state_dict())
    with pytest.raises(ValueError, match=r"conv1\.feature\.weight.*\(4, 5, 5, 5\).*\(8, 5, 5, 5\)"):
        narrow, wide = (lgtsm.create_discriminator("tsmgan", width=width, shift="fixed") for width in (4, 8))
        transfer(narrow, wide.state_dict())


def test_official_checkpoints_give_both_networks():
    path = OFFICIAL / "lgtsm_nf8.pth"
    stored = read_networks(path)
    expected = lgtsm.load_official(path)
    generator = lgtsm.create_model(**stored.options)
    assert len(transfer(generator, stored.generator, stored.options).taken) == len(generator.state_dict())
    for key, value in expected.discriminator.state_dict().items():
        assert torch.equal(stored.discriminator[key], value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e30])
def test_no_training_starts_from_damaged_weights(value):
    network = lgtsm.create_model("gtsm", width=4)
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    state = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    state["layers.conv3.gate.bias"][1] = value
    with pytest.raises(ValueError, match=r"trained weights; layers\.conv3\.gate\.bias has values"):
        transfer(network, state, ["no", "options"])
    for key, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[key])


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.complex64])
def test_no_training_starts_from_numbers_of_another_kind(dtype):
    network = lgtsm.create_model("gtsm", width=4)
    state = {name: value.to(dtype) for name, value in network.state_dict().items()}
    with pytest.raises(ValueError, match=rf"must hold \S+ as torch\.float32, like this network; it holds {dtype}\."):
        transfer(network, state)
