"""--own-class: a network of one's own at the commands, imported by the name that a person gives."""

import sys

import numpy as np
import pytest
import torch

import lgtsm
from lgtsm.commands import export, inpaint
from lgtsm.models.lgtsm import GatedShiftGenerator
from lgtsm.models.weights import note_own
from lgtsm.video.pictures import write_png

CODE = """
from pathlib import Path
import torch
from lgtsm.models.lgtsm import GatedShiftGenerator

Path(__file__).with_name("imported").touch()

class Gray(torch.nn.Module):
    def __init__(self, value=0.5):
        super().__init__()
        self.value = torch.nn.Parameter(torch.tensor([float(value)]))

    def forward(self, video, hole):
        return {"filled": torch.where(hole > 0.5, self.value, video)}

class Renamed(Gray):
    pass

class Stepping(GatedShiftGenerator):
    pass

def build():
    return Gray(0.25)

number = 3
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a module that is not imported yet, a picture and a mask."""
    (tmp_path / "my_gray.py").write_text(CODE)
    write_png(tmp_path / "in.png", np.full((32, 48, 3), 200, np.uint8))
    write_png(tmp_path / "mask.png", np.pad(np.full((8, 8, 3), 255, np.uint8), ((12, 12), (20, 20), (0, 0))))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("my_gray", None)


def save_gray(name, value, arguments, noted="my_gray.Gray"):
    """Write a weight file as a training of the class would, without its module."""

    class Gray(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.value = torch.nn.Parameter(torch.tensor([value]))

    network = Gray()
    note_own(network, noted, arguments)
    lgtsm.save_model(network, name)


def fill(capsys, *words):
    """Run the command; return its exit code and what it says."""
    try:
        inpaint.main(["in.png", "--mask", "mask.png", "-o", "out.png", "-c", "gray.safetensors", *words])
    except SystemExit as end:
        return end.code, capsys.readouterr().err
    return 0, capsys.readouterr().err


@pytest.mark.parametrize("arguments", [{"value": 0.5}, {"value": {"_target_": "my_gray.number"}}])
def test_a_named_class_takes_the_weights(place, capsys, arguments):
    save_gray("gray.safetensors", 0.75, arguments)
    name = "my_gray.Gray" if "_target_" not in str(arguments) else "my_gray.build"
    code, said = fill(capsys, "--own-class", name)
    assert code == 0, said
    from PIL import Image

    filled = np.asarray(Image.open("out.png"))
    assert (filled[12:20, 20:28] == 191).all() and (filled[:12] == 200).all()  # 0.75 of 255


def test_nothing_is_imported_because_a_file_names_it(place, capsys):
    save_gray("gray.safetensors", 0.75, {"value": 0.5})
    code, said = fill(capsys)
    assert code == 2 and "my_gray.Gray" in said and said.rstrip().endswith("with --own-class.")
    assert not (place / "imported").exists() and not (place / "out.png").exists()


def test_the_system_is_asked_before_a_file_is_said_to_be_missing(monkeypatch):
    """safetensors says that a file without permission does not exist."""
    import os
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        file = f"{place}/a.safetensors"
        save_gray(file, 0.75, {"value": 0.5})
        os.chmod(place, 0o755)
        os.chmod(file, 0)
        was = os.geteuid()
        if was == 0:  # root may read all
            os.seteuid(65534)
        try:
            with pytest.raises(ValueError, match="permission denied"):
                lgtsm.load_model(file)
        finally:
            os.seteuid(was)


def test_another_class_than_noted_is_told(place, capsys):
    save_gray("gray.safetensors", 0.75, {"value": 0.5})
    code, said = fill(capsys, "--own-class", "my_gray.Renamed")
    assert code == 0
    assert "saved from the class my_gray.Gray; --own-class my_gray.Renamed takes its weights" in said
    code, said = fill(capsys, "--own-class", "my_gray.Gray")
    assert code == 0 and "saved from" not in said


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("my_gray.Grey", "--own-class names 'my_gray.Grey', which cannot be imported"),
        ("nobody_has_this.Gray", "cannot be imported (No module named 'nobody_has_this')"),
        ("my_gray.number", "--own-class must name a class or a function; 'my_gray.number' is a int."),
        ("my_gray.build", "the passed class does not fit that"),
        ("torch.nn.ReLU", "the passed class does not fit that"),
        ("fractions.Fraction", "the passed class does not fit that"),
        ("builtins.dict", "must give a network (torch.nn.Module); it gave a dict"),
    ],
)
def test_names_that_do_not_work_get_a_sentence(place, capsys, name, words):
    save_gray("gray.safetensors", 0.75, {"value": 0.5})
    code, said = fill(capsys, "--own-class", name)
    assert code == 2 and words in said
    assert not (place / "out.png").exists()


def test_weights_must_be_named_too(place, capsys):
    with pytest.raises(SystemExit) as end:
        inpaint.main(["in.png", "--mask", "mask.png", "-o", "out.png", "--own-class", "my_gray.Gray"])
    assert end.value.code == 2 and "--own-class is for a network of your own" in capsys.readouterr().err


def test_export_takes_it_too(place, capsys):
    network, arguments = GatedShiftGenerator(width=4), {"width": 4}
    note_own(network, "my_gray.Stepping", arguments)
    lgtsm.save_model(network, "mine.safetensors")
    with pytest.raises(SystemExit) as end:
        export.main(["-c", "mine.safetensors", "-o", "step.onnx"])
    assert end.value.code == 2 and "with --own-class" in capsys.readouterr().err
    export.main(["-c", "mine.safetensors", "-o", "step.onnx", "--own-class", "my_gray.Stepping", "--height", "16",
                 "--width", "20"])  # fmt: skip
    assert "differs from PyTorch by at most" in capsys.readouterr().out


def test_export_says_that_a_network_must_step(place, capsys):
    save_gray("gray.safetensors", 0.75, {"value": 0.5})
    with pytest.raises(SystemExit) as end:
        export.main(["-c", "gray.safetensors", "-o", "step.onnx", "--own-class", "my_gray.Gray"])
    assert end.value.code == 2 and "Gray" in capsys.readouterr().err
    assert not (place / "step.onnx").exists()
