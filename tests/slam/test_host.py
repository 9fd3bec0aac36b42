"""`slam host` from launch to sweep, as a person sees it, against an AWS of our own."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from slam.command import cli
from tests.core.hosting.aws.cloud import OurAWS, running_aws
from tests.daemon.running import ROOT


@pytest.fixture(scope="module")
def running() -> Iterator[OurAWS]:
    with running_aws() as aws:
        yield aws


@pytest.fixture(autouse=True)
def aws(running: OurAWS, monkeypatch: pytest.MonkeyPatch) -> OurAWS:
    for name, value in running.environment.items():
        monkeypatch.setenv(name, value)
    running.start_over()
    return running


def host(*arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["host", *arguments], input=answer)


def output_of(*arguments: str) -> str:
    result = host(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_from_launch_to_sweep() -> None:
    launched = output_of("up", "--model", "llama2:7b", "--owner", "Ana", "--yes")
    assert "bench: g4dn.2xlarge (8 vCPU, 1 x NVIDIA T4, 16 GiB), on-demand, us-east-1" in launched
    assert "at most  $3.07 until it expires, 4 h after its launch" in launched
    assert "price list of 2025-01-01, as the Pricing API could not be asked" in launched
    instance_id = re.search(r"Launched (i-\w+) in us-east-1a", launched)
    assert instance_id is not None
    assert f"--target {instance_id[1]}" in launched
    assert "Do not measure latency through this tunnel" in launched

    again = output_of("up", "--model", "llama2:7b", "--owner", "Ana", "--yes")
    assert "It was launched before; nothing new is launched." in again
    assert instance_id[1] in again

    listed = output_of("list").splitlines()
    assert listed[1].split()[:4] == ["bench", "running", "g4dn.2xlarge", "us-east-1"]
    assert "30 min    0.768     $0.00" in listed[1]
    assert listed[2] == "Together $0.00 so far, at the prices of their launch."
    status = output_of("status")
    assert "AWS-StartPortForwardingSession" in status
    assert re.search(r"expires  \d{4}-\d\d-\d\d \d\d:\d\d UTC, or after 30 idle minutes", status)

    assert output_of("sweep") == "Nothing is left behind in us-east-1.\n"
    assert "It is gone. It cost $0.00." in output_of("down")
    assert "nothing was taken down" in output_of("down")
    assert output_of("list") == "There is no machine in us-east-1.\n"

    rehearsed = output_of("sweep", "--dry-run")
    assert "slam-host-443: no machine has it" in rehearsed
    assert "Nothing was removed: this was a dry run." in rehearsed
    assert "Removed 2." in output_of("sweep", "--yes")
    assert output_of("sweep") == "Nothing is left behind in us-east-1.\n"


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_nothing_is_launched_unconfirmed(answer: str) -> None:
    asked = host("up", answer=answer)
    assert asked.exit_code == 1
    assert "Launch it? [y/N]" in asked.output
    assert output_of("list") == "There is no machine in us-east-1.\n"
    assert output_of("sweep") == "Nothing is left behind in us-east-1.\n"


def test_a_sweep_asks_before_it_removes() -> None:
    output_of("up", "--yes")
    output_of("down")
    assert host("sweep", answer="n\n").exit_code == 1
    assert host("sweep", answer="y\n").output.endswith("Removed 2.\n")


def command(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own, where errors become sentences."""
    return subprocess.run(
        [sys.executable, "-m", "slam", "host", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_credentials_it_says_so_in_one_sentence(tmp_path: Path) -> None:
    nothing = {
        "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }  # fmt: skip
    done = command("list", environment=nothing)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("slam: No AWS credentials were found; run `aws configure`")
    assert done.stderr.count("\n") == 1


def test_a_machine_that_is_not_there_has_no_status() -> None:
    done = command("status", "nobody", environment={})
    assert done.returncode == 1
    assert done.stderr.startswith("slam: There is no machine 'nobody' in us-east-1;")


def test_a_value_that_cannot_be_launched_is_refused_before_aws_is_asked() -> None:
    done = command(
        "up", "--model", "llama2; reboot", environment={"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    )
    assert done.returncode == 1
    assert "give a name of Ollama's such as llama2:7b" in done.stderr
    assert done.stderr.count("\n") == 1
