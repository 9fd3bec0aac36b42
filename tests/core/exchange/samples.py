"""Small files in the layouts of the original tool, made for the tests."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

from core.errors import InvalidInputError
from core.exchange.archive import read_bytes
from core.exchange.documents import Documents, parse


def as_json(document: Any) -> bytes:
    return json.dumps(document).encode()


def as_zip(documents: Mapping[str, Any]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, document in documents.items():
            archive.writestr(name, document if isinstance(document, bytes) else as_json(document))
    return buffer.getvalue()


def documents(file_name: str, content: bytes) -> Documents:
    return parse(read_bytes(file_name, content))


def complaint(read: Callable[[], object]) -> str | None:
    """The sentence in which something was refused; none when it was taken."""
    try:
        read()
    except InvalidInputError as error:
        return str(error)
    return None


def data_source(**changes: Any) -> dict[str, Any]:
    return {
        "run": "Haiku",
        "prompt": "Write a haiku about {{rain}}.",
        "prompt_disc": "<style>p {color: red}</style><p>A poem &amp; no more</p>",
        "outputs": {"tiny:1b": ["Drip.", "Drop."], "gpt-4": ["Soft rain falls.", "Grey sky."]},
    } | changes


def older_list() -> list[dict[str, Any]]:
    models = ("tiny:1b", "gpt-4")
    return [
        {
            "id": number,
            "prompt": prompt,
            "responses": [{"model": one, "model_responses": ["One.", "Two."]} for one in models],
        }
        for number, prompt in enumerate(("First prompt", "Second prompt"), start=1)
    ]


def configuration(*, criteria: list[str] | None = None, questions: int = 2) -> dict[str, Any]:
    """Two responses of each of two models; question sets ``set-0`` to ``set-2``."""
    folder = ".human_eval_config"
    described = [{"Criteria": one, "Description": f"Which has {one}?"} for one in criteria or []]
    pairs = [question("t0", "m0"), question("t1", "m1")][:questions]
    return {
        f"{folder}/config.json": {
            "hv_method": "A/B Testing",
            "config": {"n_questions_per_worker": questions, "n_workers": 3},
            "criterias": described or None,
        },
        f"{folder}/prompt_info.json": [
            {"prompt_id": "p0", "prompt": "Say hello.", "prompt_simple_disc": "A greeting"}
        ],
        f"{folder}/responses.json": {"t0": "Hi", "t1": "Hey", "m0": "Hello", "m1": "Good day"},
        f"{folder}/models_responses.json": {
            "p0": {"tiny:1b": ["t0", "t1"], "middling:7b": ["m0", "m1"]}
        },
        f"{folder}/distribution.json": {f"set-{number}": pairs for number in range(3)},
        f"{folder}/unique_question_pairs.json": pairs,
    }


def question(first: str, second: str) -> list[Any]:
    return ["p0", {"tiny:1b": first, "middling:7b": second}]


START = 1_700_000_000.0


def submission(
    rater: str = "ann", question_set: str = "set-0", answers: tuple[str, ...] = ("A", "B")
) -> dict[str, Any]:
    """A result file; each answer came five seconds after the one before."""
    return {
        "worker_id": rater,
        "question_set_id": question_set,
        "evals": [
            {
                "result": {"overall": f"Response {answer}", "feedback": f"said {number}"},
                "time": START + 5 * (number + 1),
                "question": question(f"t{number}", f"m{number}"),
            }
            for number, answer in enumerate(answers)
        ],
        "start_time": START,
        "end_time": START + 100,
        "question_index": len(answers),
    }


def comparison(**changes: Any) -> dict[str, Any]:
    return {
        "response1": "Well done!",
        "response2": "Good.",
        "clarity": "1 is better",
        "warmth": "About the same",
        "time_spent": 12.5,
        "model1": "gpt-4",
        "model2": "tiny_1b",
    } | changes


def crowd_study() -> list[dict[str, Any]]:
    """Three submissions, the last one a second of the first rater."""
    other = comparison(response2="Fine.", clarity="2 is better")
    return [
        {"worker_1": [comparison(), other]},
        {"worker_2": [comparison()]},
        {"worker_1": [other]},
    ]
