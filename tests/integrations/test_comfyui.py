"""The ComfyUI node, called as ComfyUI calls it: imported from its folder, by its mappings, in inference mode."""

import importlib.util
import json
import sys
import types

import cv2
import numpy as np
import pytest
import torch
from skimage.morphology import disk

import lgtsm
from lgtsm.video.open import open_video

FOLDER = "integrations/comfyui"


@pytest.fixture
def mappings(pytestconfig, monkeypatch):
    """NODE_CLASS_MAPPINGS of the folder, imported from its path under a name of ComfyUI's choice."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)  # bits differ between devices
    name, folder = "custom_nodes_lgtsm", pytestconfig.rootpath / FOLDER
    spec = importlib.util.spec_from_file_location(name, folder / "__init__.py")
    module = importlib.util.module_from_spec(spec)
    for known in (name, f"{name}.inpaint_node"):
        monkeypatch.delitem(sys.modules, known, raising=False)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    assert module.NODE_CLASS_MAPPINGS.keys() == module.NODE_DISPLAY_NAME_MAPPINGS.keys()
    return module.NODE_CLASS_MAPPINGS


@pytest.fixture
def node(mappings):
    (node,) = mappings.values()
    return node


@pytest.fixture
def clip(data_folder):
    """Return an IMAGE (8, 80, 96, 3) with values between those of bytes, and a MASK that moves, as floats."""
    folder = data_folder / "bmx-trees"
    with open_video(folder / "video.mp4") as video:
        frames = np.stack([frame[30:110, 90:186] for frame, _ in zip(video, range(8))])
    files = sorted((folder / "masks").glob("*.png"))[:8]
    mask = np.stack([cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)[30:110, 90:186] for file in files])
    image = torch.from_numpy(frames).float() / 255 + (torch.rand(frames.shape) - 0.5) / 600
    return image.clamp(0, 1), torch.from_numpy(mask).float() / 255


def execute(node, **inputs):
    """Run a node with its defaults, as ComfyUI's executor does; return its outputs."""
    kinds = node.INPUT_TYPES()["required"]
    widgets = {name: kind[1]["default"] for name, kind in kinds.items() if len(kind) > 1 and "default" in kind[1]}
    given = {**widgets, **inputs}
    assert given.keys() == kinds.keys()
    with torch.inference_mode():
        outputs = getattr(node(), node.FUNCTION)(**given)
    assert isinstance(outputs, tuple) and len(outputs) == len(node.RETURN_TYPES)
    return outputs


def expected(image, mask, method="flow-fusion", dilate=0, quality="normal"):
    """The same from the library's own doorway; the mask is grown by another library's disk."""
    frames = (image * 255).round().byte().numpy()
    around = disk(dilate)
    holes = [cv2.dilate((picture >= 0.5).byte().numpy(), around, borderValue=0) for picture in mask]
    filled = lgtsm.Inpainter(lgtsm.load_method(method, quality)).stream(frames, holes)
    missing = torch.from_numpy(np.stack(holes)).bool()[..., None]
    return torch.where(missing, torch.from_numpy(np.stack(list(filled))).float() / 255, image), missing


def test_attributes_keep_the_contract_of_custom_nodes(node):
    """ComfyUI's documentation, "Properties of a custom node"."""
    assert node.RETURN_TYPES == ("IMAGE",) and len(node.RETURN_NAMES) == len(node.OUTPUT_TOOLTIPS) == 1
    assert isinstance(node.CATEGORY, str) and callable(getattr(node, node.FUNCTION))
    inputs = node.INPUT_TYPES()
    assert inputs.keys() <= {"required", "optional", "hidden"}
    required = inputs["required"]
    assert {name: kind for name, (kind, _) in required.items() if isinstance(kind, str)} == {
        "frames": "IMAGE", "mask": "MASK", "dilate": "INT",
    }  # fmt: skip
    for name in ("method", "quality"):
        choices, widget = required[name]
        assert type(choices) is list and widget["default"] in choices
    assert required["method"][0] == lgtsm.list_methods()
    assert required["dilate"][1]["min"] == required["dilate"][1]["default"] == 0
    assert json.loads(json.dumps(inputs))["required"].keys() == required.keys()  # the browser gets it as JSON


@pytest.mark.parametrize(
    "options", [{}, {"dilate": 3}, {"method": "temporal-copy", "dilate": 2}, {"quality": "best", "dilate": 1}]
)
def test_fills_as_the_library_does(node, clip, options):
    image, mask = clip
    before = image.clone()
    (filled,) = execute(node, frames=image, mask=mask, **options)
    wanted, missing = expected(image, mask, **options)
    assert filled.dtype == torch.float32 and filled.shape == image.shape and filled.device == image.device
    assert torch.equal(filled, wanted)
    assert 0.01 < missing.float().mean() < 0.5 and not torch.equal(filled, image)
    assert torch.equal(image, before)  # other nodes may read it too


@pytest.mark.parametrize("shape", [(1, 80, 96), (80, 96)])
def test_one_mask_is_for_all_frames(node, clip, shape):
    image, _ = clip
    mask = torch.zeros(80, 96)
    mask[20:40, 30:60] = 0.5
    mask[60:70, 30:60] = 0.49
    (filled,) = execute(node, frames=image, mask=mask.reshape(shape), method="telea")
    wanted, missing = expected(image, mask.expand(8, -1, -1), "telea")
    assert torch.equal(filled, wanted) and missing.sum() == 8 * 20 * 30


def test_one_picture(node, clip):
    image, mask = clip[0][:1], clip[1][:1]
    (filled,) = execute(node, frames=image, mask=mask)
    assert torch.equal(filled, expected(image, mask)[0])


class Cancelled(Exception):
    """ComfyUI's InterruptProcessingException stands for it."""


@pytest.fixture
def comfy(monkeypatch):
    """The two modules of ComfyUI that the node uses; `comfy.cancel_at` cancels at a frame."""
    comfy, utils, management = (types.ModuleType(f"comfy{part}") for part in ("", ".utils", ".model_management"))
    comfy.told, comfy.cancel_at = [], None

    class ProgressBar:
        def __init__(self, total, node_id=None):
            self.total = total

        def update_absolute(self, value, total=None, preview=None):
            if value == comfy.cancel_at:
                raise Cancelled
            comfy.told.append((value, self.total if total is None else total))

    utils.ProgressBar, management.get_torch_device = ProgressBar, lambda: torch.device("mps")
    for module in (comfy, utils, management):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return comfy


def test_progress_and_cancelling(node, clip, comfy):
    image, mask = clip
    (filled,) = execute(node, frames=image, mask=mask, method="mean-color")  # on the CPU, and not on "mps"
    assert torch.equal(filled, expected(image, mask, "mean-color")[0])
    assert comfy.told == [(frame, 8) for frame in range(1, 9)]
    comfy.cancel_at = 3
    with pytest.raises(Cancelled):
        execute(node, frames=image, mask=mask, method="mean-color")


def test_a_method_is_loaded_once(node, clip, monkeypatch):
    image, mask = clip
    module, loaded = sys.modules[node.__module__], []
    load = module.load_method
    monkeypatch.setattr(module, "load_method", lambda *chosen: loaded.append(chosen) or load(*chosen))
    kept = node()
    for method in ("mean-color", "mean-color", "telea"):
        kept.fill(image, mask, method, 0, "normal")
    assert loaded == [("mean-color", "normal"), ("telea", "normal")]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"mask": torch.zeros(1, 64, 64)}, "size of the frames, 96x80; it is (1, 64, 64). Load Image gives"),
        ({"mask": torch.ones(5, 80, 96)}, "one for each of the 8 frames; it has 5"),
        ({"mask": torch.zeros(8, 80, 96)}, "no pixel of the video is masked"),
        ({"mask": torch.ones(1, 80, 96)}, "must leave something to fill from"),
        ({"frames": torch.zeros(8, 80, 96, 4)}, "frames must be images (frames, height, width, 3); got (8, 80, 96, 4)"),
        ({"frames": torch.zeros(0, 80, 96, 3)}, "got (0, 80, 96, 3)"),
        ({"frames": torch.full((8, 80, 96, 3), torch.nan)}, "frame 0 holds NaN or Inf"),
        ({"method": "telea", "quality": "best"}, "quality must be normal for telea"),
        ({"method": "lgtsm"}, "no method 'lgtsm' without a weight file"),
    ],
)
def test_wrong_inputs_are_told_in_a_sentence(node, clip, change, sentence):
    image, mask = clip
    with pytest.raises(ValueError) as error:
        execute(node, **{"frames": image, "mask": mask, **change})
    assert sentence in str(error.value) and str(error.value).endswith(".")
