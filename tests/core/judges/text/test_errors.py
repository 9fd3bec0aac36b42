"""Errors in place of an answer are told, and answers about errors are left alone."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.judges.text.errors import error_in_place_of_answer

ERRORS = [
    "Error: connection refused",
    "Error code: 429 - {'error': {'message': 'Rate limit reached for gpt-4', 'code': None}}",
    "ERROR 503 Service Unavailable",
    "Internal Server Error",
    "502 Bad Gateway",
    "HTTP 429 Too Many Requests",
    "Error: 401 Unauthorized",
    "model 'llama2:7b' not found, try pulling it first",
    "The model `gpt-5` does not exist or you do not have access to it.",
    "Rate limit reached for gpt-4 in organization org-x on tokens per min (TPM): Limit 10000, "
    "Used 9800, Requested 500. Please try again in 1.8s.",
    "You exceeded your current quota, please check your plan and billing details.",
    "Incorrect API key provided: sk-x. You can find your API key at https://example.org/keys.",
    "This model's maximum context length is 4097 tokens. Please reduce the length.",
    "The server is currently overloaded with other requests. You can retry your request.",
    '{"error":"model requires more system memory (5.6 GiB) than is available"}',
    '{"error": {"message": "x", "type": "invalid_request_error", "param": null, "code": null}}',
    '{"detail":"Not Found"}',
    '{"message":"bad","code":500}',
    "```\nTraceback (most recent call last):\n  File \"a.py\", line 1, in <module>\n    x()\n"
    "requests.exceptions.ConnectionError: HTTPConnectionPool(host='x')\n```",
    "TypeError: Cannot read properties of undefined\n    at foo (a.js:1:2)\n    at b (b.js:2:3)",
    "<html><head><title>502 Bad Gateway</title></head><body></body></html>",
    "<!DOCTYPE html>\n<html>\n<head><title>Just a moment...</title></head></html>",
    "requests.exceptions.ReadTimeout: HTTPConnectionPool(host='h', port=1): Read timed out.",
    "curl: (7) Failed to connect to localhost port 11434: Connection refused",
    "dial tcp 127.0.0.1:11434: connect: connection refused",
    "Error: CUDA out of memory. Tried to allocate 2.00 GiB",
    "Request timed out.",
    "[Error] timeout",
    "API error: 500",
    "openai.error.RateLimitError: You exceeded your current quota",
    "An error occurred while calling the model: connection reset by peer",
    "upstream connect error or disconnect/reset before headers",
    "[object Object]",
]  # fmt: skip
ANSWERS = [
    "Error: connection refused means that no server listens on that port.",
    "The error \u201cconnection refused\u201d means that nothing listens there. Start the server.",
    "Error handling matters: catch the exception, log it, and go on.",
    "Error rate limits help keep quality high.",
    "A 404 error usually means the page has moved.",
    "404 ways to say hello",
    "503 Service Unavailable means the server is overloaded; try again later.",
    "Time out for you, Sam! Rest a little.",
    "The connection between sleep and mood is well known.",
    "Error: you forgot the colon after def, because Python needs one.",
    '{"answer": 42, "error": null}',
    '{"name": "Sam", "error": "none", "tasks": []}',
    "{not json, only braces}",
    "<html><body><h1>Welcome</h1></body></html>",
    "Traceback (most recent call last):\n  File \"a.py\"\nKeyError: 'a'\n\n"
    "This happens because the key is missing; use dict.get.",
    "Good morning! Today you fix the timeout error in the login and review the API key rotation.",
    'Your day: fix "Error: connection refused" in staging, then call Bob about the rate limit.',
    "Server busy? Take a break and call Anna.",
    "500 people came to the fair, and the service was excellent.",
    "Permission denied is what Linux tells you when your user lacks rights.",
    "Exception: on Sundays the shop is closed.",
    "Warning: this recipe contains nuts.",
    "Failure is part of learning. Keep going!",
    "I'm sorry, but I cannot help with that.",
    "Yes",
    "",
]  # fmt: skip


@pytest.mark.parametrize("text", ERRORS)
def test_an_error_is_told(text: str) -> None:
    assert error_in_place_of_answer(text, "Write a greeting for Sam.")


@pytest.mark.parametrize("text", ANSWERS)
def test_an_answer_is_left_alone(text: str) -> None:
    assert error_in_place_of_answer(text, "Write a greeting for Sam.") is None


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("What does HTTP status 503 stand for?", "Service Unavailable"),
        ("Write an error message for a failed login.", "Error: invalid API key"),
        ("Show me a Python traceback.", "Traceback (most recent call last):\n  File\nKeyError: 1"),
        ("Give the error response as JSON.", '{"error": "rate limit"}'),
        ("Repeat after me: connection refused", "Connection refused"),
    ],
)
def test_an_error_that_was_asked_for_is_an_answer(prompt: str, text: str) -> None:
    assert error_in_place_of_answer(text, prompt) is None


@given(st.sampled_from(ERRORS), st.lists(st.sampled_from(ANSWERS[:3]), min_size=1, max_size=3))
def test_an_error_within_a_real_answer_is_no_error(error: str, answers: list[str]) -> None:
    answer = f"Good morning, Sam! In the log you will find this: {error} " + " ".join(answers)
    assert error_in_place_of_answer(answer) is None


@given(st.text())
def test_no_text_breaks_the_search(text: str) -> None:
    error_in_place_of_answer(text, text)


@pytest.mark.parametrize("piece", ["error ", "{", "<html><title", "\nA", "Error\n  at a\n", "4"])
def test_an_enormous_text_is_read_at_once(piece: str) -> None:
    began_s = process_time()
    error_in_place_of_answer("Traceback (most recent call last):" + piece * 50_000)
    error_in_place_of_answer(piece * 50_000)
    assert process_time() - began_s < 3
