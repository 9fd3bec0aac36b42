"""Simulated raters: one websocket each that speaks Streamlit's own messages, many in a process."""

import asyncio
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
from streamlit.components.v2.bidi_component.constants import EVENT_DELIM
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.state.session_state import STREAMLIT_INTERNAL_KEY_PREFIX
from websockets.asyncio.client import ClientConnection, connect

_FINISHED_EARLY = ForwardMsg.FINISHED_EARLY_FOR_RERUN
_PATIENCE_S = 60.0
_AGAIN_AFTER_S = 1.0


class PageError(Exception):
    """The page did not show what a rater waits for."""


@dataclass
class Seen:
    """What all raters of a load met with. Times are in milliseconds, on one monotonic clock."""

    steps: list[tuple[float, float]] = field(default_factory=list)
    joins: list[tuple[float, float]] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    codes: list[str] = field(default_factory=list)
    interruptions: Counter[str] = field(default_factory=Counter)
    waits: int = 0

    def steps_between(self, begin: float, end: float) -> list[float]:
        """How long the steps took that ended between two moments of `time.monotonic`."""
        return [took_ms for at, took_ms in self.steps if begin <= at <= end]


class RaterTab:
    """A rater's tab: it keeps the page's widgets and the item that the component shows."""

    def __init__(self, url: str, query: str) -> None:
        self.url = url
        self.query = query
        self.widgets: dict[str, str] = {}
        self.shown: dict[str, Any] | None = None
        self.texts: list[str] = []
        self._component_id = ""
        self._page_hash = ""
        self._socket: ClientConnection | None = None

    async def open(self) -> None:
        """Open the socket and run the page once."""
        address = self.url.replace("http", "ws", 1) + "/_stcore/stream"
        protocols: Any = ["streamlit"]
        self._socket = await connect(
            address, subprotocols=protocols, compression=None, open_timeout=_PATIENCE_S
        )
        await self.run({})

    async def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            await self._socket.close()

    async def run(self, values: dict[str, Any]) -> None:
        """Send widget values by their keys, and wait until the page has run."""
        assert self._socket is not None
        message = self._message(values)
        self.widgets, self.shown, self.texts = {}, None, []
        async with asyncio.timeout(_PATIENCE_S):
            await self._socket.send(message.SerializeToString())
            while not self._take(await self._socket.recv()):
                pass

    async def answer(self, values: dict[str, Any]) -> None:
        """Send what the component sends when its button is pressed."""
        events = [{"event": "answer", "value": values}]
        await self.run({self._component_id: events})

    def _message(self, values: dict[str, Any]) -> BackMsg:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash = self.query, self._page_hash
        state.context_info.url = f"{self.url}/?{self.query}"
        for key, value in values.items():
            widget = state.widget_states.widgets.add()
            if isinstance(value, list):
                widget.id = f"{STREAMLIT_INTERNAL_KEY_PREFIX}_{key}{EVENT_DELIM}events"
                widget.json_trigger_value = json.dumps(value)
            elif key == "is_agreed":
                widget.id, widget.bool_value = self.widgets[key], value
            else:
                widget.id, widget.trigger_value = self.widgets[key], value
        return message

    def _take(self, raw: str | bytes) -> bool:
        """Take a message in; says whether the page has run."""
        assert isinstance(raw, bytes)
        reply = ForwardMsg()
        reply.ParseFromString(raw)
        kind = reply.WhichOneof("type")
        if kind == "new_session":
            self._page_hash = reply.new_session.page_script_hash or self._page_hash
        elif kind == "page_info_changed":
            self.query = reply.page_info_changed.query_string
        elif kind == "delta" and reply.delta.WhichOneof("type") == "new_element":
            self._take_element(reply.delta.new_element)
        return kind == "script_finished" and reply.script_finished != _FINISHED_EARLY

    def _take_element(self, element: Any) -> None:
        kind = str(element.WhichOneof("type"))
        inside = getattr(element, kind)
        if kind == "bidi_component":
            self._component_id = inside.id
            (self.shown,) = json.loads(inside.json)
        elif getattr(inside, "id", ""):
            self.widgets[inside.id.rsplit("-", 1)[-1]] = inside.id
        self.texts.append(str(getattr(inside, "body", "")))


async def rate_until(
    url: str,
    campaign: str,
    seen: Seen,
    think_s: tuple[float, float],
    until: float,
    rng_seed: int,
    loader: httpx.AsyncClient,
) -> None:
    """One person after another, each to the end of a session, until a moment of the clock.

    A page that does not answer is opened again at the same address, as a rater would.
    """
    rng = random.Random(rng_seed)  # noqa: S311  a load needs no secrecy
    while time.monotonic() < until:
        query = f"campaign={campaign}&PROLIFIC_PID={uuid4().hex}&STUDY_ID=s&SESSION_ID=x"
        while time.monotonic() < until:
            tab = RaterTab(url, query)
            try:
                if not await _is_let_in(loader, f"{url}/?{query}", seen, until, rng):
                    return
                await _rate(tab, seen, think_s, until, rng)
                break
            except Exception as error:  # a broken socket can be any of many
                seen.interruptions[type(error).__name__] += 1
                query = tab.query
                await asyncio.sleep(_AGAIN_AFTER_S * (0.5 + rng.random()))
            finally:
                await tab.close()


async def _is_let_in(
    loader: httpx.AsyncClient, address: str, seen: Seen, until: float, rng: random.Random
) -> bool:
    """Load the page as a browser does, again and again while it asks to wait."""
    while (reply := await loader.get(address)).status_code == httpx.codes.SERVICE_UNAVAILABLE:
        seen.waits += 1
        pause_s = float(reply.headers["retry-after"]) * (0.75 + rng.random() / 2)
        if time.monotonic() + pause_s > until:
            return False
        await asyncio.sleep(pause_s)
    return True


async def _rate(
    tab: RaterTab, seen: Seen, think_s: tuple[float, float], until: float, rng: random.Random
) -> None:
    began = time.monotonic()
    await tab.open()
    if "start" in tab.widgets:
        await tab.run({"is_agreed": True} if "is_agreed" in tab.widgets else {})
        # A checkbox keeps its tick; the press comes with it.
        await tab.run({"is_agreed": True, "start": True})
    seen.joins.append((time.monotonic(), (time.monotonic() - began) * 1000))
    while (shown := tab.shown) is not None and shown["view"] == "item":
        await asyncio.sleep(rng.uniform(*think_s))
        if time.monotonic() > until:
            return
        await _step(tab, shown, seen, rng)
    if tab.shown is None or tab.shown["view"] != "ending":
        raise PageError(f"neither an item nor an ending: {tab.texts}")
    seen.codes.append(tab.shown["code"])


async def _step(tab: RaterTab, shown: dict[str, Any], seen: Seen, rng: random.Random) -> None:
    scores = {one["key"]: rng.randint(0, 10) for one in shown["rubric"]["criteria"]}
    began = time.monotonic()
    await tab.answer(
        {
            "item_id": shown["item_id"],
            "values": scores,
            "cannot_judge": False,
            "comment": "",
            "active_ms": 5000,
            "hidden_ms": 0,
            "blur_count": 0,
            "nonce": uuid4().hex,
        }
    )
    now = time.monotonic()
    if tab.shown is None or tab.shown.get("item_id") == shown["item_id"]:
        raise PageError(f"the same item again: {tab.shown and tab.shown.get('problem')}")
    seen.steps.append((now, (now - began) * 1000))
    # From here on the answer counts as given: the page has gone on.
    seen.answers[shown["item_id"]] = next(iter(scores.values()))
