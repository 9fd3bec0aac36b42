"""How likely one text is after another to a language model: BARTScore's figure.

Yuan et al. 2021, https://arxiv.org/abs/2106.11520. For a model of an encoder and a decoder, as in
the authors' code: the mean log-probability of the target's tokens, its marks of beginning and end
among them. For a model that only goes on with a text: of the target's tokens and the mark of the
end, written after the source.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from core.errors import InvalidInputError
from core.judges.similarity.models import (
    contents,
    encodable,
    folder_hash,
    loading,
    quiet,
    versions,
)

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

MAX_TOKENS = 1024
"""More of a text is cut even where a model reads more: work grows with the square."""
TOKENS_AT_ONCE = 1024
"""So many tokens of targets at once; each takes memory of the size of the vocabulary."""
_IGNORED = -100
"""PyTorch's mark of a label that does not count."""
_lock = Lock()
"""A tokenizer must not be used by two threads at once, and PyTorch uses all cores for one."""

Pair = tuple[str, str]
"""A source, and the target that is read after it."""


@dataclass(frozen=True, slots=True)
class Likelihood:
    """The mean over tokens, 0 or less, and whether only a part of a text was read."""

    mean_log_likelihood: float
    is_cut: bool


def likelihood_configuration(model: str, revision: str) -> dict[str, Any]:
    """What tells a model from others, and the versions of what runs it.

    Raises:
        InvalidInputError: the extra ``similarity`` is not installed.
    """
    path = Path(model).expanduser()
    known = (
        {"model": path.name, "weights": folder_hash(path)}
        if path.is_dir()
        else {"model": model, "revision": revision}
    )
    libraries = versions("similarity", "transformers", "tokenizers", "torch")
    return {**known, **libraries, "max_tokens": MAX_TOKENS}


def likelihoods(model: str, revision: str, pairs: Sequence[Pair]) -> dict[Pair, Likelihood]:
    """The likelihood of each target after its source; each source is read once.

    Raises:
        InvalidInputError: the model cannot be loaded or is none that writes.
    """
    targets: dict[str, list[str]] = defaultdict(list)
    for source, target in dict.fromkeys(pairs):
        targets[source].append(target)
    found: dict[Pair, Likelihood] = {}
    with _lock:
        writer = _loaded(model, revision, contents(model))
        for source, wanted in targets.items():
            for target, likelihood in zip(wanted, writer.read(source, wanted), strict=True):
                found[source, target] = likelihood
    return found


@dataclass(frozen=True)
class _Writer:
    """A loaded model, the tokens it reads at most, and the id of its mark of the end."""

    tokenizer: "PreTrainedTokenizerBase"
    network: "PreTrainedModel"
    longest: int
    end: int

    def read(self, source: str, targets: Sequence[str]) -> list[Likelihood]:
        """The likelihoods of targets after one source."""
        import torch

        with torch.inference_mode():
            if self.network.config.is_encoder_decoder:
                return self._decode(source, targets)
            return self._continue(source, targets)

    def _decode(self, source: str, targets: Sequence[str]) -> list[Likelihood]:
        import torch
        from transformers.modeling_outputs import BaseModelOutput

        read, source_cut = _tokens(self.tokenizer, source, self.longest)
        ids = torch.tensor([read], device=self.network.device)
        state = self.network.get_encoder()(input_ids=ids).last_hidden_state
        wanted = [_tokens(self.tokenizer, target, self.longest) for target in targets]
        found: dict[int, Likelihood] = {}
        for places in _batches([len(tokens) for tokens, _ in wanted]):
            labels = self._padded([wanted[place][0] for place in places])
            encoded = BaseModelOutput(last_hidden_state=state.expand(len(places), -1, -1))
            logits = self.network(encoder_outputs=encoded, labels=labels).logits
            for place, mean in zip(places, _means(logits, labels), strict=True):
                found[place] = Likelihood(mean, source_cut or wanted[place][1])
        return [found[place] for place in range(len(targets))]

    def _continue(self, source: str, targets: Sequence[str]) -> list[Likelihood]:
        half = self.longest // 2
        read, source_cut = _tokens(self.tokenizer, source, half)
        # A model without a mark of the beginning takes that of the end for it.
        before = read or [self.end]
        wanted = [_tokens(self.tokenizer, target, half - 1, marks=False) for target in targets]
        found: dict[int, Likelihood] = {}
        for places in _batches([len(before) + len(tokens) + 1 for tokens, _ in wanted]):
            after = [[*wanted[place][0], self.end] for place in places]
            ids = self._padded([[*before, *tokens] for tokens in after], fill=self.end)
            labels = self._padded([[_IGNORED] * len(before) + tokens for tokens in after])
            logits = self.network(input_ids=ids).logits
            for place, mean in zip(places, _means(logits[:, :-1], labels[:, 1:]), strict=True):
                found[place] = Likelihood(mean, source_cut or wanted[place][1])
        return [found[place] for place in range(len(targets))]

    def _padded(self, rows: Sequence[Sequence[int]], fill: int = _IGNORED) -> "torch.Tensor":
        import torch

        length = max(map(len, rows))
        filled = [[*row, *[fill] * (length - len(row))] for row in rows]
        return torch.tensor(filled, device=self.network.device)


@lru_cache(maxsize=1024)  # a reference comes again with every response
def _tokens(
    tokenizer: "PreTrainedTokenizerBase", text: str, longest: int, *, marks: bool = True
) -> tuple[list[int], bool]:
    """The tokens that are read of a text, and whether there were more."""
    readable = encodable(text)
    ids = tokenizer(readable, add_special_tokens=marks, verbose=False)["input_ids"]
    if len(ids) <= longest:
        return list(ids), False
    cut = tokenizer(readable, add_special_tokens=marks, truncation=True, max_length=longest)
    return list(cut["input_ids"]), True


def _means(logits: "torch.Tensor", labels: "torch.Tensor") -> list[float]:
    """The mean log-probability of each row's labels."""
    import torch

    losses = torch.nn.functional.cross_entropy(
        logits.float().transpose(1, 2), labels, ignore_index=_IGNORED, reduction="none"
    )
    means: list[float] = (-losses.sum(dim=1) / (labels != _IGNORED).sum(dim=1)).tolist()
    return means


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """The places of rows of about one length, `TOKENS_AT_ONCE` at most unless one has more."""
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[place] > TOKENS_AT_ONCE:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


@lru_cache(maxsize=1)  # one such model can take gigabytes
def _loaded(model: str, revision: str, _contents: str) -> _Writer:
    versions("similarity", "transformers", "torch")
    with loading(model):
        import torch
        from transformers import (
            AutoConfig,
            AutoModelForCausalLM,
            AutoModelForSeq2SeqLM,
            AutoTokenizer,
        )

        quiet()
        name = str(Path(model).expanduser()) if Path(model).expanduser().is_dir() else model
        config = AutoConfig.from_pretrained(name, revision=revision)
        kind = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
        network = kind.from_pretrained(name, revision=revision, dtype=torch.float32)
        tokenizer = AutoTokenizer.from_pretrained(name, revision=revision)
    if tokenizer.eos_token_id is None:
        raise InvalidInputError(
            f"The model {model!r} has no mark for the end of a text; name one that writes texts."
        )
    positions = getattr(config, "max_position_embeddings", None) or MAX_TOKENS
    return _Writer(
        tokenizer,
        network.eval().to("cuda" if torch.cuda.is_available() else "cpu"),
        longest=min(MAX_TOKENS, positions, tokenizer.model_max_length),
        end=tokenizer.eos_token_id,
    )
