"""``slam score``: score the lines of a file with any judge, without a study."""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from core.errors import InvalidInputError, SlamError
from core.settings import load_settings

if TYPE_CHECKING:
    from core.judging.standalone import LineScorer, ScoredLine

_BAD_INPUT = 2
_REASON_CHARACTERS = 80


@click.command("score")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--judge", "judge_name", required=True, help="Name of the judge, such as sem_bleu.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.option("--model", help="The model that the judge asks, as provider/model.")
@click.option(
    "--options",
    "options_file",
    type=click.Path(path_type=Path),
    help="A JSON file with the judge's options.",
)
@click.option(
    "-o",
    "--option",
    "pairs",
    multiple=True,
    metavar="KEY=VALUE",
    help="One option of the judge, as JSON or as it is; wins over the file.",
)
@click.option(
    "--gates/--no-gates",
    "with_gates",
    default=True,
    show_default=True,
    help="Give empty responses and error texts the lowest score.",
)
@click.option("--yes", is_flag=True, help="Call a paid model without asking first.")
def score(
    file: Path,
    judge_name: str,
    *,
    as_json: bool,
    model: str | None,
    options_file: Path | None,
    pairs: tuple[str, ...],
    with_gates: bool,
    yes: bool,
) -> None:
    """Score each line of FILE ("-" is standard input), one result a line in the same order.

    A line is {"id": …, "prompt": …, "response": …}, with "references": […] and "facts": {…} where
    the judge needs them. A result is {"id", "score", "raw", "status", "reason"}; its status is ok,
    gated, not_applicable or failed. A broken line fails by itself and stops nothing.
    """
    try:
        options = _options(options_file, pairs)
        scorer = _scorer(judge_name, model, options, with_gates=with_gates)
        with _opened(file) as source:
            if not yes:
                _require_free(scorer, file, source)
            _print(scorer, source, as_json=as_json)
    except SlamError as error:
        click.echo(f"slam: {error}", err=True)
        sys.exit(_BAD_INPUT)


def _scorer(
    judge_name: str, model: str | None, options: Mapping[str, Any], *, with_gates: bool
) -> "LineScorer":
    # Imported here, as below: judges would make every other command start later.
    from core.judges.base import configured
    from core.judges.registry import judge_named, problems, use_folder
    from core.judging.standalone import LineScorer
    from core.providers.names import parse_model

    settings = load_settings()
    use_folder(settings.judges_path, must_exist=settings.judges_folder is not None)
    for problem in problems():
        click.echo(f"slam: {problem}", err=True)
    judge = configured(judge_named(judge_name), options)
    named = parse_model(model).full_name if model else None
    return LineScorer(judge, named, settings, with_gates=with_gates)


def _options(file: Path | None, pairs: tuple[str, ...]) -> dict[str, Any]:
    """The options of the file, then those of the command.

    Raises:
        InvalidInputError: the file cannot be read or is no JSON object, or a pair has no "=".
    """
    options: dict[str, Any] = {}
    if file is not None:
        try:
            options = json.loads(file.read_text("utf-8"))
        except OSError as error:
            raise _unreadable(file, error) from error
        except (ValueError, RecursionError) as error:
            raise InvalidInputError(f"{file} is no JSON ({error}); mend it.") from error
        if not isinstance(options, dict):
            raise InvalidInputError(f"{file} holds no JSON object of options; write one.")
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise InvalidInputError(f"The option {pair!r} has no value; write KEY=VALUE.")
        try:
            options[key] = json.loads(value)
        except ValueError:
            options[key] = value
    return options


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    try:
        opened = file.open("rb")
    except OSError as error:
        raise _unreadable(file, error) from error
    with opened:
        yield opened


def _unreadable(file: Path, error: OSError) -> InvalidInputError:
    return InvalidInputError(f"{file} cannot be read ({error.strerror}); name another file.")


def _require_free(scorer: "LineScorer", file: Path, source: BinaryIO) -> None:
    """Refuse to call a paid model that was not agreed to, and say how often it would be.

    Raises:
        InvalidInputError: the model is paid.
    """
    from core.judging.lines import read_lines
    from core.money.paid import is_paid_model

    if scorer.model is None or not is_paid_model(scorer.model):
        return
    often = "for every line"
    if str(file) != "-":
        often = f"{sum(map(scorer.calls_for, read_lines(source))):,} times"
    raise InvalidInputError(
        f"This would ask {scorer.model} {often}, which is paid; add --yes to do so."
    )


def _print(scorer: "LineScorer", source: BinaryIO, *, as_json: bool) -> None:
    from core.judging.lines import read_lines

    counts: Counter[str] = Counter()
    scores: list[float] = []
    for one in _watched(scorer.score(read_lines(source)), source):
        if as_json:
            click.echo(json.dumps(one.document(), ensure_ascii=False))
            continue
        if not counts:
            click.echo(_row("id", "score", "raw", "status", "reason"))
        click.echo(_table_row(one))
        counts[one.status.value] += 1
        if one.score is not None:
            scores.append(one.score)
    if not as_json:
        told = ", ".join(f"{count:,} {status}" for status, count in sorted(counts.items()))
        mean = f"; mean score {fmean(scores):.4g}" if scores else ""
        click.echo(f"\n{scorer.judge.label}: {told or 'no lines'}{mean}.")


def _watched(results: "Iterator[ScoredLine]", source: BinaryIO) -> "Iterator[ScoredLine]":
    """The same results, with a bar and the time left where a person waits for a file of them."""
    size = _size(source)
    if size is None or not sys.stderr.isatty() or sys.stdout.isatty():
        yield from results
        return
    with click.progressbar(length=size, label="Scoring", file=sys.stderr) as bar:
        done = 0
        for one in results:
            yield one
            bar.update(one.bytes_read - done)
            done = one.bytes_read


def _size(source: BinaryIO) -> int | None:
    name = getattr(source, "name", None)
    return Path(name).stat().st_size if isinstance(name, str) and Path(name).is_file() else None


def _table_row(one: "ScoredLine") -> str:
    reason = " ".join((one.reason or "").split())
    if len(reason) > _REASON_CHARACTERS:
        reason = f"{reason[: _REASON_CHARACTERS - 1]}…"
    return _row(
        str(one.id) if one.id is not None else "-",
        _number(one.score),
        _number(one.raw),
        one.status.value,
        reason,
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _row(line_id: str, score: str, raw: str, status: str, reason: str) -> str:
    return f"{line_id:<16} {score:>8} {raw:>8} {status:<15} {reason}".rstrip()
