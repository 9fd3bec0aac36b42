"""What planned calls will take: tokens, money and hours, expected and at most.

Values in, values out: what is known of earlier calls goes in, an estimate comes out, and with every
figure where it comes from. "At most" is for one answer a call; a call that is repeated because its
answer was of no use is paid again, and only a run's budget holds that.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil

from core.bench.prices import Price, cost_of
from core.providers.base import ChatRequest, Usage

ASSUMED_COMPLETION_TOKENS = 300
"""What an answer is expected to take where nothing is known."""
MOST_COMPLETION_TOKENS = 4096
"""What an answer without a limit is taken to use at most. Some models can write more: where money
matters, set ``max_tokens``."""
BYTES_PER_TOKEN = 3
"""UTF-8 bytes a token of a prompt that was never counted; English prose has more, mostly four."""
FRAMING_TOKENS = 16
"""What a chat's roles and separators add to a prompt, generously: OpenAI counts 3 tokens a message,
1 a role and 3 for the reply, and a call has two messages at most."""
_NS_PER_S = 1_000_000_000


class Source(StrEnum):
    """Where a count of tokens comes from, the best first."""

    OWN = "counted for this model and prompt"
    OTHERS = "counted for this prompt with other models"
    LIMIT = "the limit max_tokens"
    STUDY = "the mean of this study's answers"
    ASSUMED = "assumed"


class MoneyStatus(StrEnum):
    """Whether it is known what the calls cost."""

    OK = "ok"
    NOT_PAID = "not_paid"
    PRICE_MISSING = "price_missing"


@dataclass(frozen=True, slots=True)
class Counts:
    """Tokens that stored answers took, on average and at most; ``None`` where nobody counted.

    ``most_prompt_tokens`` is ``None`` too where the prompts were like this one, not the same.
    """

    prompt_tokens: float | None = None
    most_prompt_tokens: int | None = None
    completion_tokens: float | None = None
    most_completion_tokens: int | None = None


NOTHING_COUNTED = Counts()


@dataclass(frozen=True, slots=True)
class PlannedPrompt:
    """Calls of one model (``provider/model``) with one prompt, and what is known of such calls."""

    model: str
    calls: int
    prompt_bytes: int
    max_tokens: int | None = None
    own: Counts = NOTHING_COUNTED
    others: Counts = NOTHING_COUNTED


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a model answers, and what holds it up; ``None`` is unknown, or no limit.

    ``load_duration_ns`` is what it takes to bring a model of our own machine into memory.
    """

    concurrent_requests: int
    requests_per_minute: float | None = None
    median_duration_ns: float | None = None
    load_duration_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of some calls together, and how many of the calls were estimated from what."""

    expected: float = 0.0
    most: int = 0
    sources: tuple[tuple[Source, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ModelEstimate:
    """What one model's calls will take; ``seconds`` is ``None`` where it was never timed."""

    model: str
    is_paid: bool
    price: Price | None
    calls: int
    prompt_tokens: Tokens
    completion_tokens: Tokens
    seconds: float | None
    is_batched: bool = False

    @property
    def status(self) -> MoneyStatus:
        """Whether it is known what the calls cost."""
        if not self.is_paid:
            return MoneyStatus.NOT_PAID
        return MoneyStatus.PRICE_MISSING if self.most_usd is None else MoneyStatus.OK

    @property
    def expected_usd(self) -> float | None:
        """What the calls are expected to cost; ``None`` without a price."""
        return self._usd(self.prompt_tokens.expected, self.completion_tokens.expected)

    @property
    def most_usd(self) -> float | None:
        """What the calls cost at most; ``None`` without a price."""
        return self._usd(self.prompt_tokens.most, self.completion_tokens.most)

    def _usd(self, prompt_tokens: float, completion_tokens: float) -> float | None:
        if not self.is_paid:
            return None
        usage = Usage(ceil(prompt_tokens), ceil(completion_tokens))
        return cost_of(self.price, usage, is_batched=self.is_batched)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What planned calls will take, model by model."""

    models: tuple[ModelEstimate, ...]
    is_batched: bool = False

    def batched(self) -> "Estimate":
        """The same calls handed over as batches."""
        models = tuple(replace(one, is_batched=True) for one in self.models)
        return Estimate(models, is_batched=True)

    @property
    def calls(self) -> int:
        """How many calls there are."""
        return sum(one.calls for one in self.models)

    @property
    def expected_tokens(self) -> float:
        """The tokens of all prompts and answers that are expected."""
        return sum(
            one.prompt_tokens.expected + one.completion_tokens.expected for one in self.models
        )

    @property
    def paid_calls(self) -> int:
        """How many of the calls go to paid models."""
        return sum(one.calls for one in self.models if one.is_paid)

    @property
    def unpriced(self) -> tuple[str, ...]:
        """The paid models without a price, by name."""
        missing = MoneyStatus.PRICE_MISSING
        return tuple(sorted(one.model for one in self.models if one.status is missing))

    @property
    def status(self) -> MoneyStatus:
        """Whether it is known what all the calls cost."""
        if self.unpriced:
            return MoneyStatus.PRICE_MISSING
        return MoneyStatus.OK if self.paid_calls else MoneyStatus.NOT_PAID

    @property
    def expected_usd(self) -> float | None:
        """What the calls are expected to cost; ``None`` unless the status is ``ok``."""
        if self.status is not MoneyStatus.OK:
            return None
        return sum(one.expected_usd or 0.0 for one in self.models)

    @property
    def most_usd(self) -> float | None:
        """What the calls cost at most; ``None`` unless the status is ``ok``."""
        return self.priced_most_usd if self.status is MoneyStatus.OK else None

    @property
    def priced_most_usd(self) -> float | None:
        """What the calls to models with a price cost at most; ``None`` if there are none."""
        known = [one.most_usd for one in self.models if one.most_usd is not None]
        return sum(known) if known else None

    @property
    def problem(self) -> str | None:
        """Why the sum is unknown and how to mend it, in one sentence."""
        if not self.unpriced:
            return None
        of = "for batches of" if self.is_batched else "of"
        return (
            f"There is no price {of} {', '.join(self.unpriced)}; enter one on the page “Prices”, "
            "or confirm without a known price."
        )

    @property
    def seconds(self) -> float | None:
        """How long it takes, providers side by side and the models of each one after the other.

        ``None`` when any model was never timed, and for batches, which are answered in a day.
        """
        if self.is_batched:
            return None
        by_provider: dict[str, float] = defaultdict(float)
        for one in self.models:
            if one.seconds is None:
                return None
            by_provider[one.model.partition("/")[0]] += one.seconds
        return max(by_provider.values(), default=0.0)


def estimate(
    planned: Iterable[PlannedPrompt],
    *,
    prices: Mapping[str, Price],
    paid_models: frozenset[str],
    speeds: Mapping[str, Speed],
    study_completion_tokens: float | None = None,
) -> Estimate:
    """Estimate planned calls.

    Args:
        planned: the calls.
        prices: the price of each model that has one.
        paid_models: the models whose provider takes money.
        speeds: how fast each model is.
        study_completion_tokens: the mean of the answers that the study has.
    """
    by_model: dict[str, list[PlannedPrompt]] = defaultdict(list)
    for one in planned:
        if one.calls:
            by_model[one.model].append(one)
    return Estimate(
        tuple(
            _of_model(
                model, prompts, prices.get(model), model in paid_models, speeds.get(model),
                study_completion_tokens,
            )
            for model, prompts in sorted(by_model.items())
        )
    )  # fmt: skip


def most_one_call_costs(
    price: Price | None,
    prompt_text: str,
    max_tokens: int | None = None,
    *,
    is_batched: bool = False,
) -> float | None:
    """The most that one answer to one call may cost, to be set aside in a budget before it is sent.

    The prompt is bounded by one token a UTF-8 byte, which holds for every tokenizer that works on
    bytes and takes each at least once, and the answer by ``max_tokens``, else by
    `MOST_COMPLETION_TOKENS`.

    Args:
        price: the model's price.
        prompt_text: all that is sent to be read (see `text_of`).
        max_tokens: the limit of the answer, with its reasoning.
        is_batched: whether the call goes with a batch.

    Returns:
        US dollars; ``None`` without a price.
    """
    usage = Usage(
        most_prompt_tokens(len(prompt_text.encode())), max_tokens or MOST_COMPLETION_TOKENS
    )
    return cost_of(price, usage, is_batched=is_batched)


def most_prompt_tokens(prompt_bytes: int) -> int:
    """The most tokens that a prompt of so many UTF-8 bytes can have."""
    return prompt_bytes + FRAMING_TOKENS


def text_of(request: ChatRequest) -> str:
    """All of a request that a model reads: prompt, system prompt, and the schema of its answer."""
    schema = str(request.json_schema) if request.json_schema else ""
    return f"{request.system_prompt or ''}{request.prompt}{schema}"


def seconds_of(calls: int, speed: Speed | None) -> float | None:
    """How long calls to one model take; ``None`` where it was never timed."""
    if speed is None or speed.median_duration_ns is None:
        return None
    rounds = max(calls / speed.concurrent_requests, 1.0)
    answering = rounds * speed.median_duration_ns / _NS_PER_S
    leaving = calls * 60 / speed.requests_per_minute if speed.requests_per_minute else 0.0
    return max(answering, leaving) + (speed.load_duration_ns or 0) / _NS_PER_S


def _of_model(
    model: str,
    prompts: list[PlannedPrompt],
    price: Price | None,
    is_paid: bool,
    speed: Speed | None,
    study_completion_tokens: float | None,
) -> ModelEstimate:
    calls = sum(one.calls for one in prompts)
    return ModelEstimate(
        model=model,
        is_paid=is_paid,
        price=price,
        calls=calls,
        prompt_tokens=_summed((one.calls, *_prompt_tokens(one)) for one in prompts),
        completion_tokens=_summed(
            (one.calls, *_completion_tokens(one, study_completion_tokens)) for one in prompts
        ),
        seconds=seconds_of(calls, speed),
    )


def _summed(parts: Iterable[tuple[int, float, int, Source]]) -> Tokens:
    expected, most = 0.0, 0
    sources: Counter[Source] = Counter()
    for calls, each, at_most, source in parts:
        expected += calls * each
        most += calls * at_most
        sources[source] += calls
    order = list(Source)
    return Tokens(
        expected, most, tuple(sorted(sources.items(), key=lambda one: order.index(one[0])))
    )


def _prompt_tokens(planned: PlannedPrompt) -> tuple[float, int, Source]:
    """Expected and most tokens of one prompt, and where the first comes from."""
    most = most_prompt_tokens(planned.prompt_bytes)
    if planned.own.prompt_tokens is not None:
        counted = planned.own.most_prompt_tokens
        most = most if counted is None else counted
        expected, source = planned.own.prompt_tokens, Source.OWN
    elif planned.others.prompt_tokens is not None:
        expected, source = planned.others.prompt_tokens, Source.OTHERS
    else:
        expected, source = ceil(planned.prompt_bytes / BYTES_PER_TOKEN), Source.ASSUMED
    # A host's own template around a short prompt can be longer than what framing allows for.
    return expected, max(most, ceil(expected)), source


def _completion_tokens(
    planned: PlannedPrompt, study_mean: float | None
) -> tuple[float, int, Source]:
    """Expected and most tokens of one answer, and where the first comes from."""
    most = planned.max_tokens
    if most is None:
        most = max(MOST_COMPLETION_TOKENS, planned.own.most_completion_tokens or 0)
    candidates: tuple[tuple[float | None, Source], ...] = (
        (planned.own.completion_tokens, Source.OWN),
        (planned.others.completion_tokens, Source.OTHERS),
        (planned.max_tokens, Source.LIMIT),
        (study_mean, Source.STUDY),
    )
    for expected, source in candidates:
        if expected is not None:
            return min(expected, most), most, source
    return min(ASSUMED_COMPLETION_TOKENS, most), most, Source.ASSUMED
