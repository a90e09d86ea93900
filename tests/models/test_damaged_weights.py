"""Weight files that are damaged, foreign or hostile: a sentence, nothing runs, and no memory is taken for claims."""

import importlib.util
import io
import os
import secrets
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import lgtsm
from lgtsm.commands import evaluate, export, inpaint, train
from tests.end_to_end.composing import composed

DATA = Path(__file__).parents[1] / "data"
DOCS = Path(__file__).parents[2] / "docs"

# The page's script, with little memory more than torch takes by being there.
WITH_LITTLE_MEMORY = """
import resource, runpy, torch, lgtsm
lgtsm.load_model, lgtsm.create_model("gtsm", width=4)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 200 * 2**20,) * 2)
runpy.run_path({path!r}, run_name="__main__")
"""


@pytest.fixture(scope="module")
def broken():
    """docs/weight_files.py, which writes broken files."""
    spec = importlib.util.spec_from_file_location("weight_files", DOCS / "weight_files.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date_and_its_files_take_no_memory():
    program = WITH_LITTLE_MEMORY.format(path=str(DOCS / "weight_files.py"))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (DOCS / "weight_files.md").read_text() == done.stdout, "run docs/weight_files.py again"


def test_sentences_name_the_file_and_are_short(broken):
    said = dict(broken.sentences())
    assert len(said) > 60
    for title, sentence in said.items():
        assert ".safetensors" in sentence or ".ckpt" in sentence or ".pth" in sentence, title
        assert len(sentence) < 450, title
        assert "weights_only" not in sentence and "Traceback" not in sentence and "frame #" not in sentence, title


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("a weight is NaN", "layers.conv1.feature.bias has values that are not finite"),
        ("a weight of another shape", "layers.conv1.feature.bias must be 4; it is 5."),
        ("width 8, which is 4", "layers.conv1.feature.weight must be 8x5x5x5; it is 4x5x5x5."),
        ("whole numbers for weights", "must be torch.float32; it is torch.int64"),
        ("width 100,000", "width 100000"),
        ("width 20,000", "width 20000"),
        ('width "4"', "`width` must be a whole number; got '4'"),
        ("checkpoint with code", "never executed. It names posix.system."),
        ("a class of one's own", "never imported"),
    ],
)
def test_the_sentence_names_the_one_thing_that_is_wrong(broken, tmp_path, monkeypatch, title, words):

    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError) as caught:
        lgtsm.load_model(broken.CASES[title](tmp_path))
    assert words in str(caught.value)


def damaged(content, rng):
    """Return the bytes with up to four changes at random."""
    content = bytearray(content)
    for _ in range(rng.integers(1, 5)):
        # Heads hold the names and sizes, so half of the changes go there.
        limit = len(content) if rng.random() < 0.5 else min(len(content), 8192)
        at, length = int(rng.integers(limit)), int(rng.integers(1, 64))
        match rng.integers(7):
            case 0:
                content[at] ^= 1 << int(rng.integers(8))
            case 1:
                content[at : at + length] = rng.bytes(length)
            case 2:
                del content[at : at + length]
            case 3:
                content[at:at] = content[at : at + length]
            case 4:
                del content[max(1, at) :]
            case 5:
                content[at : at + length] = b"\xff" * length
            case 6:  # a number of the head grows
                digits = [i for i, byte in enumerate(content[:8192]) if chr(byte).isdigit()]
                content[at:at] = b"" if not digits else b"9" * int(rng.integers(1, 12))
    return bytes(content)


def rezipped(content, change):
    """Return an archive of torch.save with one changed part, with its checksum right."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(written, "w") as target:
        for name in source.namelist():
            part = source.read(name)
            target.writestr(name, change(part) if name.endswith("data.pkl") else part)
    return written.getvalue()


@pytest.fixture(scope="module")
def whole(tmp_path_factory, broken):
    """Good files of each kind, which load."""
    import torch

    folder = tmp_path_factory.mktemp("whole")
    torch.save(broken.run_checkpoint(), folder / "run.ckpt")
    files = [broken.good(folder), folder / "run.ckpt", DATA / "official" / "lgtsm_nf8.pth"]
    for file in files:
        lgtsm.load_model(file)
    return files


@pytest.mark.filterwarnings("ignore::UserWarning")  # torch's and zipfile's own, about odd files
def test_files_damaged_at_random_load_or_end_in_a_sentence(whole, tmp_path):
    """With another seed each time; what loads has finite weights in the shapes of its network."""
    seed = int(os.environ.get("LGTSM_FUZZ_SEED", secrets.randbelow(10**6)))
    count = int(os.environ.get("LGTSM_FUZZ_COUNT", 150))
    refused = 0
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        source = whole[number % len(whole)]
        content = source.read_bytes()
        if zipfile.is_zipfile(source) and rng.random() < 0.7:
            content = rezipped(content, lambda part, rng=rng: damaged(part, rng))
        else:
            content = damaged(content, rng)
        path = tmp_path / f"damaged{source.suffix}"
        path.write_bytes(content)
        where = f"{source.name}. Repeat: LGTSM_FUZZ_SEED={seed} LGTSM_FUZZ_COUNT={number + 1}"
        try:
            network = lgtsm.load_model(path)
        except ValueError as error:
            refused += 1
            assert str(path) in str(error) and len(str(error)) < 700, f"{where}: {error}"
            assert "weights_only" not in str(error), where
        except Exception as error:
            raise AssertionError(f"{where}: {type(error).__name__}") from error
        else:
            for key, value in network.state_dict().items():
                assert value.isfinite().all(), f"{where}: {key}"
    assert refused > count / 2


@pytest.mark.parametrize("title", ["a weight is NaN", "checkpoint with code", "is empty", "is cut off"])
@pytest.mark.parametrize("command", ["inpaint", "export", "evaluate", "init_from"])
def test_every_command_says_it_and_writes_nothing(broken, tmp_path, monkeypatch, capsys, title, command):
    monkeypatch.chdir(tmp_path)
    path = broken.CASES[title](tmp_path)
    before = {file.name for file in tmp_path.iterdir()}
    try:
        match command:
            case "inpaint":
                video = str(DATA / "bmx-trees" / "video.mp4")
                inpaint.main([video, "--box", "8,8,20,20", "-o", "out.mp4", "-c", str(path)])
            case "export":
                export.main(["-c", str(path), "-o", "step.onnx"])
            case "evaluate":
                evaluate.run(composed("evaluate", f"checkpoint={path}", f"paths.run={tmp_path}/run"))
            case "init_from":
                train.run(
                    composed(
                        "train", "experiment=demo", "max_steps=1", f"init_from={path}", f"paths.run={tmp_path}/run"
                    )
                )
    except SystemExit as end:
        assert end.code == 2
        said = capsys.readouterr().err
    except ValueError as error:
        assert command in ("evaluate", "init_from")
        said = str(error)
    else:
        raise AssertionError("It does not end.")
    assert said and "weights_only" not in said and "Traceback" not in said
    assert {file.name for file in tmp_path.iterdir()} == before
