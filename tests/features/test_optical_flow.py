import pytest
import torch
import torchvision

from lgtsm.features import DISFlow, RAFTFlow
from lgtsm.features.weight_files import WeightsUnavailableError


def test_dis_finds_how_far_a_texture_moved():
    coarse = torch.nn.functional.interpolate(torch.rand(1, 3, 20, 24), (80, 96), mode="bicubic").clamp(0, 1)
    flow = DISFlow()(coarse[..., 4:60, 4:80], coarse[..., 3:59, 1:77])  # what was at x is at x + 3, y + 1
    assert flow.shape == (1, 2, 56, 76)
    middle = flow[0, :, 10:-10, 10:-10].flatten(1).median(1).values
    assert middle.tolist() == pytest.approx([3, 1], abs=0.2)


def test_raft_takes_any_size_and_its_weights_from_a_file(tmp_path):
    torch.manual_seed(0)
    own = torchvision.models.get_model("raft_small", weights=None).eval()
    torch.save(own.state_dict(), tmp_path / "raft.pth")
    flow = RAFTFlow("raft_small", tmp_path / "raft.pth")
    a, b = torch.rand(2, 3, 128, 130), torch.rand(2, 3, 128, 130)
    found = flow(a, b)
    assert found.shape == (2, 2, 128, 130)
    assert list(flow.parameters()) == []
    assert flow.name == "raft_small_not_published"
    with torch.no_grad():
        padded = [2 * torch.nn.functional.pad(x[:1], (0, 6, 0, 0), mode="replicate") - 1 for x in (a, b)]
        expected = own(*padded)[-1][..., :130]
    torch.testing.assert_close(found[:1], expected)


def test_errors(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError("no network")

    monkeypatch.delenv("LGTSM_WEIGHTS", raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)
    with pytest.raises(WeightsUnavailableError, match=r"raft_small_C_T_V2-01064c6d\.pth"):
        RAFTFlow("raft_small")
    with pytest.raises(ValueError, match=r"16 .*8x40"):
        DISFlow()(torch.rand(1, 3, 8, 40), torch.rand(1, 3, 8, 40))
    with pytest.raises(ValueError, match=r"absent\.pth"):
        RAFTFlow("raft_small", tmp_path / "absent.pth")
    with pytest.raises(ValueError, match=r"preset.*slow"):
        DISFlow("slow")
