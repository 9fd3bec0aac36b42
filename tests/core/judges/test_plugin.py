"""A judge of one's own is a function or a class in one file, and breaks nothing else."""

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import slam
from core.errors import InvalidInputError
from core.judges import registry
from core.judges.base import (
    JudgedResponse,
    LLMJudge,
    MeasuringJudge,
    Score,
    Unscored,
    configured,
    judge_identity,
)
from core.judges.gates import NoTools, failed_gate
from core.judges.measuring import measured

HEAD = "from slam import JudgedResponse, Score, Unscored, judge\n"
BREVITY = HEAD + textwrap.dedent('''
    @judge(label="Brevity")
    def brevity(response: JudgedResponse) -> float:
        """How short the response is."""
        return max(0.0, 1 - len(response.text.split()) / 10)
''')


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder of judges that the registry uses."""
    folder = tmp_path / "judges"
    folder.mkdir()
    yield folder
    registry.use_folder(tmp_path / "none")


def use(folder: Path, **files: str) -> None:
    for name, source in files.items():
        (folder / f"{name}.py").write_text(source, "utf-8")
    # Another folder in between, since one that is used is not read again.
    registry.use_folder(folder / "none")
    registry.use_folder(folder)


def scored(name: str, *texts: str) -> list[Score | Unscored]:
    judge = registry.judge_named(name)
    assert isinstance(judge, MeasuringJudge)
    return measured(judge, [JudgedResponse(text, "prompt", text) for text in texts], NoTools())


def test_a_function_in_a_folder_is_a_judge_like_ours(folder: Path) -> None:
    use(folder, brevity=BREVITY)
    assert registry.problems() == ()
    assert registry.judge_named("brevity").label == "Brevity"
    assert registry.judge_named("brevity").__doc__ == "How short the response is."
    assert scored("brevity", "one two", "w " * 50) == [Score(0.8), Score(0.0)]


def test_the_source_is_a_part_of_the_identity(folder: Path) -> None:
    use(folder, brevity=BREVITY)
    before = judge_identity(registry.judge_named("brevity"), None)
    use(folder, brevity=BREVITY)
    assert judge_identity(registry.judge_named("brevity"), None) == before
    use(folder, brevity=BREVITY.replace("/ 10", "/ 11"))
    assert judge_identity(registry.judge_named("brevity"), None) != before


def test_the_function_can_be_called_by_itself(folder: Path) -> None:
    use(folder, brevity=BREVITY)

    @slam.judge(name="length", scale=(0, 100))
    def length(response: slam.JudgedResponse) -> float:
        return len(response.text)

    assert length(JudgedResponse("id", "", "abc")) == 3


def test_a_judge_may_give_scores_with_reasons_and_refuse(folder: Path) -> None:
    source = HEAD + textwrap.dedent("""
        @judge(needs=["references"], scale=(1, 5))
        def picky(response):
            if "?" in response.text:
                return Unscored("question", "It asks back.")
            return Score(5, "Good.", raw=2.0)
    """)
    use(folder, picky=source)
    judge = registry.judge_named("picky")
    assert isinstance(judge, MeasuringJudge)
    with_reference = JudgedResponse("1", "", "a", references=("r",))
    asking = JudgedResponse("2", "", "a?", references=("r",))
    alone = JudgedResponse("3", "", "a")
    found = measured(judge, [with_reference, asking, alone], NoTools())
    assert found[:2] == [Score(5, "Good.", raw=2.0), Unscored("question", "It asks back.")]
    assert isinstance(found[2], Unscored)
    assert found[2].kind == "no_reference"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("return 1.5", "it gave 1.5, which is not between 0 and 1"),
        ("return float('nan')", "it gave nan where a finite number must be"),
        ("return None", "it gave None instead of a score"),
        ("return 'good'", "it gave 'good' instead of a score"),
        ("return 1 / 0", "ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("return 10**400", "OverflowError: int too large to convert to float"),
        ("return Score(0.5, raw=float('inf'))", "it gave inf where a finite number must be"),
    ],
)
def test_a_broken_function_fails_the_response_and_not_the_others(
    folder: Path, body: str, told: str
) -> None:
    rest = f"    if response.text == 'bad':\n        {body}\n    return 1.0\n"
    use(folder, shaky=f"{HEAD}@judge\ndef shaky(response):\n{rest}")
    good, bad = scored("shaky", "good", "bad")
    assert good == Score(1.0)
    assert bad == Unscored("broken_judge", f"The judge Shaky is broken: {told}.")


def test_a_broken_gate_of_ones_own_fails_nothing(folder: Path) -> None:
    source = f"{HEAD}@judge(is_gate=True)\ndef gate(response):\n    return 1 / 0\n"
    use(folder, gate=source)
    assert failed_gate("Good morning!", "prompt") is None


def test_a_gate_of_ones_own_gates(folder: Path) -> None:
    source = f"{HEAD}@judge(is_gate=True)\ndef gate(response):\n    return response.text != 'x'\n"
    use(folder, gate=source)
    assert failed_gate("x", "prompt") == "gate"
    assert failed_gate("y", "prompt") is None


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("import nothing_of_that_name", "ModuleNotFoundError: No module named"),
        ("def broken(:", "SyntaxError: "),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("x = 1", "it holds no @judge"),
        ("\0", "contain null bytes"),
        (f"{HEAD}@judge(name='A b')\ndef f(r): ...", "The judge's name 'A b' cannot be used"),
        (f"{HEAD}@judge(scale=(1, 1))\ndef f(r): ...", "has the scale 1 to 1"),
        (f"{HEAD}@judge(needs='all')\ndef f(r): ...", "known are references, corpus"),
        (
            f"{HEAD}@judge(needs='references', is_gate=True)\ndef f(r): ...",
            "The judge 'f' cannot be a gate and need references, since a gate is shown prompt "
            "and response only; take out is_gate or what it needs.",
        ),
        (f"{HEAD}@judge\nclass F: ...", "The judge F is no dataclass"),
        (
            f"import dataclasses\n{HEAD}@judge\n@dataclasses.dataclass(frozen=True)\nclass F: ...",
            "The judge F lacks name, label, kind, options, scale, needs, asks_model, is_gate",
        ),
    ],
)
def test_a_file_that_cannot_be_taken_is_told_and_the_others_go_on(
    folder: Path, source: str, told: str
) -> None:
    use(folder, bad=source, brevity=BREVITY)
    [problem] = registry.problems()
    assert problem.startswith(f"No judge could be taken from {folder / 'bad.py'}: ")
    assert told in problem
    assert "Traceback" not in problem
    assert registry.judge_named("brevity").label == "Brevity"


def test_a_name_that_is_taken_is_left_out_and_told(folder: Path) -> None:
    use(folder, a=BREVITY, b=BREVITY, c=BREVITY.replace("brevity", "bleu"))
    assert registry.judge_named("bleu").label == "BLEU"
    assert [one.partition(" was left out")[0] for one in registry.problems()] == [
        f"The judge 'brevity' of {folder / 'b.py'}",
        f"The judge 'bleu' of {folder / 'c.py'}",
    ]


def test_a_folder_that_was_named_and_is_not_there_is_told(tmp_path: Path) -> None:
    registry.use_folder(tmp_path / "judges")
    assert registry.problems() == ()
    registry.use_folder(tmp_path / "judges", must_exist=True)
    assert "there is no such folder" in registry.problems()[0]
    registry.use_folder(tmp_path / "none")


def test_the_example_of_the_documents_is_a_judge(folder: Path) -> None:
    document = (Path(__file__).parents[3] / "docs" / "judges.md").read_text("utf-8")
    example = document.partition("```python\n")[2].partition("```")[0]
    use(folder, example=example)
    assert registry.problems() == ()
    assert scored("brevity", "word " * 100) == [Score(0.5)]


MEASURING = """
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import Field

from slam import JudgedResponse, JudgeKind, Options, Scale, Score, Tools, judge


class WordsOptions(Options):
    most: int = Field(default=10, title="Most words", description="What scores 0.")


@judge
@dataclass(frozen=True)
class Words:
    '''How few words there are.'''

    options: WordsOptions = field(default_factory=WordsOptions)
    name = "few_words"
    label = "Few words"
    kind = JudgeKind.CHECK
    scale = Scale(0, 1)
    needs = frozenset()
    asks_model = False
    is_gate = False

    def configuration(self) -> dict[str, object]:
        return {"most": self.options.most}

    def score(self, responses: Sequence[JudgedResponse], tools: Tools) -> list[Score]:
        return [Score(max(0.0, 1 - len(one.text.split()) / self.options.most)) for one in responses]
"""


def test_a_class_in_a_folder_is_a_judge_with_options(folder: Path) -> None:
    use(folder, words=MEASURING)
    assert registry.problems() == ()
    judge = configured(registry.judge_named("few_words"), {"most": 4})
    assert isinstance(judge, MeasuringJudge)
    assert judge.score([JudgedResponse("1", "", "a b")], NoTools()) == [Score(0.5)]
    assert judge.configuration()["most"] == 4
    assert len(judge.configuration()["source"]) == 64


def test_options_are_a_part_of_a_classs_identity_though_it_does_not_say_so(folder: Path) -> None:
    said = """    def configuration(self) -> dict[str, object]:
        return {"most": self.options.most}
"""
    assert said in MEASURING
    use(folder, words=MEASURING.replace(said, ""))
    assert registry.problems() == ()
    judge = registry.judge_named("few_words")
    other = configured(judge, {"most": 4})
    assert other.configuration()["options"] == {"most": 4}
    assert (other.configuration()["scale"], other.configuration()["needs"]) == ([0, 1], [])
    assert judge_identity(judge, None) != judge_identity(other, None)
    assert judge_identity(judge, None) == judge_identity(configured(judge, {"most": 10}), None)


ASKING = """
from dataclasses import dataclass, field

from slam import Asking, ChatRequest, JudgeKind, Options, Scale, Score, Shape, judge


@judge
@dataclass(frozen=True)
class Taste:
    '''Asks a model for its taste.'''

    options: Options = field(default_factory=Options)
    name = "taste"
    label = "Taste"
    kind = JudgeKind.LLM
    scale = Scale(0, 10)
    asking = Asking(Shape.RESPONSE)

    def configuration(self):
        return {}

    def request(self, task, model):
        return ChatRequest(model, task.responses[0])

    def parse(self, reply, task):
        return Score(len(reply.text) % 11)
"""


def test_a_class_that_asks_a_model_is_a_judge_too(folder: Path) -> None:
    use(folder, taste=ASKING)
    assert registry.problems() == ()
    assert isinstance(registry.judge_named("taste"), LLMJudge)


def test_an_installed_package_brings_judges_by_its_entry_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    info = site / "tasteful-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "tasteful_judges.py").write_text(BREVITY, "utf-8")
    (site / "tasteful_broken.py").write_text("1 / 0", "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tasteful\nVersion: 1.0\n")
    lines = ["[slam.judges]", "brevity = tasteful_judges:brevity", "broken = tasteful_broken"]
    (info / "entry_points.txt").write_text("\n".join(lines), "utf-8")
    monkeypatch.syspath_prepend(str(site))
    registry.use_folder(tmp_path, must_exist=True)
    try:
        assert registry.judge_named("brevity").label == "Brevity"
        [problem] = registry.problems()
        assert problem == (
            "No judge could be taken from broken of tasteful: ZeroDivisionError: division by zero."
        )
    finally:
        monkeypatch.undo()
        registry.use_folder(tmp_path / "none")
    assert "brevity" not in registry.judges()


def test_a_function_that_was_written_nowhere_is_refused() -> None:
    written: dict[str, Any] = {}
    exec("def nowhere(response): return 1.0", written)  # noqa: S102 - as a prompt would
    with pytest.raises(InvalidInputError, match="was not written in a file"):
        slam.judge(written["nowhere"])


def test_every_name_of_the_package_is_there_and_no_other() -> None:
    for name in slam.__all__:
        assert getattr(slam, name).__name__ == name
    with pytest.raises(AttributeError):
        _ = slam.nothing
