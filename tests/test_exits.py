"""A command ends with one sentence that names its options, or with a traceback."""

import argparse
import os
import subprocess
import sys

import pytest

from lgtsm.commands import make_masks, prepare_data
from lgtsm.exits import TRACEBACK_VARIABLE, exit_with_sentence, in_flags
from lgtsm.features.weight_files import WeightsUnavailableError
from lgtsm.optional import MissingPackageError


@pytest.fixture
def parser():
    parser = argparse.ArgumentParser()
    parser.add_argument("mask", nargs="?")
    parser.add_argument("-w", "--width", type=int)
    parser.add_argument("--max-memory")
    parser.add_argument("--color", "--colour")
    parser.add_argument("--invert-mask", dest="invert", action="store_true")
    parser.add_argument("--no-cuts", dest="cuts", action="store_false")
    return parser


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("width must be at least 1; got 0.", "--width must be at least 1; got 0."),
        ("It is too large. width must be less.", "It is too large. --width must be less."),
        ("Raise max_memory; max_memory=1.5G is little.", "Raise --max-memory; --max-memory 1.5G is little."),
        ("Try `width` and `max_memory`.", "Try --width and --max-memory."),
        ("Leave out invert=True.", "Leave out --invert-mask."),
        ("With cuts=False (invert=True).", "With --no-cuts (--invert-mask)."),
        ("color=00FF00 is green.", "--color 00FF00 is green."),
        # Words, paths and other people's options.
        ("The width of the color and all cuts invert.", "The width of the color and all cuts invert."),
        ("mask must be white; /a/max_memory.mp4 and width/b and max_memory.png are not.",) * 2,
        ("Set metric.width=3, experiment=a or height=4.",) * 2,
    ],
)  # fmt: skip
def test_a_sentence_names_flags_where_it_named_arguments(parser, sentence, said):
    assert in_flags(sentence, parser) == said
    assert in_flags(sentence, None) == sentence


@pytest.mark.parametrize(
    "error", [ValueError("width must\n  be 1."), FileNotFoundError("width must be 1."),
              MissingPackageError("width must be 1."), WeightsUnavailableError("width must be 1.")],
)  # fmt: skip
def test_the_users_errors_are_a_sentence(parser, capsys, monkeypatch, error):
    monkeypatch.delenv(TRACEBACK_VARIABLE, raising=False)
    with pytest.raises(SystemExit) as stopped, exit_with_sentence("test", parser):
        raise error
    assert (stopped.value.code, capsys.readouterr().err) == (2, "lgtsm test: --width must be 1.\n")
    monkeypatch.setenv(TRACEBACK_VARIABLE, "1")
    with pytest.raises(type(error)), exit_with_sentence("test", parser):
        raise error


def test_our_errors_keep_their_traceback(parser):
    with pytest.raises(ZeroDivisionError), exit_with_sentence("test", parser):
        raise ZeroDivisionError("width must be 1.")


@pytest.mark.parametrize(
    ("main", "options", "said"),
    [
        (make_masks.main, ("--frames", "0"), "lgtsm make_masks: --frames must be at least 1; got 0."),
        (make_masks.main, ("--centers", "3"), "such as 5, 15, ..., 65; got 3."),
        (make_masks.main, ("--centres", "4"), "such as 5, 15, ..., 65; got 4."),
        (prepare_data.main, ("OUT", "--key-frame-distance", "0"), "--key-frame-distance must be greater than 0"),
    ],
)
def test_commands_say_which_of_their_options_is_wrong(tmp_path, capsys, main, options, said):
    with pytest.raises(SystemExit) as stopped:
        main([str(tmp_path), *options])
    assert stopped.value.code == 2 and said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("module", ["lgtsm.exits", "lgtsm.stop", "lgtsm.commands.inpaint", "lgtsm.threads"])
@pytest.mark.parametrize("way", ["lgtsm", "lgtsm.inpaint", "console script"])
def test_ctrl_c_while_a_command_is_imported_is_no_traceback(module, way):
    start = (
        "from lgtsm.__main__ import main; main()"
        if way == "console script"
        else f"runpy.run_module({way!r}, run_name='__main__')"
    )
    code = f"""
import runpy, sys
class Finder:
    def find_spec(name, *_):
        if name == {module!r}:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Finder)
sys.argv = ["lgtsm", *sys.argv[1:]]
{start}
"""
    words = [] if way == "lgtsm.inpaint" else ["inpaint"]
    environment = {name: value for name, value in os.environ.items() if name != TRACEBACK_VARIABLE}
    done = subprocess.run(
        [sys.executable, "-c", code, *words], env=environment, capture_output=True, check=False, text=True
    )
    assert done.returncode == 130
    assert done.stderr.startswith("lgtsm") and "stopped by Ctrl-C" in done.stderr and done.stderr.count("\n") == 1


def test_the_entry_points_import_nothing_of_ours_before_they_can_tell_of_ctrl_c():
    code = "import sys, lgtsm.inpaint; print(*sorted(name for name in sys.modules if name[:5] in ('lgtsm', 'typin')))"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.split() == ["lgtsm", "lgtsm.__main__", "lgtsm.inpaint", "lgtsm.lazy_names", "lgtsm.version"]


def test_an_error_of_stdout_names_it(monkeypatch, capsys):
    with open("/dev/full", "w", buffering=1) as full, monkeypatch.context() as patched:
        patched.setattr("sys.stdout", full)
        with pytest.raises(SystemExit) as stopped, exit_with_sentence("test"):
            print("done")
        assert sys.stdout is full
    assert stopped.value.code == 2
    assert capsys.readouterr().err.startswith("lgtsm test: stdout cannot be written: the disk is full.")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("word", ["--help", "--version"])
def test_help_to_a_full_disk_is_a_sentence(word, unbuffered):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "lgtsm", word],
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            text=True,
        )
    assert done.returncode == 2
    assert done.stderr.startswith(f"lgtsm {word}: stdout cannot be written") and done.stderr.count("\n") == 1


def test_matplotlib_is_quiet_where_it_cannot_cache():
    code = "from lgtsm.exits import exit_with_sentence\nwith exit_with_sentence('test'): import matplotlib"
    environment = {name: value for name, value in os.environ.items() if name not in ("MPLCONFIGDIR", "XDG_CACHE_HOME")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment, "HOME": os.devnull},
        capture_output=True,
        check=False,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
