"""Exported files give what the networks give."""

import json
import re
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import lgtsm
from lgtsm.commands.export import main
from lgtsm.export import onnx_export
from lgtsm.export.onnx_export import export_onnx
from lgtsm.export.onnx_stream import OnnxStream
from lgtsm.optional import MissingPackageError
from lgtsm.video.encoding import Encoding
from lgtsm.video.open import open_video
from lgtsm.video.writer import VideoWriter
from tests.reference.lively import make_lively

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "onnx.md").read_text()
MODELS = {
    "lgtsm_width5_paper_spectral": ({"shift_kernel_size": 5, "geometry": "paper", "spectral_norm": True}, (17, 22)),
    "lgtsm_causal": ({"causal": True}, (16, 20)),
    "gtsm_paper": ({"geometry": "paper"}, None),
    "tsm": ({}, (16, 20)),
}


@torch.no_grad()
def differences(model, path, sizes, make_clip):
    """The largest difference to the network, for a single frame, and a clip with a start, a middle and an end."""
    stream = OnnxStream(path, threads=1)
    for height, width in sizes:
        for length in (1, stream.delay + 3):
            video, hole = make_clip(1, length, height, width)
            filled = np.stack(list(stream.fill(video[0].numpy(), hole[0].numpy())))
            expected = model(video, hole)["filled"][0].clamp(0, 1).numpy()
            assert filled.shape == expected.shape
            yield np.abs(filled - expected).max()


@pytest.mark.parametrize("name", MODELS)
def test_files_give_what_the_network_gives(tmp_path, make_clip, name):
    options, size = MODELS[name]
    model = make_lively(lgtsm.create_model(name.split("_")[0], width=8, **options), few_layers=True)
    done = export_onnx(model, tmp_path / "step.onnx", *(size or ()))
    assert done.difference <= 1e-5 and done.frames >= done.delay + 3
    sizes = [size] if size else [(16, 20), (36, 24)]
    assert max(differences(model, tmp_path / "step.onnx", sizes, make_clip)) <= 1e-5
    assert [path.name for path in tmp_path.iterdir()] == ["step.onnx"]
    stream = OnnxStream(tmp_path / "step.onnx")
    assert json.loads(stream.metadata["temporal_reach"]) == list(model.temporal_reach)
    assert json.loads(stream.metadata["model"]) == {"name": name.split("_")[0], "width": 8, **options}
    assert json.loads(stream.metadata["state"]) == {
        name: shape for name, shape in done.inputs.items() if name.startswith("state.")
    }


def test_the_command_and_the_loop_of_the_guide(tmp_path, monkeypatch, capsys, make_clip):
    """The command's file, run as the guide says, without this library or PyTorch."""
    lines = [line.split("#")[0].split() for line in GUIDE.splitlines() if line.startswith("lgtsm export")]
    (loop,) = [code for code in re.findall(r"```python\n(.*?)```", GUIDE, re.S) if "onnxruntime" in code]
    monkeypatch.chdir(tmp_path)
    model = make_lively(lgtsm.create_model("lgtsm", width=4))
    Path("runs/demo/network").mkdir(parents=True)
    lgtsm.save_model(model, "runs/demo/network/generator.safetensors")
    (words,) = lines
    height, width = (int(words[words.index(name) + 1]) for name in ("--height", "--width"))
    small = {str(height): "20", str(width): "28"}
    main([small.get(word, word) for word in words[2:]])
    said = capsys.readouterr().out
    assert "frames of 28x20" in said and float(re.search(r"PyTorch by at most (\S+)", said)[1]) < 1e-5

    video, hole = make_clip(1, 20, 20, 28)
    frames = (video[0] * 255).byte().permute(0, 2, 3, 1).numpy()
    with VideoWriter("VIDEO.mkv", 25, 20, 28, Encoding(lossless=True)) as writer:
        for frame in frames:
            writer.write(frame)
    cv2.imwrite("MASK.png", (hole[0, 0, 0] * 255).byte().numpy())
    code = loop.replace('"VIDEO"', '"VIDEO.mkv"').replace('"MASK"', '"MASK.png"')
    exec(code.replace(str(height), "20").replace(str(width), "28"), {})
    with open_video("FILLED", "pyav") as reader:
        filled = np.stack(list(reader))
    expected = lgtsm.Inpainter(model, precision="fp32").fill(
        torch.from_numpy(frames).permute(0, 3, 1, 2) / 255, hole[0, :1].expand(20, -1, -1, -1)
    )
    assert np.abs(filled / 255 - expected.permute(0, 2, 3, 1).numpy()).max() < 0.51 / 255


def test_a_file_that_differs_is_not_kept(tmp_path, monkeypatch):
    model = make_lively(lgtsm.create_model("tsm", width=4, causal=True), few_layers=True)
    monkeypatch.setattr(onnx_export, "TOLERANCE", 0.0)
    with pytest.raises(ValueError, match=r"PyTorch within 0.0; .*not kept"):
        export_onnx(model, tmp_path / "step.onnx", 9, 11)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be(tmp_path, monkeypatch, capsys):
    model = lgtsm.create_model("tsm", width=4)
    with pytest.raises(ValueError, match=r"\.onnx"):
        export_onnx(model, tmp_path / "step.pt")
    with pytest.raises(ValueError, match=r"folder .*absent"):
        export_onnx(model, tmp_path / "absent" / "step.onnx")
    with pytest.raises(ValueError, match="`height` and `width`"):
        export_onnx(model, tmp_path / "step.onnx", height=64)
    with pytest.raises(ValueError, match="at least 1"):
        export_onnx(model, tmp_path / "step.onnx", 64, 0)
    with pytest.raises(ValueError, match="combcn"):
        export_onnx(lgtsm.create_model("combcn"), tmp_path / "step.onnx")
    with pytest.raises(SystemExit) as end:
        main(["-c", str(tmp_path / "absent.safetensors"), "-o", "step.onnx"])
    said = capsys.readouterr().err
    assert end.value.code == 2 and said.startswith("lgtsm export: ") and "absent.safetensors" in said
    lgtsm.save_model(model, tmp_path / "w.safetensors")
    with pytest.raises(SystemExit):
        main(["-c", str(tmp_path / "w.safetensors"), "-o", str(tmp_path / "step.onnx"), "--height", "64"])
    assert "--height and --width" in capsys.readouterr().err
    (tmp_path / "w.safetensors").unlink()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingPackageError, match=r"onnxruntime.*lgtsm\[export\]"):
        export_onnx(model, tmp_path / "step.onnx")
    assert list(tmp_path.iterdir()) == []
