"""What a host tells of its models, what earlier loads told, and the warnings that follow."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.hosting.facts import (
    Memory,
    Survey,
    fit_warning,
    memory_need,
    room_for_models,
    spill_warning,
    spilled_percent,
    survey,
)
from core.hosting.frames import installed_frame, warm_ups_frame
from core.providers.base import LoadedModel
from core.settings import Settings
from db.engine import Database
from db.repositories.hosting import Hosting
from db.tables import WarmUp, WarmUpStatus
from db.types import utc_now
from tests.core.hosting.helping import INSTALLED, change, on_host, settings_for

GB = 1_000_000_000
MIB = 1024 * 1024
REMOTE = Settings(ollama_host="http://gpu.example:11434")


def a_load(base_url: str, memory: int | None, gpu: int | None, **more: Any) -> WarmUp:
    values: dict[str, Any] = {
        "model": f"ollama/{INSTALLED}",
        "host": base_url,
        "number": 0,
        "status": WarmUpStatus.OK,
        "memory_bytes": memory,
        "gpu_memory_bytes": gpu,
    }
    return WarmUp(**(values | more))


def surveyed(database: Database, settings: Settings) -> Survey:
    return on_host(settings, lambda host: survey(database, host, settings))


def test_a_survey_tells_each_models_facts_and_which_is_loaded(
    database: Database, base_url: str
) -> None:
    settings = settings_for(base_url, gpu_memory_mb=100_000)
    on_host(settings, lambda host: host.load(INSTALLED))
    found = surveyed(database, settings)
    by_name = {one.facts.name: one for one in found.models}
    assert list(by_name) == ["stand-in-3b:q4", "stand-in-7b:q2", "stand-in-7b:q4"]
    small = by_name[INSTALLED]
    assert small.loaded is not None
    assert small.facts.size_bytes == 2 * GB
    assert (small.facts.parameter_size, small.facts.quantization) == ("3B", "Q4_K_M")
    assert small.facts.context_length == 4096
    assert small.facts.digest is not None
    assert len(small.facts.digest) == 64
    assert (small.memory_bytes, small.spilled_percent) == (3 * GB, 0)
    assert small.warnings == ()
    assert by_name["stand-in-7b:q4"].memory_bytes is None


def test_a_model_that_spilled_is_warned_of_with_its_share(
    database: Database, base_url: str
) -> None:
    change(base_url, INSTALLED, size_vram=3 * GB, size_cpu=1 * GB)
    settings = settings_for(base_url, gpu_memory_mb=100_000)
    on_host(settings, lambda host: host.load(INSTALLED))
    [hosted] = [one for one in surveyed(database, settings).models if one.loaded]
    assert hosted.spilled_percent == 25
    assert hosted.warnings == (
        f"25 % of '{INSTALLED}' spilled from the GPU to the CPU, so its latency is not that of the "
        "GPU; unload other models or choose a smaller quantization.",
    )


def test_a_model_that_will_not_fit_is_warned_of(database: Database, base_url: str) -> None:
    found = surveyed(database, settings_for(base_url, gpu_memory_mb=2_000))
    [hosted] = [one for one in found.models if one.facts.name == INSTALLED]
    assert hosted.warnings == (
        f"'{INSTALLED}' needs 2.4 GB of memory (by its file's size times 1.2) and there are 2.1 GB "
        "(by SLAM_GPU_MEMORY_MB); choose a smaller quantization, or expect it to be slow.",
    )


def test_what_the_last_load_took_is_remembered(database: Database, base_url: str) -> None:
    before = utc_now() - timedelta(hours=1)
    with database.write() as session:
        hosting = Hosting(session)
        hosting.add_warm_up(a_load(base_url, 4 * GB, 3 * GB))
        hosting.add_warm_up(a_load(base_url, 9 * GB, 9 * GB, sent_at=before))
        hosting.add_warm_up(a_load("http://other", 8 * GB, 8 * GB))
        hosting.add_warm_up(a_load(base_url, None, None, status=WarmUpStatus.FAILED))
        hosting.add_warm_up(a_load(base_url, None, None, number=1))
    found = surveyed(database, settings_for(base_url, gpu_memory_mb=100_000))
    [hosted] = [one for one in found.models if one.facts.name == INSTALLED]
    assert hosted.loaded is None
    assert (hosted.memory_bytes, hosted.spilled_percent) == (4 * GB, 25)
    frame = installed_frame(found)
    assert frame.loc[frame["model"] == INSTALLED, "memory_bytes"].tolist() == [4 * GB]
    assert frame["memory_bytes"].isna().sum() == 2
    warm_ups = warm_ups_frame(database)
    assert len(warm_ups) == 5
    assert warm_ups["sent_at"].is_monotonic_decreasing
    assert warm_ups["memory_bytes"].isna().sum() == 2


def test_memory_is_taken_from_the_best_source_there_is() -> None:
    measured = memory_need("llama2:7b-chat", 1, a_load("", 5 * GB, 5 * GB))
    assert measured == Memory(5 * GB, "as measured when it was last loaded")
    assert memory_need("llama2:7b-chat", 1, None) == Memory(6933 * MIB, "by the paper's Table I")
    assert memory_need("x:1", 10, None) == Memory(12, "by its file's size times 1.2")
    assert memory_need("x:1", None, None) is None


def test_room_elsewhere_is_known_from_a_setting_or_from_a_model_that_spilled() -> None:
    assert room_for_models(REMOTE, {}) is None
    whole = a_load("", 5 * GB, 5 * GB)
    assert room_for_models(REMOTE, {"a": whole}) is None
    room = room_for_models(REMOTE, {"a": whole, "b": a_load("", 9 * GB, 7 * GB)})
    assert room == Memory(7 * GB, "as much as a model got that spilled to the CPU")
    told = Settings(ollama_host="http://gpu.example:11434", gpu_memory_mb=16_000)
    assert room_for_models(told, {}) == Memory(16_000 * MIB, "by SLAM_GPU_MEMORY_MB")


def test_room_here_is_what_nvidia_smi_says_or_else_main_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    here = room_for_models(Settings(), {})
    assert here is not None
    assert here.source == "all main memory, as no GPU is known"
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 15360\necho 15360\n")
    program.chmod(0o755)
    assert room_for_models(Settings(), {}) == Memory(2 * 15360 * MIB, "by nvidia-smi")
    program.write_text("#!/bin/sh\necho 'NVIDIA-SMI has failed' >&2\nexit 9\n")
    assert room_for_models(Settings(), {}) == here


def test_nothing_is_warned_of_where_nothing_is_known() -> None:
    assert fit_warning("m", None, Memory(1, "")) is None
    assert fit_warning("m", Memory(1, ""), None) is None
    assert fit_warning("m", Memory(1, ""), Memory(1, "")) is None
    assert spill_warning("m", None) is None
    assert spill_warning("m", LoadedModel("m", None, None, 1, None)) is None
    assert spilled_percent(0, 0) is None
    assert spilled_percent(4, None) is None


def test_a_model_without_a_gpu_is_said_to_run_on_the_cpu() -> None:
    assert spill_warning("m", LoadedModel("m", None, 4 * GB, 0, None)) == (
        "'m' runs on the CPU alone, so its latency is not that of a GPU."
    )
