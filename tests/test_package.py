"""The names that the package promises."""

import inspect
import subprocess
import sys
from pathlib import Path

import lgtsm


def test_every_public_name_loads():
    for name in lgtsm.__all__:
        assert getattr(lgtsm, name) is not None, name
    assert (Path(lgtsm.__file__).parent / "py.typed").is_file()


def test_rooms_are_reached_after_a_plain_import():
    code = (
        "import lgtsm; print(lgtsm.ops.temporal_shift.__name__, lgtsm.layers.LearnableTemporalShift.__name__, "
        "lgtsm.masks.sample_hole('box', 2, 32, 32, 0).shape, lgtsm.features.I3D.__name__)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "temporal_shift LearnableTemporalShift (2, 32, 32) I3D\n"


def test_public_classes_and_functions_are_described():
    for name in lgtsm.__all__:
        thing = getattr(lgtsm, name)
        if inspect.isclass(thing) or inspect.isfunction(thing) or inspect.ismodule(thing):
            assert thing.__doc__, name


def test_unknown_names_are_refused():
    try:
        lgtsm.no_such_name  # noqa: B018
    except AttributeError as error:
        assert "no_such_name" in str(error)
    else:
        raise AssertionError("an unknown name was found")
