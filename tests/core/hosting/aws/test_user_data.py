"""The set-up script: checked by shellcheck, and run in a folder that it takes for a machine."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.hosting.aws.spec import HostSpec
from core.hosting.aws.user_data import MAX_BYTES, render_user_data
from tests.core.hosting.aws.building import spec

EXPIRES_AT = datetime.now(UTC) + timedelta(hours=4)
SHELLCHECK = Path(sys.executable).with_name("shellcheck")
DAEMON = {
    "daemon_source": "git+https://example.org/slam@v1",
    "database_url_parameter": "/slam/database-url",
}
TAGS = st.text("abcXYZ019._/:-", min_size=1, max_size=127).map(lambda text: f"m{text}")

# Each command that the script calls on a real machine writes down how it was called, and plays its
# part: {name} is what it is called by.
STAND_IN = """#!/bin/bash
printf '%s %s\\n' '{name}' "$*" >>"$CALLS"
if [[ $FAILING == '{name}' ]]; then exit 7; fi
{part}
"""
PARTS = {
    "curl": """
case "$*" in
    *install.sh*) echo "echo installer OLLAMA_VERSION=\\$OLLAMA_VERSION >>$CALLS" ;;
    */api/version*) echo "{\\"version\\": \\"$VERSION\\"}" ;;
    */api/ps*) cat "$LOADED" ;;
    *) echo '{}' ;;
esac
""",
    "nvidia-smi": """
case "$*" in
    *utilization*) echo "$GPU_UTILIZATION" ;;
    *query-gpu*) echo 'Tesla T4, 570.172.08, 15360 MiB' ;;
    *) echo 'SM : 1590 MHz' ;;
esac
""",
    "journalctl": 'cat "$JOURNAL"',
    "id": "exit 1",
    "mountpoint": '[[ $INSTANCE_STORE == yes ]]',
    "aws": "echo postgresql+psycopg://slam:secret@db/slam",
    **dict.fromkeys(["shutdown", "systemctl", "ollama", "chown", "sleep", "uv", "useradd"], ""),
}  # fmt: skip


@dataclass
class Machine:
    """A folder that the script takes for /, and the commands that it finds there."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        commands = self.root / "commands"
        commands.mkdir()
        for name, part in PARTS.items():
            command = commands / name
            command.write_text(STAND_IN.format(name=name, part=part))
            command.chmod(0o755)
        (self.root / "journal").touch()
        self.load("llama2:7b", size_vram=4_000)
        self.environment = {
            "PATH": f"{commands}:{os.environ['PATH']}",
            "SLAM_SETUP_ROOT": str(self.root),
            "CALLS": str(self.root / "calls"),
            "LOADED": str(self.root / "loaded"),
            "JOURNAL": str(self.root / "journal"),
            "VERSION": "0.18.2",
            "GPU_UTILIZATION": "0",
            "INSTANCE_STORE": "yes",
            "FAILING": "",
        }

    def load(self, model: str, size_vram: int) -> None:
        loaded = {"name": model, "digest": "abc123", "size": 4_000, "size_vram": size_vram}
        (self.root / "loaded").write_text(json.dumps({"models": [loaded]}))

    def set_up(self, spec: HostSpec, **changes: str) -> subprocess.CompletedProcess[str]:
        script = self.root / "user-data.sh"
        script.write_text(render_user_data(spec, "us-east-1", EXPIRES_AT))
        return self.run(str(script), **changes)

    def run(self, *command: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/bash", *command],
            env=self.environment | changes,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def calls(self) -> list[str]:
        """Every call so far, in order; those before are forgotten."""
        path = self.root / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return [line.strip() for line in lines]

    def read(self, path: str) -> str:
        return (self.root / path).read_text("utf-8")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("changes", [{}, DAEMON, {"models": []}])
def test_shellcheck_finds_nothing_in_the_script_and_in_what_it_writes(
    machine: Machine, changes: dict[str, object]
) -> None:
    assert machine.set_up(spec(**changes)).returncode == 0
    scripts = [machine.root / "user-data.sh", *(machine.root / "usr/local/bin").iterdir()]
    found = subprocess.run(
        [SHELLCHECK, "--shell", "bash", *scripts], capture_output=True, text=True, check=False
    )
    assert found.stdout == ""
    assert found.returncode == 0


def test_the_dead_man_is_set_before_anything_else(machine: Machine) -> None:
    machine.set_up(spec(hours=6))
    assert machine.calls()[0] == "shutdown -h +360"


def test_the_machine_is_set_up_in_this_order(machine: Machine) -> None:
    done = machine.set_up(spec())
    assert done.returncode == 0, done.stderr
    assert machine.calls() == [
        "shutdown -h +240",
        "systemctl daemon-reload",
        "systemctl enable --now slam-watch.timer",
        "nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader",
        "curl -fsSL https://ollama.com/install.sh",
        "installer OLLAMA_VERSION=0.18.2",
        f"mountpoint -q {machine.root}/opt/dlami/nvme",
        f"chown -R ollama:ollama {machine.root}/opt/dlami/nvme/ollama",
        "systemctl daemon-reload",
        "systemctl restart ollama",
        "curl -fsS http://127.0.0.1:11434/api/version",
        "ollama pull llama2:7b",
        'curl -fsS http://127.0.0.1:11434/api/generate -d {"model": "llama2:7b"}',
        "curl -fsS http://127.0.0.1:11434/api/ps",
        "nvidia-smi -q -d CLOCK,PERFORMANCE",
        "ollama stop llama2:7b",
    ]
    assert machine.read("var/lib/slam/steps.log").splitlines()[-1].endswith(" ready")


def test_the_record_tells_digests_driver_clocks_and_version(machine: Machine) -> None:
    machine.set_up(spec())
    assert json.loads(machine.read("var/lib/slam/record.json")) == {
        "ollama_version": "0.18.2",
        "models": [{"name": "llama2:7b", "digest": "abc123", "size": 4_000, "size_vram": 4_000}],
        "gpus": ["Tesla T4, 570.172.08, 15360 MiB"],
        "clocks_and_throttling": "SM : 1590 MHz\n",
    }


@pytest.mark.parametrize(
    ("instance_store", "folder"),
    [("yes", "/opt/dlami/nvme/ollama"), ("no", "/usr/share/ollama/.ollama/models")],
)
def test_ollama_listens_to_the_machine_alone_and_keeps_models_where_they_load_fast(
    machine: Machine, instance_store: str, folder: str
) -> None:
    machine.set_up(spec(context_length=8192, num_parallel=2), INSTANCE_STORE=instance_store)
    assert machine.read("etc/systemd/system/ollama.service.d/slam.conf").splitlines() == [
        "[Service]",
        'Environment="OLLAMA_HOST=127.0.0.1:11434"',
        'Environment="OLLAMA_KEEP_ALIVE=-1"',
        'Environment="OLLAMA_NUM_PARALLEL=2"',
        'Environment="OLLAMA_CONTEXT_LENGTH=8192"',
        f'Environment="OLLAMA_MODELS={folder}"',
    ]


@pytest.mark.parametrize(
    ("failing", "step", "not_reached"),
    [
        ("nvidia-smi", "look at the GPU", "curl -fsSL https://ollama.com/install.sh"),
        ("curl", "install Ollama 0.18.2", "systemctl restart ollama"),
        ("chown", "configure Ollama", "systemctl restart ollama"),
        ("ollama", "pull llama2:7b", "curl -fsS http://127.0.0.1:11434/api/ps"),
    ],
)
def test_a_failing_step_stops_the_set_up_and_is_named(
    machine: Machine, failing: str, step: str, not_reached: str
) -> None:
    done = machine.set_up(spec(), FAILING=failing)
    calls = machine.calls()
    assert done.returncode != 0
    assert calls[0] == "shutdown -h +240"
    assert not_reached not in calls
    assert machine.read("var/lib/slam/steps.log").splitlines()[-1].endswith(f"failed: {step}")
    assert not (machine.root / "var/lib/slam/record.json").exists()


def test_a_model_that_spilled_to_the_cpu_stops_the_set_up(machine: Machine) -> None:
    machine.load("llama2:7b", size_vram=3_000)
    done = machine.set_up(spec())
    assert done.returncode != 0
    assert "llama2:7b needs 4000 bytes, of which 3000 fit on the GPU" in done.stderr


def test_another_ollama_than_the_pinned_one_stops_the_set_up(machine: Machine) -> None:
    done = machine.set_up(spec(), VERSION="0.1.0")
    assert "Ollama 0.1.0 answers, not 0.18.2" in done.stderr
    assert "ollama pull llama2:7b" not in machine.calls()


def watch(machine: Machine, minutes_idle: int = 0, **changes: str) -> list[str]:
    """What the watch does when nobody has used the machine for so long."""
    busy = machine.root / "var/lib/slam/busy"
    then = datetime.now(UTC).timestamp() - minutes_idle * 60
    os.utime(busy, (then, then))
    machine.calls()
    done = machine.run(str(machine.root / "usr/local/bin/slam-watch"), **changes)
    assert done.returncode == 0, done.stderr
    return [call for call in machine.calls() if call.startswith("shutdown")]


def test_an_idle_machine_ends_after_its_idle_minutes_and_not_before(machine: Machine) -> None:
    machine.set_up(spec(idle_minutes=30))
    assert watch(machine, minutes_idle=29) == []
    assert watch(machine, minutes_idle=31) == ["shutdown -h now"]


def test_a_request_or_a_working_gpu_keeps_the_machine(machine: Machine) -> None:
    machine.set_up(spec(idle_minutes=30))
    assert watch(machine, minutes_idle=31, GPU_UTILIZATION="0\n3") == []
    journal = machine.root / "journal"
    journal.write_text('[GIN] 2026/11/21 | 200 | 1.2s | 127.0.0.1 | POST "/api/chat"\n' * 9_000)
    assert watch(machine, minutes_idle=31) == []
    journal.write_text('[GIN] 2026/11/21 | 200 | 0.1s | 127.0.0.1 | GET "/api/tags"\n')
    assert watch(machine, minutes_idle=31) == ["shutdown -h now"]


def test_the_watch_waits_for_the_set_up_but_a_failed_one_counts_as_idle(machine: Machine) -> None:
    machine.set_up(spec(), FAILING="ollama")
    assert watch(machine, minutes_idle=31) == ["shutdown -h now"]
    (machine.root / "var/lib/slam/setting-up").touch()
    assert watch(machine, minutes_idle=31) == []


def test_an_expired_machine_ends_even_when_it_is_used(machine: Machine) -> None:
    machine.set_up(spec())
    settings_file = machine.root / "etc/slam/host.env"
    lines = settings_file.read_text().splitlines()
    settings_file.write_text("\n".join(["EXPIRES_AT_S=1", *lines[1:]]))
    assert lines[0] == f"EXPIRES_AT_S={int(EXPIRES_AT.timestamp())}"
    assert watch(machine, GPU_UTILIZATION="99") == ["shutdown -h now"]


def test_a_daemon_gets_its_databases_address_at_its_start_and_it_is_written_nowhere(
    machine: Machine,
) -> None:
    done = machine.set_up(spec(**DAEMON))
    assert done.returncode == 0, done.stderr
    calls = machine.calls()
    assert calls[-1] == "systemctl enable --now slam-daemon"
    assert any("slam-eval[postgres] @ git+https://example.org/slam@v1" in one for one in calls)
    python = machine.root / "opt/slam/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/bash\necho "$DATABASE_URL $*"\n')
    python.chmod(0o755)
    started = machine.run(str(machine.root / "usr/local/bin/slam-daemon"))
    assert started.stdout == "postgresql+psycopg://slam:secret@db/slam -m daemon\n"
    (call,) = machine.calls()
    assert "--name /slam/database-url --with-decryption" in call
    kept = [path for path in machine.root.rglob("*") if path.is_file()]
    shutil.rmtree(machine.root / "commands")
    assert not [path for path in kept if path.exists() and "secret@" in path.read_text("utf-8")]


@settings(max_examples=30)
@given(st.lists(TAGS, max_size=32), st.text("azAZ09 ._@-", max_size=60))
def test_whatever_passes_the_spec_arrives_in_the_shell_as_it_was_typed(
    models: list[str], owner: str
) -> None:
    made = spec(models=models, owner=f"A{owner}")
    script = render_user_data(made, "us-east-1", EXPIRES_AT)
    assert len(script.encode()) <= MAX_BYTES
    assignments = script.split("\n\n", 1)[0]
    printed = subprocess.run(
        ["/bin/bash", "-c", f"{assignments}\nprintf '%s\\n' \"${{MODELS[@]}}\" end"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert printed.splitlines()[-1] == "end"
    assert [line for line in printed.splitlines()[:-1] if line] == list(made.models)
    assert shlex.split(assignments, comments=True)
