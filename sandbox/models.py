"""Which models the sandbox pretends to be, and how good and how fast each one is."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

Provider = Literal["ollama", "openai"]
JudgeBias = Literal["none", "length", "first", "gullible", "random"]


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Everything that decides how one model behaves.

    Durations are milliseconds, sizes are bytes. `quality`, `bad_judge_rate` and `jitter` are
    shares from 0 to 1; `judge_noise` is a standard deviation in points on a scale of 0 to 10, and
    `judge_bias` what it goes by instead: it likes length, takes the first of several, obeys orders
    in a response, or throws dice. `padding` is how many sentences that say nothing it adds to a
    text.
    `parallel` is how many requests are answered at once before the rest queue (0: no limit).
    `size_vram` is what a loaded model takes on the GPU and `size_cpu` what of it spilled to the
    CPU; `reasoning_tokens` is how long it thinks aloud first; on OpenAI's side `reasoning_shown`
    says whether that is apart from the answer, inline in `<think>`, or only counted. Another
    `revision` has other weights and so another digest.
    """

    name: str
    provider: Provider = "ollama"
    quality: float = 0.5
    time_to_first_token_ms: float = 80.0
    ms_per_token: float = 6.0
    jitter: float = 0.1
    load_ms: float = 0.0
    bad_judge_rate: float = 0.05
    judge_noise: float = 1.0
    judge_bias: JudgeBias = "none"
    padding: int = 0
    parallel: int = 0
    installed: bool = True
    capability: Literal["completion", "embedding"] = "completion"
    parameter_size: str = "7B"
    parameter_count: int = 7_000_000_000
    quantization_level: str = "Q4_K_M"
    size: int = 4_100_000_000
    size_vram: int = 5_100_000_000
    size_cpu: int = 0
    context_length: int = 8_192
    pull_ms: float = 400.0
    reasoning_tokens: int = 0
    reasoning_shown: Literal["apart", "inline", "hidden"] = "apart"
    revision: int = 0

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("a model needs a name")
        for field in fields(self):
            _check(field.name, getattr(self, field.name))

    @property
    def digest(self) -> str:
        """The fingerprint of the model's file, as 64 hexadecimal digits."""
        words = f"{self.name} {self.quantization_level}"
        if self.revision:
            words += f" {self.revision}"
        return hashlib.sha256(words.encode()).hexdigest()

    @property
    def fingerprint(self) -> str:
        """The `system_fingerprint` of OpenAI's replies: changes when the model changes."""
        return "fp_" + hashlib.sha256(repr(self).encode()).hexdigest()[:10]

    def as_json(self) -> dict[str, Any]:
        """List the fields, for the control endpoints."""
        return asdict(self)


_CHOICES = {
    "provider": get_args(Provider),
    "judge_bias": get_args(JudgeBias),
    "capability": ("completion", "embedding"),
    "reasoning_shown": ("apart", "inline", "hidden"),
}
_TEXTS = frozenset({"name", "parameter_size", "quantization_level"})
_SHARES = frozenset({"quality", "bad_judge_rate", "jitter"})
_WHOLE = frozenset(
    {
        "padding",
        "parallel",
        "parameter_count",
        "size",
        "size_vram",
        "size_cpu",
        "context_length",
        "reasoning_tokens",
        "revision",
    }
)


def _check(name: str, value: object) -> None:
    """Refuse a value that its field cannot mean; configuration arrives as untyped JSON."""
    if name in _CHOICES:
        valid, wanted = value in _CHOICES[name], f"one of {', '.join(_CHOICES[name])}"
    elif name in _TEXTS:
        valid, wanted = isinstance(value, str), "a text"
    elif name == "installed":
        valid, wanted = isinstance(value, bool), "true or false"
    elif name in _WHOLE:
        valid, wanted = _is_number(value, whole=True), "a whole number of 0 or more"
    elif name in _SHARES:
        valid, wanted = _is_number(value, most=1.0), "a number from 0 to 1"
    else:
        valid, wanted = _is_number(value), "a number of 0 or more"
    if not valid:
        raise ValueError(f"{name} must be {wanted}, not {value!r}")


def _is_number(value: object, *, whole: bool = False, most: float = float("inf")) -> bool:
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        return False
    return 0 <= value <= most


# Of the models below the quality is of interest and not the speed.
_QUICK_START_MS = 10.0
_QUICK_TOKEN_MS = 1.0


def _judge(kind: str, noise: float, bias: JudgeBias = "none") -> ModelConfig:
    """Make a judge whose faults are known."""
    return ModelConfig(
        name=f"stand-in-judge-{kind}",
        provider="openai",
        quality=0.9,
        time_to_first_token_ms=_QUICK_START_MS,
        ms_per_token=_QUICK_TOKEN_MS,
        bad_judge_rate=0.0,
        judge_noise=noise,
        judge_bias=bias,
    )


def _of_quality(percent: int, kind: str = "", padding: int = 0) -> ModelConfig:
    """Make a model whose quality is known."""
    return ModelConfig(
        name=f"stand-in-quality-{percent}{kind}",
        provider="openai",
        quality=percent / 100,
        time_to_first_token_ms=_QUICK_START_MS,
        ms_per_token=_QUICK_TOKEN_MS,
        padding=padding,
    )


DEFAULT_MODELS: tuple[ModelConfig, ...] = (
    ModelConfig(
        name="stand-in-gpt-4",
        provider="openai",
        quality=0.93,
        time_to_first_token_ms=150,
        ms_per_token=6,
        bad_judge_rate=0.02,
        judge_noise=0.8,
    ),
    ModelConfig(
        name="stand-in-embedding", provider="openai", capability="embedding", bad_judge_rate=0
    ),
    ModelConfig(
        name="stand-in-7b:q4",
        quality=0.76,
        time_to_first_token_ms=110,
        ms_per_token=5.5,
        load_ms=500,
        bad_judge_rate=0.06,
    ),
    ModelConfig(
        name="stand-in-7b:q2",
        quality=0.58,
        time_to_first_token_ms=100,
        ms_per_token=5,
        load_ms=450,
        bad_judge_rate=0.1,
        judge_noise=1.2,
        quantization_level="Q2_K",
        size=2_800_000_000,
        size_vram=3_800_000_000,
    ),
    ModelConfig(
        name="stand-in-3b:q4",
        quality=0.42,
        time_to_first_token_ms=60,
        ms_per_token=4.5,
        load_ms=400,
        bad_judge_rate=0.15,
        judge_noise=1.5,
        parameter_size="3B",
        parameter_count=3_000_000_000,
        size=2_000_000_000,
        size_vram=3_000_000_000,
        context_length=4_096,
    ),
    ModelConfig(
        name="stand-in-1b:q4",
        quality=0.25,
        time_to_first_token_ms=60,
        ms_per_token=4,
        load_ms=300,
        bad_judge_rate=0.25,
        judge_noise=2.0,
        installed=False,
        parameter_size="1B",
        parameter_count=1_000_000_000,
        size=700_000_000,
        size_vram=1_200_000_000,
        context_length=2_048,
    ),
    # For studies in which the truth is known: who is how good, and which judge to trust.
    *(_of_quality(percent) for percent in (90, 75, 60, 50)),
    _of_quality(35, "-wordy", padding=8),
    _of_quality(10),
    _judge("good", noise=0.3),
    _judge("noisy", noise=3.0),
    _judge("likes-length", noise=0.3, bias="length"),
    _judge("takes-first", noise=0.3, bias="first"),
    _judge("gullible", noise=0.3, bias="gullible"),
    _judge("random", noise=0.3, bias="random"),
)


class Catalog:
    """The models the sandbox knows, by name; changes are forgotten with `restore`."""

    def __init__(self, overrides: Mapping[str, Mapping[str, Any] | None] | None = None) -> None:
        self._start = {model.name: model for model in DEFAULT_MODELS}
        for name, changes in (overrides or {}).items():
            if changes is None:
                self._start.pop(name, None)
            else:
                self._start[name] = _changed(self._start.get(name), name, changes)
        self._models = dict(self._start)

    def find(self, name: str, provider: Provider) -> ModelConfig | None:
        """Look a model up as that provider's API would; Ollama reads no tag as `:latest`."""
        model = self._models.get(name)
        if model is None and provider == "ollama":
            model = self._models.get(f"{name}:latest")
        return model if model is not None and model.provider == provider else None

    def listed(self, provider: Provider | None = None) -> list[ModelConfig]:
        """List the models, all or those of one provider, in the order they became known."""
        models = self._models.values()
        return [model for model in models if provider in (None, model.provider)]

    def change(self, name: str, changes: Mapping[str, Any]) -> ModelConfig:
        """Override fields of a model, or make a new one; ValueError says what is wrong."""
        model = _changed(self._models.get(name), name, changes)
        self._models[name] = model
        return model

    def restore(self) -> None:
        """Go back to the models the server started with."""
        self._models = dict(self._start)


def read_overrides(path: Path) -> dict[str, dict[str, Any] | None]:
    """Read `{"name": {field: value, ...}, "unwanted name": null}` from a JSON file."""
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ValueError("the file must hold one JSON object: model names and their fields")
    return content


def _changed(model: ModelConfig | None, name: str, changes: Mapping[str, Any]) -> ModelConfig:
    if not isinstance(changes, Mapping):
        raise ValueError(f"the fields of {name} must be a JSON object")
    known = {field.name for field in fields(ModelConfig)}
    unknown = sorted(set(changes) - known)
    if unknown:
        raise ValueError(f"unknown field {unknown[0]!r}; known are {', '.join(sorted(known))}")
    if changes.get("name", name) != name:
        raise ValueError("the name in the body differs from the name in the address")
    return replace(model or ModelConfig(name=name), **changes)
