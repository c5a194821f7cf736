"""docs/clusters.md: its script does in a shell what it says, and its options are those of torchrun and of the package."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

PAGE = (ROOT / "docs" / "clusters.md").read_text()


def listing(language: str, file: str) -> str:
    found = re.search(rf"^```{language} file={re.escape(file)}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, file
    return found[1]


# What a cluster has, in place of it: srun hands signals on, and torchrun ends with 1 after one.
STUBS = {
    "scontrol": 'if [ "$1" = show ]; then printf "one\\ntwo\\n"; else echo "$@" >>"$LOG"; fi',
    "srun": 'trap \'kill -TERM "$task"\' TERM\n[ "$1" = --kill-on-bad-exit=0 ] && shift\n"$@" & task=$!\n'
    'while wait "$task"; code=$?; kill -0 "$task" 2>/dev/null; do :; done; exit "$code"',
    "torchrun": 'printf "%s\\n" "$@" >"$LOG.torchrun"\n[ -n "$CODE" ] && exit "$CODE"\n'
    'trap \'sleep 0.2; echo checkpoint >>"$LOG"; exit 1\' TERM\ntouch "$LOG.began"\nfor i in $(seq 100); do sleep 0.1; done',
}


@pytest.fixture
def cluster(tmp_path: Path) -> dict[str, str]:
    for name, body in STUBS.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{body}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "train.sbatch").write_text(listing("bash", "train.sbatch"))
    slurm = {"SLURM_JOB_ID": "7", "SLURM_NNODES": "2", "SLURM_JOB_NODELIST": "one,two"}
    return {"PATH": f"{tmp_path}:{os.environ['PATH']}", "LOG": str(tmp_path / "log"), "CODE": "", **slurm}


def begun(cluster: dict[str, str]) -> subprocess.Popen[str]:
    script = Path(cluster["LOG"]).with_name("train.sbatch")
    return subprocess.Popen(["bash", script], env=cluster, text=True, stderr=subprocess.PIPE)


@pytest.mark.parametrize("warning", [signal.SIGUSR1, signal.SIGTERM])
def test_a_warned_job_is_queued_again_after_its_checkpoint(cluster: dict[str, str], warning: int) -> None:
    job = begun(cluster)
    log = Path(cluster["LOG"])
    deadline = time.monotonic() + 30
    while not log.with_name("log.began").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    job.send_signal(warning)
    assert job.wait(timeout=30) == 0, job.stderr and job.stderr.read()
    assert log.read_text() == "checkpoint\nrequeue 7\n"


def test_a_job_that_ends_before_anyone_waits_for_it_keeps_its_code(cluster: dict[str, str]) -> None:
    script = Path(cluster["LOG"]).with_name("train.sbatch")
    script.write_text(script.read_text().replace("step=$!\n", "step=$!\nsleep 0.5\n"))
    for code in (0, 3):
        assert begun({**cluster, "CODE": str(code)}).wait(timeout=30) == code


@pytest.mark.parametrize("code", [0, 1, 3])
def test_a_job_that_ends_by_itself_is_not_queued_again(cluster: dict[str, str], code: int) -> None:
    job = begun({**cluster, "CODE": str(code)})
    assert job.wait(timeout=30) == code
    assert not Path(cluster["LOG"]).exists()
    arguments = Path(f"{cluster['LOG']}.torchrun").read_text().splitlines()
    assert arguments[arguments.index("--rdzv-endpoint") + 1] == "one:29500"
    assert arguments[arguments.index("--data") + 1].endswith("train-{000000..000999}.tar"), (
        "braces are the package's"
    )


def test_every_option_is_torchruns_or_the_commands(cluster: dict[str, str]) -> None:
    assert begun({**cluster, "CODE": "0"}).wait(timeout=30) == 0
    service, job = yaml.safe_load_all(listing("yaml", "train.yaml"))
    pod = job["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert pod["subdomain"] == service["metadata"]["name"]
    assert service["spec"]["selector"] == {"job-name": job["metadata"]["name"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == {
        volume["name"] for volume in pod["volumes"]
    }
    torchrun, *arguments = container["command"]
    assert torchrun == "torchrun"
    assert f"--nnodes={job['spec']['completions']}" in arguments

    help_of = [sys.executable, "-m", "torch.distributed.run", "--help"]
    known = subprocess.run(help_of, text=True, capture_output=True, check=True).stdout
    options = (ROOT / "runtime/src/litevae_runtime/training/command.py").read_text()
    slurm = Path(f"{cluster['LOG']}.torchrun").read_text().splitlines()
    for command in (slurm, arguments):
        module = command.index("-m")
        launched, run = command[:module], command[module + 2 :]
        for option in launched:
            if option.startswith("--"):
                assert option.split("=")[0] in known, option
        for option in run:
            if option.startswith("--"):
                assert f'"{option.split("=")[0]}"' in options, option
