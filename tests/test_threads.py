import os
import subprocess
import sys

import pytest

from lgtsm.threads import wait_patiently

SEEN = """
import os, runpy, sys
sys.argv = ["lgtsm", *{words!r}]
try:
    runpy.run_module("lgtsm.{name}", run_name="__main__")
except SystemExit:
    pass
print("policy", os.environ.get("OMP_WAIT_POLICY"))
"""


def test_what_is_set_stays(monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    wait_patiently()
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"


@pytest.mark.parametrize(
    ("name", "words"), [("inpaint", ["--help"]), ("train", ["--cfg", "job"]), ("evaluate", ["--cfg", "job"])]
)
def test_commands_let_idle_threads_sleep(name, words):
    environment = {key: value for key, value in os.environ.items() if key != "OMP_WAIT_POLICY"}
    code = SEEN.format(name=name, words=words)
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "policy PASSIVE"
