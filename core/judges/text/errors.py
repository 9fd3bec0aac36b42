"""Texts that are an error instead of an answer: what a program or a server said in its place.

A real answer may be about an error, quote one, or be one that the prompt asked for. So a text is
only taken for an error where the whole of it is one, in a form that programs give, and where the
prompt does not ask about such a thing.
"""

import json
import re
from collections.abc import Callable
from typing import Any

_LONGEST_MESSAGE = 600
_LONGEST_JSON = 20_000
_REQUEST_WORDS = re.compile(
    r"\b(?:error|exception|failure|log|status|warning)[\s-]+(?:messages?|texts?|codes?|pages?|"
    r"responses?|outputs?|replies|reply|objects?|strings?|lines?|entr(?:y|ies)|example)|"
    r"\b(?:traceback|stack ?trace|http|exception)s?\b|\bwhat (?:does|is) .{0,40}\berror\b",
    re.IGNORECASE,
)

_FAILURES = (
    r"connection (?:refused|reset(?: by peer)?|aborted|error|closed|timed? ?out)",
    r"(?:failed|unable|could not|couldn['\u2019]t|cannot) (?:to )?"
    r"(?:establish|connect|reach|resolve)\b",
    r"(?:request|operation|connection|read|gateway|server|model)?[ _-]?tim(?:ed|e)[ _-]?out\b",
    r"rate[ _-]?limit(?:s|ed|_error)?\b", r"too many requests", r"quota (?:exceeded|reached)",
    r"exceeded your (?:current )?quota", r"insufficient[ _]quota",
    r"(?:service|server|temporarily|model|engine)(?: is)?(?: currently| temporarily)? "
    r"(?:un(?:available|reachable)|overloaded|busy)",
    r"(?:internal )?server[ _]error\b", r"bad gateway", r"gateway time-?out",
    r"(?:4\d\d|5\d\d)\b(?: client| server)? ?[-:]? ?(?:error|not found|unauthorized|forbidden|"
    r"too many requests|bad request|internal|bad gateway|service|gateway)",
    r"(?:error|status|http):? (?:code:? ?)?(?:4\d\d|5\d\d)\b",
    r"model\b.{0,80}?\b(?:not found|does not exist|is not (?:available|loaded|supported))",
    r"(?:no such|unknown|invalid) model", r"failed to load model",
    r"(?:incorrect|invalid|missing|no) api[ _]?key", r"api[ _]?key (?:not|is|was) ",
    r"unauthorized\b", r"authentication (?:error|failed)", r"permission denied", r"access denied",
    r"(?:cuda )?out of memory", r"(?:maximum|max) context length", r"context[ _]length[ _]exceeded",
    r"max retries exceeded", r"name or service not known", r"no such host",
    r"temporary failure in name resolution", r"ECONN(?:REFUSED|RESET|ABORTED)", r"ETIMEDOUT",
    r"unexpected (?:EOF|status code|end of JSON)", r"broken pipe", r"remote end closed connection",
    r"dial tcp\b", r"upstream connect error", r"(?:llama )?runner process (?:has )?terminated",
    r"expecting value: line 1", r"ssl(?:error|: |_)", r"certificate verify failed",
    r"overloaded_error", r"invalid_request_error", r"content_filter",
)  # fmt: skip
_FAILURE = re.compile("|".join(_FAILURES), re.IGNORECASE)
_MARKED = re.compile(
    r"\W{0,3}(?:an? |the )?"
    r"(?:(?:api|https?|fatal|internal|server|client|openai|ollama|azure|request|network|connection|"
    r"runtime|unexpected|unknown|system|llm|model|generation)[ _]?)*"
    r"(?:error|exception|failure|err)\b"
    r"(?:\s*[]:)(\[!\u2013-]|\s*\d{3}\b|\s*\Z|"
    r"\s+(?:occurred|code|from|while|calling|during|generating|communicating|connecting|fetching)\b)"
    r"|[\w.]{0,60}(?:Error|Exception|Timeout|Warning)[:(]"
    r"|[(\[]?(?:HTTP/?[\d.]* ?)?(?:4\d\d|5\d\d)\b"
    r"|(?:curl|fetch|requests|httpx|urllib3?): |HTTPS?ConnectionPool|dial tcp|(?:Post|Get) \"?http",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"(?:(?:the )?(?:internal server error|bad gateway|service (?:temporarily )?unavailable|"
    r"too many requests|gateway time-?out|unauthorized|"
    r"(?:HTTP )?[45]\d\d (?:not found|page not found|bad request|unauthorized|forbidden|"
    r"method not allowed|request timeout|too many requests|internal server error|bad gateway|"
    r"service (?:temporarily )?unavailable|gateway time-?out)|"
    r"(?:an |unknown |internal |unexpected )+error(?: has)?(?: occurred)?|"
    r"connection (?:refused|reset by peer|timed out|error|aborted)|network error|"
    r"(?:read|request|operation)? ?timed out|rate limit(?:ed| reached| exceeded)\b.*|"
    r"you exceeded your current quota\b.*|you have hit (?:your|the) rate limit\b.*|"
    r"(?:incorrect|invalid|missing) api key\b.*|this model's maximum context length is\b.*|"
    r"(?:the )?(?:server|engine|model)(?: is|(?: \S+){0,3} is) (?:currently |temporarily )?"
    r"(?:overloaded|unavailable|busy)\b.*|the server had an error\b.*|"
    r"model ['\"\u2018\u201c`]?[\w./:-]+['\"\u2019\u201d`]? (?:not found|does not exist)\b.*|"
    r"the model ['\"`][^'\"`\n]+['\"`] does not exist\b.*|cuda out of memory\b.*|"
    r"upstream connect error\b.*|\[object Object\])\W*)",
    re.IGNORECASE | re.DOTALL,
)
_EXPLAINS = re.compile(
    r"\b(?:means?|indicates?|usually|typically|happens?|caused by|because|occurs when|appears when|"
    r"to fix|to solve|to resolve|for example|such as|handling|refers to|"
    r"you (?:can (?!find|retry|contact)|should|could|need|forgot|have to)|"
    r"is (?:a|an|one|raised|thrown|returned|shown|when))\b",
    re.IGNORECASE,
)
_TRACEBACK = "Traceback (most recent call last):"
_RAISED = re.compile(r"^[A-Za-z_][\w.]*(?:: .*)?$", re.MULTILINE)
_STACK_TRACE = re.compile(
    r"(?:Uncaught |Unhandled |Exception in thread \"[^\"]*\" |panic: |thread '[^']*' panicked)?"
    r"[^\n]{0,500}\n(?:\s+at \S[^\n]*(?:\n|\Z)|goroutine \d+|note: run with `RUST_BACKTRACE)"
)
_HTML = re.compile(r"(?:<!doctype html|<html)\b", re.IGNORECASE)
_HTML_FAILURE = re.compile(
    r"<(?:title|h1)[^>]*>[^<]{0,80}?(?:\b[45]\d\d\b|error|bad gateway|unavailable|not found|"
    r"forbidden|unauthorized|too many requests|time-?out|just a moment|denied)",
    re.IGNORECASE,
)
_JSON_ERROR_KEYS = frozenset({"error", "errors", "detail", "fault"})
_JSON_BESIDE = _JSON_ERROR_KEYS | {
    "message", "code", "status", "status_code", "statusCode", "type", "param", "object", "title",
    "request_id", "requestId", "success", "ok", "timestamp", "path", "instance", "trace_id",
    "reason", "msg", "description", "error_description", "error_code", "data", "id", "name",
}  # fmt: skip


def error_in_place_of_answer(text: str, prompt: str = "") -> str | None:
    """What kind of error the whole text is, as the end of "it is …"; nothing for an answer.

    Args:
        text: the response.
        prompt: what was asked; a prompt that asks for an error message gets one as its answer.
    """
    stripped = text.strip().strip("`").strip()
    for kind, is_one in _KINDS.items():
        if is_one(stripped):
            return None if _REQUEST_WORDS.search(prompt) or _repeats(stripped, prompt) else kind
    return None


def _repeats(text: str, prompt: str) -> bool:
    """Whether the failure is one that the prompt itself speaks of."""
    found = _FAILURE.search(text[:_LONGEST_MESSAGE])
    return found is not None and found[0].casefold() in prompt.casefold()


def _is_traceback(text: str) -> bool:
    if not text.startswith(_TRACEBACK):
        return False
    raised = _RAISED.search(text, len(_TRACEBACK))
    # What explains the traceback comes after its last line, in prose.
    return raised is not None and not _EXPLAINS.search(text[raised.end() :])


def _is_stack_trace(text: str) -> bool:
    first = text[:_LONGEST_MESSAGE].partition("\n")[0]
    named = re.search(r"(?:Error|Exception|panic)\b|panicked", first)
    return bool(named and _STACK_TRACE.match(text)) and not _EXPLAINS.search(text[-300:])


def _is_page(text: str) -> bool:
    return bool(_HTML.match(text) and _HTML_FAILURE.search(text[:5_000]))


def _is_json(text: str) -> bool:
    if not text.startswith("{") or len(text) > _LONGEST_JSON:
        return False
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return _tells_an_error(content)


def _tells_an_error(content: dict[str, Any]) -> bool:
    if not content.keys() <= _JSON_BESIDE:
        return False
    told = any(content.get(key) for key in _JSON_ERROR_KEYS)
    status = content.get("status_code", content.get("statusCode", content.get("code")))
    is_status = isinstance(status, int) and 400 <= status < 600
    return told or content.get("object") == "error" or (is_status and "message" in content)


def _is_message(text: str) -> bool:
    if not text or len(text) > _LONGEST_MESSAGE:
        return False
    if _BARE.fullmatch(text):
        return not _EXPLAINS.search(text)
    return bool(_MARKED.match(text) and _FAILURE.search(text)) and not _EXPLAINS.search(text)


_KINDS: dict[str, Callable[[str], bool]] = {
    "a program's traceback": _is_traceback,
    "a program's stack trace": _is_stack_trace,
    "a server's error page": _is_page,
    "a server's error object": _is_json,
    "an error message": _is_message,
}
