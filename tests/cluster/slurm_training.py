"""The shipped job file on a real SLURM: stopped by its time limit and by preemption, queued again, resumed, finished.

Not part of the default suite: it installs SLURM, needs root and a quarter of an hour.

    pytest tests/cluster/slurm_training.py -s
"""

import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from lgtsm.training.log import read_log
from tests.cluster.slurm_node import SlurmNode

ROOT = Path(__file__).parents[2]
TRAINING = ["experiment=demo", "model.width=8", "height=32", "width=32", "max_steps=1000", "adversarial.start_step=700",
            "steps_per_epoch=100", "evaluate=false"]  # fmt: skip
PATIENCE = 1800  # seconds


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    node = SlurmNode(tmp_path_factory.mktemp("slurm"))
    node.install()
    node.start()
    yield node
    node.stop()


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {PATIENCE} s."
        time.sleep(2)


def submit(node, tmp_path, tasks, minutes, *options):
    environment = {"PATH": f"{Path(sys.executable).parent}:{node.environment['PATH']}", "OMP_NUM_THREADS": "1"}
    job = node.submit(
        "--gpus-per-node=0", f"--ntasks-per-node={tasks}", "--cpus-per-task=1", f"--time={minutes}",
        "--signal=USR1@60", f"--output={tmp_path}/job.log", f"--chdir={ROOT}", ROOT / "docs/slurm/train.sbatch",
        "trainer.accelerator=cpu", f"trainer.devices={tasks}", f"paths.root={tmp_path}/runs", *options, **environment,
    )  # fmt: skip
    return job, tmp_path / "runs" / "demo" / job


def last_step(run):
    try:
        return read_log(run).last_step
    except (FileNotFoundError, ValueError):
        return -1


def test_a_job_ends_with_the_weights_of_an_uninterrupted_run(node, tmp_path):
    job, run = submit(node, tmp_path, 1, 3, *TRAINING)
    output = tmp_path / "job.log"
    wait_until(lambda: node.job(job).get("Restarts") == "1", "A requeue by the time limit")
    stopped = last_step(run)
    wait_until(lambda: last_step(run) > stopped + 50, "Training after the first requeue")
    node.submit("--partition=high", "--exclusive", "--output=/dev/null", "--wrap", "sleep 5")
    wait_until(lambda: node.job(job).get("Restarts") == "2", "A requeue by preemption")
    wait_until(lambda: node.job(job).get("JobState") in ("COMPLETED", "FAILED"), "The end of the job")
    print(output.read_text())
    state = node.job(job)
    print(state)
    assert (state["JobState"], state["ExitCode"]) == ("COMPLETED", "0:0")
    printed = output.read_text()
    assert "Stopped by SIGUSR1 after step" in printed
    assert "Stopped by SIGTERM after step" in printed
    assert printed.count("Resuming from ") == int(state["Restarts"])

    log = read_log(run)
    assert log.starts == int(state["Restarts"]) + 1
    assert log.last_step == 999
    assert log.gan_step == 709
    whole = tmp_path / "whole"
    subprocess.run([sys.executable, "-m", "lgtsm.train", *TRAINING, f"paths.run={whole}"], cwd=ROOT, check=True)
    for name in ("train/loss", "val/psnr_hole"):
        assert [c.tolist() for c in log.columns[name]] == [c.tolist() for c in read_log(whole).columns[name]]
    of_job, of_whole = (
        torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"] for folder in (run, whole)
    )
    assert of_job.keys() == of_whole.keys()
    assert all(torch.equal(of_job[key], of_whole[key]) for key in of_whole)


def test_two_processes_stop_and_go_on_together(node, tmp_path):
    job, run = submit(node, tmp_path, 2, 10, *TRAINING[:3], "max_steps=300", "adversarial.start_step=200",
                      "steps_per_epoch=50", "evaluate=false")  # fmt: skip
    wait_until(lambda: last_step(run) > 100, "A hundred steps")
    node.run("scancel", "--signal=USR1", job)
    wait_until(lambda: node.job(job).get("Restarts") == "1", "A requeue")
    wait_until(lambda: node.job(job).get("JobState") in ("COMPLETED", "FAILED"), "The end of the job")
    print((tmp_path / "job.log").read_text())
    assert node.job(job)["JobState"] == "COMPLETED"
    assert read_log(run).columns["train/loss"][0].tolist() == list(range(9, 300, 10))
