"""An error answer, before it is put into the shape of one API or the other."""

from collections.abc import Mapping


class HtmlPage(Exception):  # noqa: N818 - an answer in its own right, not a mishap
    """Something else answers in the API's place, such as a proxy's page."""

    def __init__(self, status: int) -> None:
        super().__init__(f"a page with status {status}")
        self.status = status


class Refusal(Exception):  # noqa: N818 - an answer in its own right, not a mishap
    """A request that is not answered.

    `kind`, `param` and `code` are the extra fields of OpenAI's errors; Ollama's have only the
    message.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind
        self.param = param
        self.code = code
        self.headers = dict(headers or {})
