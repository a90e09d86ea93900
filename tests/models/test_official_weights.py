import pickle

import numpy as np
import pytest
import torch

import lgtsm

NAMES = ["lgtsm_nf8", "lgtsm_nf8_groups4_width5", "gtsm_nf8", "tsm_vanilla_nf8"]


@pytest.mark.parametrize("name", NAMES)
def test_parity_with_the_authors_networks(name, data_folder):
    networks = lgtsm.load_official(data_folder / "official" / f"{name}.pth")
    expected = np.load(data_folder / "official" / f"{name}.npz")
    video = torch.from_numpy(expected["frames"])
    hole = 1 - torch.from_numpy(expected["mask_valid"])
    with torch.no_grad():
        filled = networks.generator(video, hole)["filled"]
        scores = networks.discriminator(filled, hole)
    torch.testing.assert_close(filled, torch.from_numpy(expected["output"]), atol=2e-5, rtol=0)
    torch.testing.assert_close(scores, torch.from_numpy(expected["disc_score"]), atol=2e-5, rtol=0)
    assert not networks.generator.training
    assert networks.config["arch"]["args"]["opts"]["nf"] == 8


class Evil:
    def __reduce__(self):
        return (open, ("/tmp/lgtsm_was_executed", "w"))


def test_nothing_in_the_file_is_executed(tmp_path):
    path = tmp_path / "evil.pth"
    torch.save({"state_dict": {"generator.coarse_net.x": torch.zeros(1)}, "config": Evil()}, path)
    with pytest.raises(ValueError, match="executed"):
        lgtsm.load_official(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"not a checkpoint at all", "readable"),
        (pickle.dumps({"state_dict": {}}), "readable"),
    ],
)
def test_other_files_get_a_sentence(tmp_path, content, words):
    path = tmp_path / "file.pth"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=words):
        lgtsm.load_official(path)


def test_truncated_missing_and_foreign_checkpoints(tmp_path, data_folder):
    whole = (data_folder / "official" / "gtsm_nf8.pth").read_bytes()
    cut = tmp_path / "cut.pth"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="truncated"):
        lgtsm.load_official(cut)
    with pytest.raises(FileNotFoundError, match=r"absent\.pth"):
        lgtsm.load_official(tmp_path / "absent.pth")
    torch.save({"state_dict": {"weight": torch.zeros(1)}}, tmp_path / "foreign.pth")
    with pytest.raises(ValueError, match="authors' format"):
        lgtsm.load_official(tmp_path / "foreign.pth")


def test_a_missing_weight_is_noticed(tmp_path, data_folder):
    from lgtsm.models.official_weights import build_official, read_checkpoint

    checkpoint = read_checkpoint(data_folder / "official" / "gtsm_nf8.pth")
    del checkpoint["state_dict"]["generator.coarse_net.downsample_module.conv3.gatingConv.layer.weight"]
    with pytest.raises(ValueError, match=r"1 .*missing.*layers\.conv3\.gate\.weight"):
        build_official(checkpoint, "file.pth")
