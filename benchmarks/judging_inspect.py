"""Inspect AI as `benchmarks.judging` runs it, by a Python of its own that has nothing of ours.

Called with the server's address, the file of the calls' bodies, how many of them, and how many at
a time; prints seconds and seconds of CPU. Each sample is a response that is there already, so that
`model_graded_qa` makes the only call, with the very prompt, temperature and schema of the body.
"""

import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

# They are installed beside this script's own Python, not where types are checked.
from inspect_ai import Task, eval  # type: ignore[import-not-found]
from inspect_ai.dataset import MemoryDataset, Sample  # type: ignore[import-not-found]
from inspect_ai.model import (  # type: ignore[import-not-found]
    GenerateConfig,
    ModelOutput,
    ResponseSchema,
    get_model,
)
from inspect_ai.scorer import model_graded_qa  # type: ignore[import-not-found]
from inspect_ai.solver import Generate, TaskState, solver  # type: ignore[import-not-found]


@solver  # type: ignore[untyped-decorator]  # as above
def as_stored() -> Any:
    """Takes the response for granted."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        state.output = ModelOutput.from_content("stored", "stored")
        return state

    return solve


def judged(bodies: list[dict[str, Any]], at_once: int) -> None:
    """Have Inspect AI grade so many responses."""
    form = bodies[0]["response_format"]["json_schema"]
    grader = get_model(
        f"openai/{bodies[0]['model']}",
        config=GenerateConfig(
            max_connections=at_once,
            max_retries=0,
            temperature=bodies[0]["temperature"],
            response_schema=ResponseSchema(name="answer", json_schema=form["schema"], strict=True),
        ),
    )
    scorer = model_graded_qa(
        template="{question}", model=grader, grade_pattern=r'"score": (\d+)', partial_credit=False
    )
    prompts = [body["messages"][0]["content"] for body in bodies]
    task = Task(
        dataset=MemoryDataset([Sample(input=prompt, target="10") for prompt in prompts]),
        solver=as_stored(),
        scorer=scorer,
    )
    with tempfile.TemporaryDirectory() as folder:
        [log] = eval(task, model=grader, display="none", log_dir=folder, max_samples=at_once)
    if log.status != "success":
        raise RuntimeError(f"Inspect AI ended with {log.status}: {log.error}")


def main() -> None:
    """Warm up with one sample, then measure."""
    url, bodies_file, calls, at_once = sys.argv[1:]
    os.environ["OPENAI_BASE_URL"], os.environ["OPENAI_API_KEY"] = f"{url}/v1", "any"
    bodies = json.loads(Path(bodies_file).read_text())[: int(calls)]
    judged(bodies[:1], int(at_once))
    began, usage = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    judged(bodies, int(at_once))
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = after.ru_utime + after.ru_stime - usage.ru_utime - usage.ru_stime
    print(time.perf_counter() - began, cpu_s)


if __name__ == "__main__":
    main()
