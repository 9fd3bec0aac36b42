"""One browser tab without a browser: a websocket that speaks Streamlit's own messages."""

import json
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

_FINISHED_EARLY = ForwardMsg.FINISHED_EARLY_FOR_RERUN


@dataclass
class Tab:
    """A tab on one page; widgets are found by the end of their key."""

    url: str
    query: str = ""
    socket: ClientConnection | None = None
    page_hash: str = ""
    widget_ids: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def __enter__(self) -> "Tab":
        """Open the socket and run the page once."""
        address = self.url.replace("http", "ws", 1) + "/_stcore/stream"
        # Streamlit takes its protocol from the subprotocol's name.
        self.socket = connect(address, subprotocols=["streamlit"], compression=None)  # type: ignore[list-item]  # a NewType of str
        self.run({})
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the socket."""
        if self.socket:
            self.socket.close()

    def widget(self, key_start: str) -> str:
        """The id of the newest widget whose key begins so."""
        return next(one for one in reversed(self.widget_ids) if f"-{key_start}" in one)

    def run(self, values: dict[str, Any], until: str = "") -> tuple[float, float]:
        """Send widget values, and wait until the page has run.

        Returns:
            Milliseconds until an element whose text begins with ``until`` came, and until the run
            was over.
        """
        assert self.socket is not None
        message = self._message(values).SerializeToString()
        self.widget_ids, self.texts = [], []
        shown_ms = 0.0
        began = time.perf_counter()
        self.socket.send(message)
        while True:
            reply = ForwardMsg()
            reply.ParseFromString(bytes(self.socket.recv(timeout=30)))  # type: ignore[arg-type]  # binary frames only
            kind = reply.WhichOneof("type")
            if kind == "new_session":
                self.page_hash = reply.new_session.page_script_hash or self.page_hash
            elif kind == "page_info_changed":
                self.query = reply.page_info_changed.query_string
            elif kind == "delta":
                text = self._take(reply)
                if until and not shown_ms and text.startswith(until):
                    shown_ms = (time.perf_counter() - began) * 1000
            elif kind == "script_finished" and reply.script_finished != _FINISHED_EARLY:
                return shown_ms, (time.perf_counter() - began) * 1000

    def _take(self, reply: ForwardMsg) -> str:
        delta = reply.delta
        if delta.WhichOneof("type") != "new_element":
            return ""
        element = delta.new_element
        kind = element.WhichOneof("type")
        inside: Any = getattr(element, str(kind))
        if getattr(inside, "id", ""):
            self.widget_ids.append(inside.id)
        text = str(getattr(inside, "text", "") or getattr(inside, "body", ""))
        self.texts.append(text)
        return text

    def _message(self, values: dict[str, Any]) -> BackMsg:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash = self.query, self.page_hash
        state.context_info.url = f"{self.url}/?{self.query}"
        for widget_id, value in values.items():
            widget = state.widget_states.widgets.add()
            widget.id = widget_id
            if value is True:
                widget.trigger_value = True
            elif isinstance(value, list):
                widget.string_array_value.data.extend(value)
            else:
                widget.string_value = value
        return message


def summary(values: list[float]) -> str:
    """Median and 95th percentile, as JSON."""
    ordered = sorted(values)
    return json.dumps(
        {
            "p50_ms": round(ordered[len(ordered) // 2], 2),
            "p95_ms": round(ordered[int(len(ordered) * 0.95)], 2),
            "steps": len(ordered),
        }
    )
