"""Files of torch.save are data, wherever they are read; torch's advice to run them is not passed on."""

import os
import traceback

import pytest
import torch

import lgtsm
from lgtsm.features.image_features import VGG16_FILE
from lgtsm.features.weight_files import load_weights
from lgtsm.torch_files import read_torch_file
from lgtsm.training.checkpoint_files import WholeCheckpointIO, find_damage


@pytest.fixture
def hostile(tmp_path, monkeypatch):
    """A file that makes a folder where it is unpickled."""
    monkeypatch.chdir(tmp_path)

    class Evil:
        def __reduce__(self):
            return os.mkdir, ("ran",)

    torch.save({"state_dict": Evil()}, "a.ckpt")
    return tmp_path / "a.ckpt"


READERS = {
    "weights": lgtsm.load_model,
    "official": lgtsm.load_official,
    "resume": WholeCheckpointIO().load_checkpoint,
    "features": lambda path: load_weights(path, VGG16_FILE, "The loss", "Do without."),
    "file": read_torch_file,
}


@pytest.mark.parametrize("reader", READERS)
def test_code_in_a_file_is_not_run_and_torch_gives_no_advice(hostile, reader):
    with pytest.raises(ValueError, match=r"which are never executed\. It names \w+\.mkdir") as caught:
        READERS[reader](hostile)
    shown = "".join(traceback.format_exception(caught.value))  # as Python shows it, with its causes
    assert "weights_only" not in str(caught.value) and "Re-running" not in shown and "arbitrary" not in shown
    assert not (hostile.parent / "ran").exists()


def test_a_checkpoint_with_code_counts_as_damaged(hostile):
    assert find_damage(hostile) == "it holds more than tensors and plain values"
    assert not (hostile.parent / "ran").exists()


@pytest.mark.parametrize("mmap", [False, True])
def test_what_was_saved_comes_back(tmp_path, mmap):
    torch.save({"a": torch.arange(3), "b": [1, "two", None]}, tmp_path / "a.pt")
    content = read_torch_file(tmp_path / "a.pt", mmap=mmap)
    assert content["b"] == [1, "two", None] and content["a"].tolist() == [0, 1, 2]
    torch.save(content["a"].clone(), tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    assert read_torch_file(tmp_path / "old.pt").tolist() == [0, 1, 2]
