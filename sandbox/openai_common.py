"""What all endpoints of OpenAI's side share: keys, limits, refusals, headers, requests for text."""

import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.answering import Ask
from sandbox.endpoint import Handler, endpoint, message_pairs, optional, stop_texts
from sandbox.journal import Entry
from sandbox.limits import Standing
from sandbox.logprobs import MOST_ALTERNATIVES
from sandbox.models import ModelConfig
from sandbox.refusal import HtmlPage, Refusal
from sandbox.state import Sandbox

_NO_KEY = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header "
    "using Bearer auth (i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank "
    "username) if you're accessing the API from your browser and are prompted for a username and "
    "password. You can obtain an API key from https://platform.openai.com/account/api-keys."
)
MALFORMED_BODY = (
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using "
    "your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not "
    "valid JSON.)"
)
_NO_QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For more "
    "information on this error, read the docs: "
    "https://platform.openai.com/docs/guides/error-codes/api-errors."
)
_AZURE = "/openai"
_ROOTS = ("/v1", _AZURE)
_WRONG_AZURE_KEY = (
    "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a "
    "valid key for an active subscription and use a correct regional API endpoint for your "
    "resource."
)
MALFORMED = Refusal(400, MALFORMED_BODY)


class OpenAISide:
    """A group of endpoints under /v1, which Azure has under /openai too."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def routes_of(self, handlers: Mapping[tuple[str, str], Handler]) -> list[Route]:
        """Make the routes of handlers by method and path."""
        return [
            Route(
                root + path,
                # A request that names a model sees to its outage itself, and is noted with it.
                endpoint(
                    self._sandbox, handler, self._refuse, overloaded() if method == "GET" else None
                ),
                methods=[method],
            )
            for (method, path), handler in handlers.items()
            for root in _ROOTS
        ]

    def _demand_key(self, request: Request) -> str:
        """Give the key, or refuse a wrong one in the words of OpenAI or of Azure."""
        keys = self._sandbox.keys
        if request.url.path.startswith(_AZURE):
            key = request.headers.get("api-key", "").strip()
            if not key or not keys.is_accepted(key):
                raise Refusal(401, _WRONG_AZURE_KEY, code="401")
            if not request.query_params.get("api-version"):
                raise Refusal(404, "Resource not found", code="404")
            return key
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        key = key.strip()
        if scheme.lower() != "bearer" or not key:
            raise Refusal(401, _NO_KEY)
        if keys.is_expired(key):
            raise Refusal(401, "Your API key has expired.", code="expired_api_key")
        if not keys.is_accepted(key):
            shown = f"{key[:3]}{'*' * 8}{key[-4:]}"
            message = f"Incorrect API key provided: {shown}. You can find your API key at "
            message += "https://platform.openai.com/account/api-keys."
            raise Refusal(401, message, code="invalid_api_key")
        return key

    def _find(self, name: str, entry: Entry) -> ModelConfig:
        entry.model = name
        if self._sandbox.faults.take(name, "outage"):
            raise overloaded()
        model = self._sandbox.catalog.find(name, "openai")
        if model is None or not model.installed:
            message = f"The model `{name}` does not exist or you do not have access to it."
            raise Refusal(404, message, code="model_not_found")
        return model

    def _spend(self, key: str, model: ModelConfig, tokens: int) -> Standing:
        """Count a request against the key's limits, or refuse it."""
        standing = self._sandbox.limits.spend(key, tokens)
        if standing.lacking is not None:
            bucket = standing.tokens if standing.lacking == "tokens" else standing.requests
            raise rate_limited(
                model, standing.wait_s, standing.lacking, bucket.limit, standing.headers()
            )
        return standing

    def _refuse_faulty(self, model: ModelConfig) -> None:
        faults = self._sandbox.faults
        if faults.take(model.name, "insufficient_quota"):
            raise Refusal(429, _NO_QUOTA, kind="insufficient_quota", code="insufficient_quota")
        if limit := faults.take(model.name, "rate_limit"):
            shown = self._sandbox.limits.shown()
            headers = {**shown.headers(), "x-ratelimit-remaining-requests": "0"}
            raise rate_limited(
                model, float(limit["retry_after_s"]), "requests", shown.requests.limit, headers
            )
        if page := faults.take(model.name, "html_page"):
            raise HtmlPage(int(page["status"]))
        if error := faults.take(model.name, "server_error"):
            raise Refusal(
                int(error["status"]),
                "The server had an error while processing your request. Sorry about that!",
                kind="server_error",
            )

    def _refuse(self, refusal: Refusal) -> Response:
        error = {
            "message": refusal.message,
            "type": refusal.kind,
            "param": refusal.param,
            "code": refusal.code,
        }
        headers = {**identity(), **refusal.headers}
        return JSONResponse({"error": error}, refusal.status, headers=headers)


def headers_of(started: float, standing: Standing) -> dict[str, str]:
    """Write the headers of an answer; for a stream the time is the time to the headers."""
    passed_ms = round((time.monotonic() - started) * 1000)
    return {**identity(), "openai-processing-ms": str(passed_ms), **standing.headers()}


def identity() -> dict[str, str]:
    """Write the headers that every answer has."""
    return {"x-request-id": f"req_{uuid.uuid4().hex}", "openai-version": "2020-10-01"}


def overloaded() -> Refusal:
    """Refuse for an outage."""
    message = "The engine is currently overloaded, please try again later"
    return Refusal(503, message, kind="server_error")


def rate_limited(
    model: ModelConfig, wait_s: float, unit: str, limit: float, headers: Mapping[str, str]
) -> Refusal:
    """Refuse until the wait is over."""
    short = "RPM" if unit == "requests" else "TPM"
    return Refusal(
        429,
        f"Rate limit reached for {model.name} on {unit} per min ({short}): Limit {limit:.0f}. "
        f"Please try again in {wait_s:g}s.",
        kind=unit,
        code="rate_limit_exceeded",
        headers={
            **headers,
            # Whole seconds, as HTTP wants them; the exact time is in the milliseconds.
            "retry-after": str(max(1, round(wait_s)) if wait_s else 0),
            "retry-after-ms": str(round(wait_s * 1000)),
        },
    )


def required_text(body: Mapping[str, Any], name: str) -> str:
    """Read a field that every request must have."""
    value = optional(body, name, str)
    if not value:
        raise Refusal(400, f"you must provide a {name} parameter")
    return value


def read_chat_ask(body: Mapping[str, Any]) -> Ask:
    """Read the body of a chat completion."""
    messages = message_pairs(body.get("messages"))
    if not messages:
        code = "missing_required_parameter"
        raise Refusal(400, "Missing required parameter: 'messages'.", param="messages", code=code)
    if (optional(body, "n", int) or 1) > 1:
        raise Refusal(400, "Only one choice a request is supported here.", param="n")
    form: dict[str, Any] = optional(body, "response_format", dict) or {}
    wrapper: dict[str, Any] = optional(form, "json_schema", dict) or {}
    limit = optional(body, "max_completion_tokens", int) or optional(body, "max_tokens", int)
    temperature = optional(body, "temperature", float)
    return Ask(
        messages=messages,
        schema=schema_in(form, wrapper),
        wants_json=form.get("type") == "json_object",
        temperature=1.0 if temperature is None else temperature,
        seed=optional(body, "seed", int),
        max_tokens=limit,
        stop=stop_texts(body.get("stop")),
        top_logprobs=_top_logprobs(body),
    )


def _top_logprobs(body: Mapping[str, Any]) -> int | None:
    wanted = optional(body, "logprobs", bool) or False
    top = optional(body, "top_logprobs", int)
    if top is not None and not wanted:
        message = "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled."
        raise Refusal(400, message, param="top_logprobs")
    return demand_few(top or 0) if wanted else None


def demand_few(top: int) -> int:
    """Refuse more alternatives of a token than the API tells."""
    if 0 <= top <= MOST_ALTERNATIVES:
        return top
    message = f"Invalid value for 'top_logprobs': must be from 0 to {MOST_ALTERNATIVES}."
    raise Refusal(400, message, param="top_logprobs")


def schema_in(form: Mapping[str, Any], wrapper: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Read the schema of an asked form, which its wrapper holds."""
    schema = wrapper.get("schema") if form.get("type") == "json_schema" else None
    return schema if isinstance(schema, dict) and schema else None


def minding_thoughts(ask: Ask, model: ModelConfig) -> Ask:
    """Leave what the thoughts of a model leave of the limit of tokens."""
    if ask.max_tokens is None or not model.reasoning_tokens:
        return ask
    return replace(ask, max_tokens=max(0, ask.max_tokens - model.reasoning_tokens))


def note(entry: Entry, ask: Ask, body: Mapping[str, Any], *, stream: bool) -> None:
    """Write what was asked into the journal."""
    names = ("max_completion_tokens", "max_tokens", "max_output_tokens")
    entry.limited_by = next((name for name in names if body.get(name) is not None), None)
    effort = body.get("reasoning_effort") or (body.get("reasoning") or {}).get("effort")
    entry.reasoning_effort = effort if isinstance(effort, str) else None
    entry.stream = stream
    entry.messages = len(ask.messages)
    entry.temperature = ask.temperature
    entry.seed = ask.seed
    entry.max_tokens = ask.max_tokens
    entry.format = "json_schema" if ask.schema else "json" if ask.wants_json else "text"
