"""Several processes train as one would."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from tests.training.ddp_worker import STEPS, VARIANTS, train

TINY = ["experiment=demo", "model.width=4", "discriminator.width=4", "height=16", "width=16", "num_frames=3",
        "data.num_workers=0", "evaluate=false", "callbacks.progress=null", "precision=fp32", "adversarial.start_step=3",
        "max_gradient_norm=null",
        "optimizer=adam", "optimizer.generator.amsgrad=false", "trainer.log_every_n_steps=1"]  # fmt: skip
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])}


def torchrun(*arguments):
    return [sys.executable, "-m", "torch.distributed.run", *arguments]


def finish(process, expected=0):
    output, _ = process.communicate(timeout=240)
    assert process.returncode == expected, output
    return output


def start(command, **options):
    return subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ddp")
    worker = Path(__file__).with_name("ddp_worker.py")
    finish(start(torchrun("--standalone", "--nproc_per_node=2", str(worker), str(folder))))
    return [
        [torch.load(folder / f"variant{number}_rank{rank}.pt", weights_only=True) for rank in (0, 1)]
        for number in range(len(VARIANTS) + 2)
    ]


@pytest.mark.parametrize("number", range(len(VARIANTS)))
def test_two_processes_have_the_gradients_of_one_on_the_same_global_batch(two_processes, number):
    of_two = two_processes[number]
    alone = train(4, order=VARIANTS[number].get("order", "generator_first"), devices=1)
    assert len(alone["gradients"]) == STEPS + 2
    for mine, *theirs in zip(alone["gradients"], *(kept["gradients"] for kept in of_two), strict=True):
        for one, two, other in zip(mine, *theirs, strict=True):
            torch.testing.assert_close(two, one, rtol=1e-4, atol=2e-6)
            assert torch.equal(two, other)
    for name, value in alone["weights"].items():
        torch.testing.assert_close(of_two[0]["weights"][name], value, rtol=1e-4, atol=2e-6)


def test_processes_see_different_clips_and_together_those_of_one(two_processes):
    alone = train(4, devices=1)
    for both in two_processes[:-2]:
        for mine, first, second in zip(alone["draws"], *(kept["draws"] for kept in both), strict=True):
            assert not set(first) & set(second)
            assert sorted(mine) == sorted(first + second)


def test_a_batch_that_breaks_one_process_is_skipped_by_both(two_processes):
    *_, (first, second), _ = two_processes
    assert first["skipped"] == second["skipped"] == 1
    for name, value in first["weights"].items():
        assert value.isfinite().all()
        assert torch.equal(value, second["weights"][name])


def test_a_process_without_clips_to_validate_takes_part(two_processes):
    alone = train(4, devices=1, held_out=1)
    *_, (first, second) = two_processes
    assert first["scores"] == second["scores"] == pytest.approx(alone["scores"], rel=1e-4)


def test_each_clip_is_validated_once_and_scores_are_of_all(two_processes):
    alone = train(4, devices=1)
    first, second = two_processes[0]
    assert len(alone["validated"]) == 5
    assert sorted(first["validated"] + second["validated"]) == sorted(alone["validated"])
    assert first["scores"] == second["scores"] == pytest.approx(alone["scores"], rel=1e-4)


def test_two_stages_with_a_stop_in_between_end_as_one_process(tmp_path):
    """Lightning's own launcher; SIGUSR1 reaches one of the two processes only."""
    steps = ["max_steps=40", "steps_per_epoch=40", "checkpoint_every=100", "batch_size=1"]
    two = [sys.executable, "-m", "lgtsm.train", *TINY, *steps, "hardware=ddp", "trainer.accelerator=cpu",
           "trainer.devices=2", f"paths.run={tmp_path}/two", "resume=auto"]  # fmt: skip
    stopped = start(two)
    log = tmp_path / "two" / "log" / "version_0" / "metrics.csv"
    while not log.is_file() or log.read_text().count("\n") < 6:
        assert stopped.poll() is None, stopped.communicate()[0]
        time.sleep(0.05)
    stopped.send_signal(signal.SIGUSR1)
    assert "Stopped by SIGUSR1 after step" in finish(stopped, expected=75)
    newest = torch.load(tmp_path / "two" / "checkpoints" / "last.ckpt", weights_only=True)
    assert 0 < newest["global_step"] < 40
    assert "Resuming from" in finish(start(two))
    one = [sys.executable, "-m", "lgtsm.train", *TINY, *steps[:-1], "batch_size=2", f"paths.run={tmp_path}/one"]
    finish(start(one))
    states = [torch.load(tmp_path / name / "checkpoints" / "last.ckpt", weights_only=True) for name in ("two", "one")]
    assert [state["global_step"] for state in states] == [40, 40]
    assert [state["lgtsm"]["batches_done"] for state in states] == [40, 40]
    for key, value in states[1]["state_dict"].items():
        # Sums in another order, forty Adam steps long.
        torch.testing.assert_close(states[0]["state_dict"][key], value, rtol=2e-2, atol=2e-3)


def test_two_machines(tmp_path):
    """Two launchers, as on two machines, that meet on this one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = torchrun(
        "--nnodes=2", "--nproc_per_node=1", "--rdzv_backend=c10d", f"--rdzv_endpoint=127.0.0.1:{port}",
        "--rdzv_id=lgtsm", "--local_addr=127.0.0.1", "-m", "lgtsm.train", *TINY, "batch_size=1", "max_steps=6",
        "steps_per_epoch=3", "hardware=ddp", "trainer.accelerator=cpu", "trainer.devices=1", "trainer.num_nodes=2",
        f"paths.run={tmp_path}/run",
    )  # fmt: skip
    agents = [start(command) for _ in range(2)]
    for agent in agents:
        finish(agent)
    state = torch.load(tmp_path / "run" / "checkpoints" / "last.ckpt", weights_only=True)
    assert state["global_step"] == 6
    assert (tmp_path / "run" / "generator.safetensors").is_file()
    assert len(list((tmp_path / "run" / "pictures").glob("*.png"))) == 4
