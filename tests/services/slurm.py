"""Slurm for a while: munge, the controller and one node with stand-in GPUs, in a folder.

From a shell: ``python tests/services/slurm.py start FOLDER`` prints what to put into the
environment, and ``python tests/services/slurm.py stop FOLDER`` ends it.

It needs no cgroups, which containers often forbid: processes are found by their parents, memory is
looked at every second, and a job above its limit is killed then.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

INSTALL = "apt-get install munge slurmctld slurmd slurm-client"
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol")
GPUS = 4
_CONFIGURATION = """
ClusterName=tests
SlurmctldHost={host}
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
MinJobAge=3600
KillWait=2
GresTypes=gpu
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} Gres=gpu:{gpus} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> str:
    """Why it cannot be started here; empty where it can."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    absent = [name for name in PROGRAMS if shutil.which(name, path=path) is None]
    if absent:
        return f"Slurm is not installed ({', '.join(absent)}): {INSTALL}"
    return "" if os.geteuid() == 0 else "Slurm's node must be started by root"


def free_port() -> int:
    """A port of this computer at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


class Slurm:
    """A cluster of one node in a folder."""

    def __init__(self, folder: Path, cpus: int = 8, memory_mb: int = 64_000) -> None:
        self.folder = folder
        self._cpus = cpus
        self._memory = memory_mb

    @property
    def environment(self) -> dict[str, str]:
        """What its commands need."""
        places = [f"{self.folder}/bin", os.environ["PATH"], "/usr/sbin", "/sbin"]
        return {"SLURM_CONF": f"{self.folder}/slurm.conf", "PATH": os.pathsep.join(places)}

    def start(self) -> None:
        """Start everything, and wait until the node takes jobs."""
        self._configure()
        munge = {"socket": "socket", "key-file": "key", "pid-file": "pid", "log-file": "log"}
        options = [f"--{option}={self.folder}/munge.{name}" for option, name in munge.items()]
        self.run("munged", "--force", f"--seed-file={self.folder}/munge.seed", *options)
        self.start_controller()
        self.run("slurmd", "-N", socket.gethostname().partition(".")[0])
        self._wait_for_node()

    def start_controller(self) -> None:
        """Start the controller, which goes on from the state that it saved."""
        self.run("slurmctld")

    def stop_controller(self) -> None:
        """End the controller as its service does; the node and its jobs go on."""
        self._end("slurmctld", signal.SIGTERM)

    def stop(self) -> None:
        """End everything."""
        with suppress(subprocess.SubprocessError):
            self.run("scancel", "--user", "root")
        for name in ("slurmd", "slurmctld", "munge"):
            self._end(name, signal.SIGTERM)

    def run(self, *command: str) -> str:
        """Run one of its commands; returns what it printed."""
        done = subprocess.run(
            command,
            env=os.environ | self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{command}: {done.stdout}")
        return done.stdout

    def _configure(self) -> None:
        for name in ("state", "spool"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        for index in range(GPUS):
            (self.folder / f"gpu{index}").touch()
        (self.folder / "gres.conf").write_text(
            # As autodetection would have it: jobs are told which are theirs.
            f"Name=gpu File={self.folder}/gpu[0-{GPUS - 1}] Flags=nvidia_gpu_env\n"
        )
        # Snakemake takes Slurm's variables out of a job's environment; elsewhere /etc has the rest.
        srun = self.folder / "bin/srun"
        srun.parent.mkdir(exist_ok=True)
        original = shutil.which("srun")
        srun.write_text(f'#!/bin/sh\nSLURM_CONF={self.folder}/slurm.conf exec {original} "$@"\n')
        srun.chmod(0o755)
        text = _CONFIGURATION.format(
            folder=self.folder,
            host=socket.gethostname().partition(".")[0],
            controller_port=free_port(),
            node_port=free_port(),
            user="root",
            cpus=self._cpus,
            memory=self._memory,
            gpus=GPUS,
        )
        (self.folder / "slurm.conf").write_text(text)

    def _wait_for_node(self) -> None:
        ended = time.monotonic() + 60
        while "idle" not in self.run("sinfo", "--noheader", "--format=%T"):
            if time.monotonic() > ended:
                raise TimeoutError((self.folder / "slurmctld.log").read_text()[-2000:])
            time.sleep(0.2)

    def _end(self, name: str, how: signal.Signals) -> None:
        path = self.folder / f"{name}.pid"
        if not path.exists():
            return
        process = int(path.read_text())
        with suppress(ProcessLookupError):
            os.kill(process, how)
        ended = time.monotonic() + 30
        while _runs(process) and time.monotonic() < ended:
            time.sleep(0.05)
        path.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    """Whether a process is there; one that has ended and that nobody waited for is not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


if __name__ == "__main__":
    what, where = sys.argv[1:]
    cluster = Slurm(Path(where).absolute())
    if what == "start":
        cluster.start()
        print(f"export SLURM_CONF={cluster.environment['SLURM_CONF']}")
    else:
        cluster.stop()
