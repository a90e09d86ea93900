import pytest
import torch
from safetensors.torch import save_file

import lgtsm


@pytest.mark.parametrize(
    "options", [{}, {"spectral_norm": True, "causal": True}, {"geometry": "paper", "centered": False}]
)
def test_a_saved_network_comes_back(tmp_path, make_clip, options):
    model = lgtsm.create_model("lgtsm", width=8, **options).eval()
    lgtsm.save_model(model, tmp_path / "weights.safetensors", {"licence": "CC0"})
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
    with pytest.raises(ValueError, match=r"must end in \.safetensors"):
        lgtsm.save_model(lgtsm.create_model("tsm", width=8), tmp_path / "weights.pt")
    with pytest.raises(ValueError, match=r"Only networks of lgtsm\.create_model"):
        lgtsm.save_model(torch.nn.Linear(1, 1), tmp_path / "weights.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(b"12345")
    with pytest.raises(ValueError, match="may be truncated"):
        lgtsm.load_model(tmp_path / "cut.safetensors")
    save_file({"weight": torch.zeros(1)}, tmp_path / "foreign.safetensors")
    with pytest.raises(ValueError, match="not one of this library"):
        lgtsm.load_model(tmp_path / "foreign.safetensors")
    with pytest.raises(FileNotFoundError, match="no weight file"):
        lgtsm.load_model(tmp_path / "absent.safetensors")
    torch.save({"epoch": 3}, tmp_path / "other.ckpt")
    with pytest.raises(ValueError, match="no checkpoint of a network"):
        lgtsm.load_model(tmp_path / "other.ckpt")
