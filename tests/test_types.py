"""A user's type checker understands what the README, the guides and `__all__` offer."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = "\n".join((ROOT / page).read_text() for page in ("README.md", "docs/guides/python.md"))
TYPES = {
    "lgtsm.create_model('lgtsm', width=16)": "lgtsm.models.lgtsm.GatedShiftGenerator",
    "lgtsm.create_model('gated3d')": "lgtsm.models.gated3d.Gated3DGenerator",
    "lgtsm.create_model('telea')": "torch.nn.modules.module.Module",
    "lgtsm.create_model('gtsm').step(video, hole, state)": (
        "tuple[torch._tensor.Tensor, lgtsm.models.streaming.StreamState]"
    ),
    "lgtsm.create_model('gtsm').temporal_reach": "tuple[int, int]",
    "lgtsm.load_model('w.safetensors')": "torch.nn.modules.module.Module",
    "lgtsm.load_model('w.safetensors', Own)": "user.Own",
    "lgtsm.load_model('w.safetensors', model=Own(3))": "user.Own",
    "lgtsm.list_models()": "list[str]",
    "lgtsm.load_official('c.pth').generator": "torch.nn.modules.module.Module",
    "lgtsm.Inpainter().fill(video, hole)": "torch._tensor.Tensor",
    "lgtsm.Inpainter().fill_file('v.mp4', Path('m.png'), 'o.mp4')": "lgtsm.inference.inpainter.FillSummary",
    "lgtsm.Inpainter().fill_file('v.mp4', 'm.png', 'o.mp4').hole_share": "float",
    "lgtsm.Inpainter(precision='fp32').stream(frames, holes)": "typing.Iterator[numpy.ndarray[",
    "lgtsm.add_temporal_shift(Own(3), num_frames=4)": "torch.nn.modules.module.Module",
    "lgtsm.layers.temporal_reach(Own(3))": "tuple[int, int]",
    "lgtsm.masks.sample_hole('box', 2, 32, 32, 0)": "numpy.ndarray[",
    "lgtsm.data.FolderVideos('VIDEOS').name(0)": "str",
    "lgtsm.training.NetworkOptimizers(torch.optim.Adam).max_gradient_norm": "float | None",
    "lgtsm.metrics.FrameQuality()": "lgtsm.metrics.frame_quality.FrameQuality",
    "lgtsm.metrics.STLPIPS()": "lgtsm.metrics.stlpips.STLPIPS",
    "lgtsm.video.VideoError('no')": "lgtsm.video.errors.VideoError",
}
WRONG = {
    "lgtsm.no_such_name": "attr-defined",
    "lgtsm.data.no_such_name": "attr-defined",
    "lgtsm.create_model(3)": "call-overload",
    "lgtsm.Inpainter().fill('video', hole)": "arg-type",
    "lgtsm.Inpainter().fill_file('v.mp4', 'm.png')": "call-arg",
    "lgtsm.save_model('w.safetensors', lgtsm.create_model('lgtsm'))": "arg-type",
}
PREFACE = """
# mypy: disallow-untyped-calls, disallow-untyped-defs, disallow-any-generics
from pathlib import Path
import lgtsm, numpy as np, torch

class Own(torch.nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()

video, hole = torch.rand(1, 2, 3, 8, 8), torch.zeros(1, 2, 1, 8, 8)
state = lgtsm.create_model("lgtsm").initial_state()
frames = holes = [np.zeros((8, 8, 3), np.uint8)]
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What mypy says of the package, of the pages' Python, and of a user's lines: {file: {line: [messages]}}."""
    folder = tmp_path_factory.mktemp("user")
    lines = [f"reveal_type({code})" for code in TYPES] + list(WRONG)
    (folder / "user.py").write_text(PREFACE + "\n".join(lines) + "\n")
    for number, code in enumerate(re.findall(r"```python\n(.*?)```", PAGES, re.S)):
        if "import lgtsm" in code:
            (folder / f"page{number}.py").write_text("# mypy: disallow-untyped-calls\n" + code)
    files = ["lgtsm", *map(str, folder.glob("*.py"))]
    line = [sys.executable, "-m", "mypy", "--cache-dir", str(folder / "cache"), "--no-pretty", *files]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and not done.stderr, done.stdout + done.stderr  # 1: the wrong lines, and no crash
    said = {}
    for file, number, text in re.findall(r"^(.+?):(\d+): (?:error|note): (.*)$", done.stdout, re.M):
        path = Path(file)
        said.setdefault(path.name if path.is_absolute() or ".." in path.parts else file, {}).setdefault(
            int(number), []
        ).append(text)
    return said


def test_the_package_has_no_type_errors(found):
    assert {file: said for file, said in found.items() if file.startswith("lgtsm/")} == {}


def test_the_programs_of_the_pages_type_check(found):
    assert len(re.findall(r"```python\nimport lgtsm", PAGES)) >= 5
    assert {file: said for file, said in found.items() if file.startswith("page")} == {}


def test_users_see_types_and_mistakes(found):
    first = PREFACE.count("\n") + 1
    for number, (code, expected) in enumerate(TYPES.items(), first):
        (said,) = found["user.py"].pop(number)
        expected = f'Revealed type is "{expected}'
        assert said.startswith(expected) if expected.endswith("[") else said == expected + '"', code
    for number, (code, kind) in enumerate(WRONG.items(), first + len(TYPES)):
        assert any(text.endswith(f"[{kind}]") for text in found["user.py"].pop(number)), code
    assert found["user.py"] == {}
