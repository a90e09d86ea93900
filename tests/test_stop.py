"""Signals end a command in a sentence, after everything is cleaned up."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lgtsm.exits import GOES_ON, exit_with_sentence
from lgtsm.stop import stop_on_signals


@pytest.mark.parametrize(
    ("name", "code", "by"),
    [("SIGINT", 130, "Ctrl-C"), ("SIGTERM", 143, "SIGTERM"), ("SIGHUP", 129, "the end of its terminal (SIGHUP)")],
)
def test_a_signal_is_a_sentence_and_the_handlers_come_back(capsys, name, code, by):
    number, cleaned = getattr(signal, name), []
    before = signal.getsignal(number)
    with pytest.raises(SystemExit) as ended, exit_with_sentence("test", if_stopped=GOES_ON):
        try:
            os.kill(os.getpid(), number)
            time.sleep(5)
        finally:
            os.kill(os.getpid(), number)  # an impatient second one
            cleaned.append(True)
    assert (ended.value.code, cleaned) == (code, [True])
    assert capsys.readouterr().err == f"lgtsm test: stopped by {by}. The same command goes on where it stopped.\n"
    assert signal.getsignal(number) is before


def test_a_signal_that_something_else_handles_is_left_to_it():
    seen = []
    before = signal.signal(signal.SIGTERM, lambda *_: seen.append(True))
    try:
        with stop_on_signals():
            os.kill(os.getpid(), signal.SIGTERM)
        assert seen == [True]
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("words", [("lgtsm", "inpaint"), ("lgtsm.inpaint",), ("lgtsm.evaluate",), ("lgtsm.train",)])
def test_commands_tell_a_signal_while_they_load(tmp_path, words):
    hook = "import importlib, os, signal, sys\nreal = importlib.import_module\n"
    hook += "def stopped(name, *rest):\n    if name.startswith('lgtsm.commands.'):\n        "
    hook += "os.kill(os.getpid(), signal.SIGTERM)\n    return real(name, *rest)\nimportlib.import_module = stopped\n"
    (tmp_path / "sitecustomize.py").write_text(hook)
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    result = subprocess.run(
        [sys.executable, "-m", *words],
        capture_output=True,
        text=True,
        cwd=os.getcwd(),
        env=os.environ | {"PYTHONPATH": path},
    )
    assert (result.returncode, "stopped by SIGTERM" in result.stderr) == (143, True), result.stderr
    assert "Traceback" not in result.stderr


def test_training_that_is_interrupted_says_how_to_continue(tmp_path):
    words = ("experiment=demo", "hardware=cpu", f"paths.run={tmp_path}/run", f"hydra.run.dir={tmp_path}/run")
    process = subprocess.Popen(
        [sys.executable, "-m", "lgtsm.train", *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    while process.poll() is None and not Path(tmp_path, "run", "log").exists():  # Lightning is at work
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    *_, sentence = process.communicate()[1].splitlines()
    assert process.returncode == 130
    assert sentence.startswith("lgtsm train: stopped by Ctrl-C.")
    assert sentence.endswith(f"the same command with resume=auto paths.run={tmp_path}/run.")
