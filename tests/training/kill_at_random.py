"""Kill a run at random moments, resume it each time, and compare it with an undisturbed run.

`python tests/training/kill_at_random.py FOLDER [KILLS] [STEPS] [SEED]` prints what happened as JSON. Each start is a
process of
its own, forked from this one after the imports, so that most of its life is training.
"""

import contextlib
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import torch
from hydra import compose, initialize_config_dir

from lgtsm.commands import train
from lgtsm.config.folder import config_folder

EVERY = 3
OPTIONS = [
    "experiment=demo", "model.width=4", "discriminator.width=4", "height=16", "width=16", "num_frames=3",
    "batch_size=2", "steps_per_epoch=8", f"checkpoint_every={EVERY}",
    "average_decay=0.9", "data.num_workers=1", "evaluate=false", "callbacks.progress=null", "callbacks.pictures=null",
    "precision=fp32", "resume=auto", "trainer.log_every_n_steps=1", "+trainer.limit_val_batches=1",
]  # fmt: skip


def start(folder, steps):
    """Fork a process that trains in a folder, and return its number."""
    number = os.fork()
    if number:
        return number
    try:
        os.setsid()
        output = os.open(os.devnull, os.O_WRONLY)
        os.dup2(output, 1)
        with initialize_config_dir(config_folder(), version_base="1.3"):
            own = [f"paths.run={folder}", f"max_steps={steps}", f"adversarial.start_step={steps // 2}"]
            config = compose("train", OPTIONS + own)
        train.run(config)
        os._exit(0)
    finally:
        os._exit(1)


def wait_for_training(folder, number, logs):
    """Wait for a start's first logged step; return whether it is still running."""
    while len(list((folder / "log").glob("version_*/metrics.csv"))) == logs:
        if os.waitpid(number, os.WNOHANG)[0]:
            return False
        time.sleep(0.02)
    return True


def newest_step(folder):
    steps = [int(path.stem.removeprefix("step")) for path in (folder / "checkpoints").glob("step*.ckpt")]
    return max(steps, default=0)


def differences(a, b, place=""):
    """Yield the keys at which two checkpoints differ."""
    if isinstance(a, torch.Tensor):
        if not torch.equal(a, b):
            yield place
    elif isinstance(a, dict):
        if a.keys() != b.keys():
            yield place
        else:
            for key in a:
                yield from differences(a[key], b[key], f"{place}/{key}")
    elif isinstance(a, (list, tuple)):
        if len(a) != len(b):
            yield place
        else:
            for index, pair in enumerate(zip(a, b)):
                yield from differences(*pair, f"{place}/{index}")
    elif a != b:
        yield place


def main(folder, kills, steps, seed):
    torch.set_num_threads(1)
    number = start(folder / "alone", steps)
    wait_for_training(folder / "alone", number, 0)
    began = time.monotonic()
    os.waitpid(number, 0)
    seconds = time.monotonic() - began
    rng = random.Random(seed)
    killed, happened = folder / "killed", []
    while len(happened) < kills:
        logs = len(list((killed / "log").glob("version_*/metrics.csv")))
        number = start(killed, steps)
        if not wait_for_training(killed, number, logs):
            break  # it had finished
        time.sleep(rng.uniform(0, 2 * seconds / kills))
        os.kill(number, signal.SIGKILL)
        os.waitpid(number, 0)
        # A loading process that is starting when its parent dies never notices, because torch records the parent's
        # number too late. It would wait forever and keep our stderr open.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(number, signal.SIGKILL)
        happened.append(newest_step(killed))
    _, status = os.waitpid(start(killed, steps), 0)
    assert status == 0, "the last start failed"
    alone, resumed = (
        torch.load(folder / name / "checkpoints" / "last.ckpt", weights_only=True) for name in ("alone", "killed")
    )
    compared = ("state_dict", "optimizer_states", "lr_schedulers", "global_step", "epoch", "lgtsm")
    print(json.dumps({
        "steps": steps,
        "newest_checkpoint_at_each_kill": happened,
        "compared_tensors": len(alone["state_dict"]),
        "differences": [place for key in compared for place in differences(alone[key], resumed[key], key)],
    }))  # fmt: skip


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[2:]]
    main(Path(sys.argv[1]), *given, *(20, 120, 0)[len(given) :])
