import os
import subprocess
import sys

import cv2
import pytest
import torch

from lgtsm import threads
from lgtsm.threads import loaders_beside_threads, threads_beside_loaders, usable_cores, use_threads, wait_patiently

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


@pytest.mark.parametrize(
    ("files", "cores", "limited"),
    [
        ({"cpu.max": "150000 100000\n"}, 2, True),
        ({"cpu.max": "50000 100000\n"}, 1, True),
        ({"cpu.max": "2000000 100000\n"}, 6, True),
        ({"cpu.max": "max 100000\n"}, 6, False),
        ({"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3, True),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 6, False),
        ({"cpu.max": "nonsense\n"}, 6, False),
        ({}, 6, False),
    ],
)
def test_a_container_uses_its_share_of_the_cores(files, cores, limited, tmp_path, monkeypatch):
    monkeypatch.setattr(threads, "CONTROL_GROUPS", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(6)), raising=False)
    monkeypatch.setattr(os, "environ", {})
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert usable_cores() == cores
    wait_patiently()
    assert os.environ.get("OMP_NUM_THREADS") == (str(cores) if limited else None)
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"


def test_threads_of_torch_and_opencv(monkeypatch):
    before = torch.get_num_threads(), cv2.getNumThreads()
    try:
        use_threads(1)
        assert (torch.get_num_threads(), cv2.getNumThreads()) == (1, 1)
    finally:
        torch.set_num_threads(before[0])
        cv2.setNumThreads(before[1])


@pytest.mark.parametrize(
    ("cores", "asked", "loaders", "torch_threads"),
    [(1, "auto", 0, 1), (2, "auto", 1, 1), (4, "auto", 3, 1), (16, "auto", 4, 12), (2, 4, 4, 1), (8, 0, 0, 8)],
)
def test_loaders_and_threads_share_the_cores(cores, asked, loaders, torch_threads, monkeypatch):
    monkeypatch.setattr(threads, "usable_cores", lambda: cores)
    assert loaders_beside_threads(asked) == loaders
    assert threads_beside_loaders(loaders) == torch_threads
