"""A SLURM cluster of one machine: this one, on loopback. Debian or Ubuntu, as root.

    python -m tests.cluster.slurm_node start FOLDER    # prints the SLURM_CONF to export
    python -m tests.cluster.slurm_node stop FOLDER

It has no cgroups and no accounting. Two partitions: jobs in `high` preempt those in `low` (the default), which get
SIGTERM, half a minute, and are then queued again.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

PROGRAMS = {"slurmctld": "slurm-wlm", "slurmd": "slurm-wlm", "sbatch": "slurm-wlm", "munged": "munge"}
CONFIG = """
ClusterName=lgtsm
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmdPort={slurmd_port}
SlurmUser=root
AuthType=auth/munge
# A requeued job begins once its old credentials have expired; ten seconds instead of two minutes.
AuthInfo=socket={folder}/munge/socket,cred_expire=10
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
ReturnToService=2
KillWait=10
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=low Nodes={host} Default=YES PriorityTier=1 GraceTime=30 MaxTime=INFINITE
PartitionName=high Nodes={host} PriorityTier=10 PreemptMode=OFF MaxTime=INFINITE
"""


class SlurmNode:
    """Daemons whose files all lie in one folder.

    Args:
        folder: made if need be.
        port: of slurmctld; slurmd takes the next one.
    """

    def __init__(self, folder: str | Path, port: int = 16817):
        self.folder = Path(folder).resolve()
        self.port = port
        self.environment = {**os.environ, "SLURM_CONF": str(self.folder / "slurm.conf")}

    def install(self) -> None:
        """Install what is missing."""
        missing = sorted({package for program, package in PROGRAMS.items() if shutil.which(program) is None})
        if missing:
            subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", *missing], check=True)

    def start(self) -> None:
        """Start munged, slurmctld and slurmd, and wait until the node takes jobs."""
        if os.geteuid() != 0:
            raise PermissionError("slurmd must be root to start jobs; run this as root, on a machine of no importance.")
        munge = self.folder / "munge"
        for folder in (munge, self.folder / "state", self.folder / "spool"):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o755)
        key = munge / "key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o600)
        host = os.uname().nodename.split(".")[0]
        (self.folder / "slurm.conf").write_text(
            CONFIG.format(host=host, folder=self.folder, port=self.port, slurmd_port=self.port + 1, cpus=os.cpu_count())
        )
        files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
        own = [f"--{option}={munge}/{file}" for option, file in files.items()]
        subprocess.run(["munged", "--force", *own], check=True)
        subprocess.run(["slurmctld", "-c"], env=self.environment, check=True)
        subprocess.run(["slurmd"], env=self.environment, check=True)
        deadline = time.monotonic() + 60
        while "idle" not in self.run("sinfo", "--noheader", "--format=%T", check=False):
            if time.monotonic() > deadline:
                raise TimeoutError(f"The node did not become idle within a minute; see {self.folder}/slurm*.log.")
            time.sleep(1)

    def stop(self) -> None:
        """Stop the daemons by their ids."""
        for file in ("slurmctld.pid", "slurmd.pid", "munge/pid"):
            path = self.folder / file
            if path.is_file():
                try:
                    os.kill(int(path.read_text()), signal.SIGTERM)
                except ProcessLookupError:
                    path.unlink()

    def run(self, *words: object, check: bool = True, **environment: str) -> str:
        """Run a command of SLURM and return what it prints."""
        done = subprocess.run(
            [*map(str, words)], capture_output=True, text=True, env={**self.environment, **environment}, check=False
        )
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(map(str, words))}: {done.stdout}{done.stderr}")
        return done.stdout

    def submit(self, *words: object, **environment: str) -> str:
        """Submit a job and return its number."""
        return self.run("sbatch", "--parsable", *words, **environment).strip()

    def job(self, number: str) -> dict[str, str]:
        """Return what `scontrol show job` says."""
        return dict(re.findall(r"(\w+)=(\S*)", self.run("scontrol", "show", "job", number)))


if __name__ == "__main__":
    verb, place = sys.argv[1:]
    node = SlurmNode(place)
    if verb == "start":
        node.install()
        node.start()
        print(f"export SLURM_CONF={node.folder}/slurm.conf")
    else:
        node.stop()
