"""Streamlit pages in processes of their own, and one browser tab without a browser on them.

The tab is a websocket that speaks Streamlit's own messages. A component of version 2 gets its data
as JSON and gives back what was triggered in it as a JSON list of events, under its own id with a
prefix and a suffix.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import uuid4

import httpx
import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from tests.postgresql import free_port

ROOT = Path(__file__).parent.parent
_FINISHED_EARLY = ForwardMsg.FINISHED_EARLY_FOR_RERUN
_TRIGGER_ID = "$$STREAMLIT_INTERNAL_KEY_{component_id}__events"


@dataclass(frozen=True, slots=True)
class Trigger:
    """Something that happened in a component: the event's name and what it brings."""

    event: str
    value: Any


@dataclass
class Tab:
    """A tab on one page; widgets are found by the end of their key.

    ``page_name`` is the page of an app with several, as its address names it; ``cookie`` is sent
    along when the socket is opened.
    """

    url: str
    query: str = ""
    page_name: str = ""
    cookie: str = ""
    socket: ClientConnection | None = None
    page_hash: str = ""
    widget_ids: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    component_id: str = ""
    component_data: dict[str, Any] = field(default_factory=dict)
    stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> "Tab":
        """Open the socket and run the page once."""
        address = self.url.replace("http", "ws", 1) + "/_stcore/stream"
        headers = {"cookie": self.cookie} if self.cookie else None
        # Streamlit takes its protocol from the subprotocol's name.
        protocols: Any = ["streamlit"]
        self.socket = self.stack.enter_context(
            connect(address, subprotocols=protocols, compression=None, additional_headers=headers)
        )
        self.run({})
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the socket."""
        self.stack.close()

    def widget(self, key_start: str) -> str:
        """The id of the newest widget whose key begins so."""
        return next(one for one in reversed(self.widget_ids) if f"-{key_start}" in one)

    @property
    def item_id(self) -> str | None:
        """The item that the raters' component shows, if it shows one."""
        item_id: str | None = self.component_data.get("item_id")
        return item_id

    def give_answer(self, values: dict[str, int | str], comment: str = "") -> float:
        """Answer the item that is shown, as the raters' component does.

        Returns:
            Milliseconds until the page had run with what comes next.
        """
        answer = {
            "item_id": self.item_id,
            "nonce": uuid4().hex,
            "values": values,
            "cannot_judge": False,
            "comment": comment,
            "active_ms": 5000,
            "hidden_ms": 0,
            "blur_count": 0,
        }
        return self.trigger(Trigger("answer", answer))

    def trigger(self, trigger: Trigger) -> float:
        """Trigger something in the component that is shown.

        Returns:
            Milliseconds until the page had run.
        """
        return self.run({_TRIGGER_ID.format(component_id=self.component_id): trigger})[1]

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
        if kind == "bidi_component":
            self.component_id, (self.component_data,) = inside.id, json.loads(inside.json)
        text = str(getattr(inside, "text", "") or getattr(inside, "body", ""))
        self.texts.append(text)
        return text

    def _message(self, values: dict[str, Any]) -> BackMsg:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash = self.query, self.page_hash
        if not self.page_hash:
            state.page_name = self.page_name
        state.context_info.url = f"{self.url}/?{self.query}"
        for widget_id, value in values.items():
            widget = state.widget_states.widgets.add()
            widget.id = widget_id
            if isinstance(value, Trigger):
                event = {"event": value.event, "value": value.value}
                widget.json_trigger_value = json.dumps([event])
            elif value is True:
                widget.trigger_value = True
            elif isinstance(value, list):
                widget.string_array_value.data.extend(value)
            else:
                widget.string_value = value
        return message


@dataclass(frozen=True, slots=True)
class Served:
    """A page that is served: its address and the process that serves it."""

    url: str
    process: psutil.Process

    def cpu_s(self) -> float:
        """Seconds of processor time that the process has used, its own and the kernel's for it."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def serving(script: str, environment: dict[str, str]) -> Iterator[Served]:
    """Serve a Streamlit script of this project in a process of its own."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                if httpx.get(f"{url}/_stcore/health").is_success:
                    break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield Served(url, psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait(timeout=10)


@contextmanager
def running_page(script: str, environment: dict[str, str]) -> Iterator[str]:
    """The same; gives only the address."""
    with serving(script, environment) as served:
        yield served.url


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
