"""Responses and batches of OpenAI's side, spoken to by the official client."""

import io
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from tests.sandbox.examples import BRIEFING, SCORE_SCHEMA

MODEL = "stand-in-gpt-4"


@pytest.fixture
def client(base_url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{base_url}/v1", api_key="any", max_retries=0) as made:
        yield made


def at_the_end(client: openai.OpenAI, response: Any) -> Any:
    while response.status in ("queued", "in_progress"):
        time.sleep(0.05)
        response = client.responses.retrieve(response.id)
    return response


def test_a_response_is_made_at_once_or_in_the_background(client: openai.OpenAI) -> None:
    direct = client.responses.create(model=MODEL, input=BRIEFING)
    assert (direct.status, bool(direct.output_text)) == ("completed", True)
    begun = client.responses.create(model=MODEL, input=BRIEFING, background=True)
    assert begun.status in ("queued", "in_progress")
    done = at_the_end(client, begun)
    assert (done.status, bool(done.output_text)) == ("completed", True)
    assert done.usage.total_tokens == done.usage.input_tokens + done.usage.output_tokens


def test_thoughts_are_an_item_of_their_own(base_url: str, client: openai.OpenAI) -> None:
    httpx.put(f"{base_url}/sandbox/models/{MODEL}", json={"reasoning_tokens": 2})
    made: Any = client.responses.create(model=MODEL, input=BRIEFING)
    assert made.output[0].summary[0].text == "Thought 1. Thought 2. "
    assert made.usage.output_tokens_details.reasoning_tokens == 2


def test_a_limit_leaves_a_response_incomplete(client: openai.OpenAI) -> None:
    made: Any = client.responses.create(model=MODEL, input=BRIEFING, max_output_tokens=4)
    assert (made.status, made.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    assert made.usage.output_tokens == 4


def test_a_response_fits_an_asked_schema(client: openai.OpenAI) -> None:
    form: Any = {"format": {"type": "json_schema", "name": "rating", "schema": SCORE_SCHEMA}}
    made = client.responses.create(model=MODEL, input=BRIEFING, instructions="Rate.", text=form)
    assert set(json.loads(made.output_text)) == {"reasoning", "score"}


def test_a_response_in_the_background_can_be_cancelled_and_forgotten(
    base_url: str, client: openai.OpenAI
) -> None:
    httpx.put(f"{base_url}/sandbox/models/{MODEL}", json={"time_to_first_token_ms": 5000})
    begun = client.responses.create(model=MODEL, input=BRIEFING, background=True)
    assert client.responses.cancel(begun.id).status == "cancelled"
    client.responses.delete(begun.id)
    with pytest.raises(openai.NotFoundError, match=begun.id):
        client.responses.retrieve(begun.id)


def test_a_response_that_breaks_has_failed(base_url: str, client: openai.OpenAI) -> None:
    httpx.put(f"{base_url}/sandbox/faults", json={"cut_stream": {"after_tokens": 2}})
    begun = client.responses.create(model=MODEL, input=BRIEFING, background=True)
    failed = at_the_end(client, begun)
    assert (failed.status, failed.error.code) == ("failed", "server_error")


@pytest.mark.parametrize("name", ["seed", "stop"])
def test_what_responses_do_not_know_is_refused(client: openai.OpenAI, name: str) -> None:
    with pytest.raises(openai.BadRequestError, match=f"Unknown parameter: '{name}'"):
        client.responses.create(model=MODEL, input=BRIEFING, extra_body={name: 1})


def call(name: str, **body: Any) -> dict[str, Any]:
    asked = {"model": MODEL, "messages": [{"role": "user", "content": BRIEFING}], **body}
    return {"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": asked}


def batch_of(client: openai.OpenAI, *calls: Any) -> Any:
    content = "\n".join(json.dumps(one) for one in calls).encode()
    file = client.files.create(file=("calls.jsonl", io.BytesIO(content)), purpose="batch")
    begun = client.batches.create(
        input_file_id=file.id,
        endpoint="/v1/chat/completions",
        completion_window="24h",
        metadata={"label": "mine"},
    )
    while begun.status == "in_progress":
        time.sleep(0.05)
        begun = client.batches.retrieve(begun.id)
    return begun


def lines_of(client: openai.OpenAI, file_id: str) -> list[Any]:
    return [json.loads(line) for line in client.files.content(file_id).text.splitlines()]


def test_a_batch_answers_its_calls_in_two_files(client: openai.OpenAI) -> None:
    batch = batch_of(client, call("good", max_tokens=3), call("bad", messages=[]))
    assert (batch.status, batch.metadata) == ("completed", {"label": "mine"})
    assert (batch.request_counts.completed, batch.request_counts.failed) == (1, 1)
    [good] = lines_of(client, batch.output_file_id)
    [bad] = lines_of(client, batch.error_file_id)
    assert good["response"]["body"]["usage"]["completion_tokens"] == 3
    assert (bad["custom_id"], bad["response"]["status_code"]) == ("bad", 400)


@pytest.mark.parametrize(
    ("calls", "words"),
    [
        ([call("a"), call("b", model="another")], "all be to the same model"),
        ([call("a") | {"url": "/v1/embeddings"}], "Line 1 does not fit"),
        (["text"], "Line 1 is not parseable"),
        ([], "The file is empty"),
    ],
)
def test_a_file_that_is_no_batch_fails_as_a_whole(
    client: openai.OpenAI, calls: list[Any], words: str
) -> None:
    batch = batch_of(client, *calls)
    assert batch.status == "failed"
    assert words in batch.errors.data[0].message


def test_batches_are_listed_page_by_page_the_newest_first(client: openai.OpenAI) -> None:
    made = [batch_of(client, call("a", max_tokens=1)).id for _ in range(3)]
    first = client.batches.list(limit=2)
    assert [one.id for one in first.data] == [made[2], made[1]]
    second = client.batches.list(limit=2, after=made[1])
    assert second.data[0].id == made[0]


def test_a_batch_that_is_over_cannot_be_cancelled(client: openai.OpenAI) -> None:
    batch = batch_of(client, call("a", max_tokens=1))
    with pytest.raises(openai.ConflictError, match="Cannot cancel"):
        client.batches.cancel(batch.id)


def test_a_call_of_a_batch_is_in_the_journal(base_url: str, client: openai.OpenAI) -> None:
    batch_of(client, call("a", max_tokens=1))
    listed = httpx.get(f"{base_url}/sandbox/requests", params={"method": "BATCH"}).json()
    [entry] = listed["requests"]
    assert (entry["model"], entry["outcome"], entry["answer_tokens"]) == (MODEL, "complete", 1)
