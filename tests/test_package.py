"""The names that the package promises."""

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import lgtsm

CONF = Path(__file__).parents[1] / "conf"
PACKAGES = ["lgtsm", *(f"lgtsm.{room.name}" for room in pkgutil.iter_modules(lgtsm.__path__) if room.ispkg)]
PACKAGES.append("lgtsm.training.callbacks")
PUBLIC = [package for package in PACKAGES if hasattr(importlib.import_module(package), "__all__")]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_loads_and_is_described(name):
    package = importlib.import_module(name)
    assert len(set(package.__all__)) == len(package.__all__) and set(package.__all__) <= set(dir(package))
    for public in package.__all__:
        thing = getattr(package, public)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert thing.__doc__, public
    with pytest.raises(AttributeError, match="no_such_name"):
        package.no_such_name  # noqa: B018
    assert (Path(lgtsm.__file__).parent / "py.typed").is_file()


def test_lazy_names_are_those_for_type_checkers():
    lazy = [name for name in PUBLIC if hasattr(importlib.import_module(name), "_MODULES")]
    assert {"lgtsm", "lgtsm.data", "lgtsm.training", "lgtsm.video"} <= set(lazy)
    for name in lazy:
        package = importlib.import_module(name)
        imported = {}
        for node in ast.walk(ast.parse(Path(package.__file__).read_text())):
            if isinstance(node, ast.ImportFrom) and node.module not in ("lgtsm", "typing", "lgtsm.lazy_names"):
                imported |= {alias.name: node.module for alias in node.names}
        imported.pop("annotations", None)
        version = {"__version__": "lgtsm.version"} if name == "lgtsm" else {}
        assert imported == package._MODULES | version and set(package.__all__) == set(imported), name


def test_rooms_export_what_configurations_build():
    rooms = ("data", "training", "masks", "losses", "metrics", "features")
    texts = [path.read_text() for path in CONF.rglob("*.yaml")]
    targets = {target for text in texts for target in re.findall(r"_target_: ([\w.]+)", text)}
    missing = []
    for target in targets:
        room, _, name = target.removeprefix("lgtsm.").partition(".")
        if target.startswith("lgtsm.") and room in rooms:
            home = "lgtsm.training.callbacks" if name.startswith("callbacks.") else f"lgtsm.{room}"
            if name.split(".")[-1] not in importlib.import_module(home).__all__:
                missing.append(f"{home} does not export {target}")
    assert len(targets) > 30 and not missing, missing


def test_rooms_are_reached_after_a_plain_import():
    code = (
        "import lgtsm; print(lgtsm.ops.temporal_shift.__name__, lgtsm.layers.LearnableTemporalShift.__name__, "
        "lgtsm.masks.sample_hole('box', 2, 32, 32, 0).shape, lgtsm.features.I3D.__name__)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "temporal_shift LearnableTemporalShift (2, 32, 32) I3D\n"


def test_plain_import_loads_neither_torch_nor_lightning():
    code = (
        "import sys, lgtsm, lgtsm.data, lgtsm.video, lgtsm.training; "
        "print({'torch', 'pytorch_lightning'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"


def test_the_networks_that_ship_load_without_the_compiler():
    """Importing it would take a second, longer than filling a short clip."""
    code = (
        "import sys, lgtsm, lgtsm.classical.coarse_shades as c; lgtsm.load_method(); c.completion_network(); "
        "print('torch._dynamo' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


def test_the_citation_names_this_version_and_the_paper():
    citation = yaml.safe_load((CONF.parent / "CITATION.cff").read_text())
    assert citation["version"] == lgtsm.__version__
    assert citation["license"] == "Apache-2.0"
    paper = citation["preferred-citation"]
    assert [author["family-names"] for author in paper["authors"]] == ["Chang", "Liu", "Lee", "Hsu"]
    assert paper["title"] in " ".join((CONF.parent / "README.md").read_text().replace("*", "").split())
