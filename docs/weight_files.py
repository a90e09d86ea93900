"""Make the table of docs/weight_files.md: python docs/weight_files.py > docs/weight_files.md."""

import contextlib
import io
import json
import os
import pickle
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from lgtsm import create_model, load_model, save_model
from lgtsm.models.stored import FORMAT

HEAD = """# Weight files that do not load

Whatever is wrong with a weight file is said in a sentence: by `lgtsm.load_model`, by every command that takes a
checkpoint (exit code 2), and before memory is taken for what the file claims. Nothing in a file runs, and no class is
imported because a file names it. `docs/weight_files.py` writes these files and this table, and a test holds it up to
date; `tests/models/test_damaged_weights.py` damages more of them at random.

| file | what is said |
|---|---|
"""

Case = Callable[[Path], Path]
CASES: dict[str, Case] = {}


def case(title: str) -> Callable[[Case], Case]:
    """Register a function that writes a broken file into a folder and returns its path."""

    def register(make: Case) -> Case:
        CASES[title] = make
        return make

    return register


def good(folder: Path) -> Path:
    """Write a good weight file."""
    torch.manual_seed(0)
    save_model(create_model("gtsm", width=4), folder / "good.safetensors")
    return folder / "good.safetensors"


def changed(folder: Path, change: Callable[[dict], object] = lambda state: None, **metadata: str | None) -> Path:
    """Write a weight file with other weights or metadata; None leaves an entry out."""
    with safe_open(good(folder), framework="pt") as file:
        noted, state = dict(file.metadata()), {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    change(state)
    noted = {key: value for key, value in (noted | metadata).items() if value is not None}
    save_file(state, folder / "weights.safetensors", noted)
    return folder / "weights.safetensors"


def raw(folder: Path, header: dict | bytes, data: bytes = b"", length: int | None = None) -> Path:
    """Write a safetensors file by hand: the header's length, the header, the data."""
    noted = {"__metadata__": {"format": FORMAT, "model": '{"name": "gtsm", "width": 4}'}}
    text = header if isinstance(header, bytes) else json.dumps(noted | header).encode()
    path = folder / "weights.safetensors"
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


def placed(kind: str, shape: list, start: int, stop: int) -> dict:
    """Return the header's entry of a tensor."""
    return {"dtype": kind, "shape": shape, "data_offsets": [start, stop]}


def with_model(note: object) -> Case:
    """Return a case with another note on the network."""
    return lambda folder: changed(folder, model=json.dumps(note))


def with_value(value: float) -> Case:
    """Return a case with one other weight."""

    def change(state: dict) -> None:
        state["layers.conv1.feature.bias"][0] = value

    return lambda folder: changed(folder, change)


def saved(content: object, name: str = "last.ckpt") -> Case:
    """Return a case with a file of torch.save."""

    def make(folder: Path) -> Path:
        torch.save(content, folder / name)
        return folder / name

    return make


def run_checkpoint(**parts: object) -> dict:
    """Return the content of a training run's checkpoint."""
    torch.manual_seed(0)
    model = create_model("gtsm", width=4)
    state = {f"generator.{key}": value for key, value in model.state_dict().items()}
    noted = {"model": model.catalog_entry, "prefix": "generator."}
    return {"state_dict": state, "lgtsm": noted, **parts}


def official(**config: object) -> dict:
    """Return the content of an authors' checkpoint, with only one weight."""
    arguments = {"opts": {"nf": 4, "conv_by": "2dtsm", **config}}
    return {
        "state_dict": {
            "generator.coarse_net.downsample_module.conv1.featureConv.layer.weight": torch.zeros(4, 5, 5, 5)
        },
        "config": {"arch": {"args": arguments}},
    }


class Code:
    """Runs a command where it is unpickled."""

    def __reduce__(self) -> tuple:
        return os.system, ("touch ran",)


@case("is not there")
def _(folder: Path) -> Path:
    return folder / "weights.safetensors"


@case("is a folder")
def _(folder: Path) -> Path:
    (folder / "weights.safetensors").mkdir()
    return folder / "weights.safetensors"


@case("is empty")
def _(folder: Path) -> Path:
    (folder / "weights.safetensors").touch()
    return folder / "weights.safetensors"


@case("is cut off")
def _(folder: Path) -> Path:
    path = folder / "weights.safetensors"
    path.write_bytes(good(folder).read_bytes()[:-100])
    return path


@case("is text")
def _(folder: Path) -> Path:
    (folder / "weights.safetensors").write_text("<!DOCTYPE html><title>Not found</title>" * 9)
    return folder / "weights.safetensors"


@case("has a header of 100,000 TB")
def _(folder: Path) -> Path:
    return raw(folder, {}, length=10**17)


@case("has a header that is no JSON")
def _(folder: Path) -> Path:
    return raw(folder, b"{" * 64)


@case("has a tensor twice")
def _(folder: Path) -> Path:
    entry = json.dumps(placed("F32", [1], 0, 4))
    return raw(folder, f'{{"__metadata__": {{"format": "{FORMAT}"}}, "a": {entry}, "a": {entry}}}'.encode(), bytes(4))


@case("has tensors that overlap")
def _(folder: Path) -> Path:
    return raw(folder, {"a": placed("F32", [2], 0, 8), "b": placed("F32", [2], 4, 12)}, bytes(12))


@case("has a tensor beyond its end")
def _(folder: Path) -> Path:
    return raw(folder, {"a": placed("F32", [2**40], 0, 2**42)}, bytes(12))


@case("is of another program")
def _(folder: Path) -> Path:
    save_file({"weight": torch.zeros(1)}, folder / "weights.safetensors")
    return folder / "weights.safetensors"


CASES |= {
    "a weight is NaN": with_value(float("nan")),
    "a weight is infinite": with_value(float("inf")),
    "a weight is 1e30": with_value(1e30),
    "whole numbers for weights": lambda folder: changed(
        folder, lambda state: state.update({key: value.long() for key, value in state.items()})
    ),
    "a weight of another shape": lambda folder: changed(
        folder, lambda state: state.update({"layers.conv1.feature.bias": torch.zeros(5)})
    ),
    "a weight is missing": lambda folder: changed(folder, lambda state: state.pop("layers.conv1.feature.bias")),
    "a weight too many": lambda folder: changed(folder, lambda state: state.update(more=torch.zeros(1))),
    "no weights": lambda folder: changed(folder, lambda state: state.clear()),
    "no note on its network": lambda folder: changed(folder, model=None),
    "a note that is no JSON": lambda folder: changed(folder, model="{'name': gtsm}"),
    "a note that is a list": with_model(["gtsm", 4]),
    "a note nested 100,000 deep": lambda folder: changed(folder, model="[" * 100_000 + "]" * 100_000),
    "a network that does not exist": with_model({"name": "gtsm2", "width": 4}),
    "a method without weights": with_model({"name": "telea"}),
    "the name of another network": with_model({"name": "gated3d", "width": 4}),
    "an option that does not exist": with_model({"name": "gtsm", "widht": 4}),
    "width 8, which is 4": with_model({"name": "gtsm", "width": 8}),
    "width 100,000": with_model({"name": "gtsm", "width": 100_000}),
    "width 20,000": with_model({"name": "gtsm", "width": 20_000}),
    "width 10^30": with_model({"name": "gtsm", "width": 10**30}),
    "width 0": with_model({"name": "gtsm", "width": 0}),
    "width -4": with_model({"name": "gtsm", "width": -4}),
    "width 4.5": with_model({"name": "gtsm", "width": 4.5}),
    "width true": with_model({"name": "gtsm", "width": True}),
    'width "4"': with_model({"name": "gtsm", "width": "4"}),
    "width [4]": with_model({"name": "gtsm", "width": [4]}),
    "width null": with_model({"name": "gtsm", "width": None}),
    "width NaN": with_model({"name": "gtsm", "width": float("nan")}),
    "shift_kernel_size 10^9": with_model({"name": "lgtsm", "width": 4, "shift_kernel_size": 10**9 + 1}),
    "shift_groups 10^9": with_model({"name": "lgtsm", "width": 4, "shift_groups": 10**9}),
    "a class of one's own": lambda folder: changed(
        folder, model="null", own_model=json.dumps({"class": "my_package.MyModel", "arguments": {"width": 4}})
    ),
    "a class that would run code": lambda folder: changed(
        folder, model=json.dumps({"name": "os.system", "command": "touch ran"})
    ),
}


@case("checkpoint that is empty")
def _(folder: Path) -> Path:
    (folder / "last.ckpt").touch()
    return folder / "last.ckpt"


@case("checkpoint that is cut off")
def _(folder: Path) -> Path:
    path = saved(run_checkpoint())(folder)
    path.write_bytes(path.read_bytes()[:-5000])
    return path


@case("checkpoint that is a plain pickle")
def _(folder: Path) -> Path:
    (folder / "last.ckpt").write_bytes(pickle.dumps({"state_dict": {}}))
    return folder / "last.ckpt"


@case("checkpoint that unpacks to 256 MB")
def _(folder: Path) -> Path:
    plain = io.BytesIO()
    torch.save({"state_dict": torch.zeros(1)}, plain)
    with (
        zipfile.ZipFile(plain) as source,
        zipfile.ZipFile(folder / "last.ckpt", "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            if not name.endswith("data/0"):
                target.writestr(name, source.read(name))
                continue
            with target.open(name, "w", force_zip64=True) as file:
                for _ in range(256):
                    file.write(bytes(2**20))
    return folder / "last.ckpt"


CASES |= {
    "checkpoint with code": saved({"state_dict": Code()}),
    "checkpoint with a whole network": saved(torch.nn.Linear(2, 2)),
    "checkpoint with something else": saved({"epoch": 3}),
    "checkpoint that is a list": saved([1, 2]),
    "checkpoint with NaN": saved(
        run_checkpoint(state_dict={key: value * float("nan") for key, value in run_checkpoint()["state_dict"].items()})
    ),
    "checkpoint whose weights are a list": saved(run_checkpoint(state_dict=[1, 2])),
    "checkpoint whose weights are text": saved(run_checkpoint(state_dict={"generator.a": "b"})),
    "checkpoint whose weights have numbers for names": saved(run_checkpoint(state_dict={1: torch.zeros(1)})),
    "checkpoint without weights": saved(run_checkpoint(state_dict={})),
    "checkpoint with a weight of 4 TB in one value": saved(
        run_checkpoint(state_dict={"generator.a": torch.zeros(1).expand(10**6, 10**6)})
    ),
    "checkpoint with a sparse weight": saved(run_checkpoint(state_dict={"generator.a": torch.eye(2).to_sparse()})),
    "checkpoint without a note": saved(run_checkpoint(lgtsm={"prefix": "generator."})),
    "checkpoint with a wrong prefix": saved(run_checkpoint(lgtsm={"prefix": 3, "model": {"name": "gtsm"}})),
    "checkpoint of width 100,000": saved(
        run_checkpoint(lgtsm={"prefix": "generator.", "model": {"name": "gtsm", "width": 100_000}})
    ),
    "authors' checkpoint without most weights": saved(official(), "theirs.pth"),
    "authors' checkpoint of width 100,000": saved(official(nf=100_000), "theirs.pth"),
    "authors' checkpoint of width text": saved(official(nf="4"), "theirs.pth"),
    "authors' checkpoint of width null": saved(official(nf=None), "theirs.pth"),
    "authors' checkpoint of another kind": saved(official(conv_by="4d"), "theirs.pth"),
    "authors' checkpoint without a configuration": saved(official() | {"config": None}, "theirs.pth"),
    "authors' checkpoint whose configuration is a list": saved(official() | {"config": [1]}, "theirs.pth"),
    "CombCN of the authors without most weights": saved(
        {"state_dict": {"videoCN.conv1.conv.bias": torch.zeros(4), "combCN.conv16.conv.bias": torch.zeros(())}},
        "theirs.pth",
    ),
}


def sentences() -> Iterator[tuple[str, str]]:
    """Yield each case with what is said."""
    for title, make in CASES.items():
        with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
            path = make(Path(place))
            try:
                load_model(path)
            except (ValueError, OSError) as error:
                said = " ".join(str(error).split()).replace(f"{place}/", "")
            else:
                raise AssertionError(f"The file loads: {title}.")
            if Path("ran").exists():
                raise AssertionError(f"Code of the file ran: {title}.")
        yield title, said


def table() -> str:
    """Return the page."""
    rows = (f"| {title} | {said.replace('|', chr(92) + '|')} |" for title, said in sentences())
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(table(), end="")
