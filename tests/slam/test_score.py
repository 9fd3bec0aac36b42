"""`slam score` as a person sees it: a file in, a line out for each line, whatever is in it."""

import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from core.judges import registry
from slam.command import cli
from tests.building import Sandbox, quick_sandbox
from tests.core.providers.helping import serving

PROMPT = "Write a friendly greeting for Sam in at most two sentences."
MODEL = "ollama/stand-in-7b:q4"
PAID = "openai/stand-in-gpt-4"


def line(line_id: str | int, response: str, *references: str, **more: object) -> dict[str, object]:
    return {"id": line_id, "prompt": PROMPT, "response": response, **more} | (
        {"references": list(references)} if references else {}
    )


GREETING = line("a", "Good morning, Sam! Have a nice day.", "Good morning, Sam! Have a good day.")
LONG = line(2, "Hi. Sam. Good. Day.", "Good morning, Sam! Have a good day.")
ERROR = line("c", "Error: connection refused", "Good morning, Sam! Have a good day.")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    home = tmp_path / "home"
    monkeypatch.setenv("SLAM_HOME", str(home))
    yield home
    registry.use_folder(tmp_path / "none")


@pytest.fixture(scope="module")
def stand_ins() -> Iterator[Sandbox]:
    with quick_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(stand_ins: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    stand_ins.reset()
    for name, value in stand_ins.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SLAM_REQUESTS_PER_MINUTE", "60000")
    return stand_ins


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path, GREETING, LONG, ERROR)


def written(folder: Path, *lines: object) -> Path:
    file = folder / "responses.jsonl"
    texts = [one if isinstance(one, str) else json.dumps(one) for one in lines]
    file.write_text("\n".join(texts) + "\n", "utf-8")
    return file


def score(file: Path | str, judge: str, *options: str, **more: Any) -> Result:
    return CliRunner().invoke(cli, ["score", str(file), "--judge", judge, *options], **more)


def scored(file: Path | str, judge: str, *options: str, **more: Any) -> list[dict[str, Any]]:
    result = score(file, judge, "--json", *options, **more)
    assert result.exit_code == 0, result.output
    return [json.loads(one) for one in result.stdout.splitlines()]


def refused(file: Path | str, judge: str, *options: str) -> str:
    result = score(file, judge, *options)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    [sentence] = result.stderr.splitlines()
    return sentence.removeprefix("slam: ")


def test_each_line_gets_a_line_with_the_five_keys_in_order(file: Path) -> None:
    found = scored(file, "sentence_limit")
    assert [list(one) for one in found] == [["id", "score", "raw", "status", "reason"]] * 3
    assert [(one["id"], one["score"], one["raw"]) for one in found[:2]] == [
        ("a", 1.0, 2.0),
        (2, 0.5, 4.0),
    ]


def test_a_response_that_is_no_answer_ranks_lowest(file: Path) -> None:
    greeting, long, error = scored(file, "bleu")
    assert greeting["score"] > long["score"] > error["score"] == 0
    assert [one["status"] for one in (greeting, long, error)] == ["ok", "ok", "gated"]
    assert error["reason"] == "It fails the check Error text, so it ranks lowest."
    assert scored(file, "bleu", "--no-gates")[2]["status"] == "ok"


def test_the_words_are_weighed_among_all_lines_of_one_prompt(tmp_path: Path) -> None:
    alone = scored(written(tmp_path, GREETING), "tf_idf")[0]["score"]
    among = scored(written(tmp_path, GREETING, LONG, ERROR), "tf_idf")[0]["score"]
    elsewhere = dict(LONG, prompt="Another prompt.")
    apart = scored(written(tmp_path, GREETING, elsewhere), "tf_idf")[0]["score"]
    assert apart == alone != among


def test_facts_are_read_from_the_line(tmp_path: Path) -> None:
    file = written(tmp_path, line("a", "You call Bob.", facts={"tasks": "Call Bob\nSend report"}))
    assert scored(file, "facts")[0]["score"] == 0.5


def test_broken_lines_fail_by_themselves_and_stop_nothing(tmp_path: Path) -> None:
    file = written(tmp_path, "not json", GREETING, {"id": "x"}, line("n", "a\0b"), "", LONG)
    found = scored(file, "sentence_limit")
    assert [(one["id"], one["status"]) for one in found] == [
        (None, "failed"),
        ("a", "ok"),
        ("x", "failed"),
        ("n", "failed"),
        (2, "ok"),
    ]
    assert found[0]["reason"].startswith("Line 1 is no JSON")


def test_what_cannot_be_checked_is_not_applicable_and_without_a_score(tmp_path: Path) -> None:
    [found] = scored(written(tmp_path, dict(GREETING, prompt="Greet Sam.")), "sentence_limit")
    assert (found["status"], found["score"], found["raw"]) == ("not_applicable", None, None)


def test_a_line_without_a_reference_fails_a_judge_that_compares(tmp_path: Path) -> None:
    [found] = scored(written(tmp_path, line("a", "Good morning!")), "bleu")
    assert (found["status"], found["score"]) == ("failed", None)
    assert found["reason"] == "The line has no reference to compare with; add one."


def test_references_that_are_blank_or_error_messages_are_none(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.change(MODEL, bad_judge_rate=0, judge_noise=0)
    real, unreal = "Good morning, Sam! Have a good day.", ["", " \n", "Error: connection refused"]
    file = written(
        tmp_path,
        line("without", "Good morning, Sam!", *unreal),
        line("beside", "Good morning, Sam!", *unreal, real),
        line("alone", "Good morning, Sam!", real),
    )
    for judge, *model in (("bleu",), ("tf_idf",), ("comparer", "--model", MODEL)):
        without, beside, alone = scored(file, judge, *model)
        assert without["reason"] == "The line has no reference to compare with; add one."
        assert (beside["score"], beside["raw"]) == (alone["score"], alone["raw"])
    assert sandbox.calls() == 2


def test_the_table_ends_with_what_became_of_the_lines(file: Path) -> None:
    result = score(file, "bleu")
    assert result.exit_code == 0
    head, *_, summary = result.stdout.splitlines()
    assert head.split() == ["id", "score", "raw", "status", "reason"]
    assert summary.startswith("BLEU: 1 gated, 2 ok; mean score 0.")


def test_standard_input_is_a_file_too(file: Path) -> None:
    found = scored("-", "sentence_limit", input=file.read_bytes())
    assert found == scored(file, "sentence_limit")


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    assert scored(tmp_path / "empty.jsonl", "empty") == []
    assert "no lines" in score(tmp_path / "empty.jsonl", "empty").stdout


def test_options_come_from_a_file_and_from_the_command_which_wins(
    file: Path, tmp_path: Path
) -> None:
    options = tmp_path / "options.json"
    options.write_text('{"maximum_words": 2}')
    from_file = scored(file, "length_limit", "--options", str(options))
    assert from_file[1]["score"] == 0.5
    both = scored(file, "length_limit", "--options", str(options), "-o", "maximum_words=4")
    assert both[1]["score"] == 1
    phrases = scored(file, "forbidden_phrases", "-o", 'phrases=["have a"]')
    assert [(one["status"], one["score"]) for one in phrases] == [
        ("ok", 0),
        ("ok", 1),
        ("gated", 0),
    ]
    assert scored(file, "language", "-o", "language=de")[0]["status"] == "ok"


def test_what_cannot_be_used_is_one_sentence_and_exit_status_2(file: Path, tmp_path: Path) -> None:
    assert refused(file, "nobody").startswith("There is no judge 'nobody'; choose one of ")
    assert refused(tmp_path / "none", "bleu").endswith(
        "none cannot be read (No such file or directory); name another file."
    )
    assert "cannot be read" in refused(tmp_path, "bleu")
    assert "x = 1" in refused(file, "bleu", "-o", "x=1")
    assert refused(file, "bleu", "-o", "x") == "The option 'x' has no value; write KEY=VALUE."
    assert "cannot be read" in refused(file, "bleu", "--options", str(tmp_path / "none"))
    assert "is no JSON" in refused(file, "bleu", "--options", str(_with(tmp_path, "{")))
    assert "no JSON object" in refused(file, "bleu", "--options", str(_with(tmp_path, "[]")))
    assert refused(file, "bleu", "--model", MODEL) == "BLEU asks no model; leave --model out."
    assert refused(file, "scorer") == "Scorer asks a model; name one with --model."
    assert "names no known provider" in refused(file, "scorer", "--model", "nobody/x")
    assert "several models' responses" in refused(file, "multi_choice_selector", "--model", MODEL)


def _with(folder: Path, text: str) -> Path:
    (folder / "options.json").write_text(text)
    return folder / "options.json"


@pytest.mark.parametrize("judge", ["scorer", "comparer", "comparer_nr", "pairwise"])
def test_a_judge_asks_a_model_about_every_line(sandbox: Sandbox, file: Path, judge: str) -> None:
    found = scored(file, judge, "--model", MODEL)
    assert [one["id"] for one in found] == ["a", 2, "c"]
    scale = registry.judge_named(judge).scale
    for one in found[:2]:
        assert one["status"] in ("ok", "failed"), one
        if one["status"] == "ok":
            assert scale.minimum <= one["score"] <= scale.maximum
    assert (found[2]["status"], found[2]["score"]) == ("gated", scale.minimum)
    assert sandbox.calls() >= 3


def test_every_reference_is_asked_about_and_the_mean_is_the_score(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.change(MODEL, bad_judge_rate=0, judge_noise=0)
    references = ["Good morning, Sam! Have a good day.", "Hello Sam!", "Hi Sam, all the best!"]
    [found] = scored(
        written(tmp_path, line("a", "Good morning, Sam!", *references)),
        "comparer",
        "--model",
        MODEL,
    )
    assert found["status"] == "ok"
    assert found["reason"].startswith("The mean of 3 answers")
    assert sandbox.calls() == 3


def test_a_paid_model_is_only_asked_with_yes(sandbox: Sandbox, file: Path) -> None:
    assert refused(file, "scorer", "--model", PAID) == (
        f"This would ask {PAID} 3 times, which is paid; add --yes to do so."
    )
    assert sandbox.calls() == 0
    assert len(scored(file, "scorer", "--model", PAID, "--yes")) == 3
    assert sandbox.calls() >= 3


def test_vectors_of_a_model_are_asked_for_once_and_kept(
    sandbox: Sandbox, file: Path, home: Path
) -> None:
    model = ("--model", "openai/stand-in-embedding", "--yes")
    first = scored(file, "openai_embeddings", *model)
    asked = sandbox.posted("/v1/embeddings")
    assert asked >= 1
    assert first[0]["score"] > first[1]["score"]
    assert scored(file, "openai_embeddings", *model) == first
    assert sandbox.posted("/v1/embeddings") == asked
    assert [one.name for one in home.iterdir()] == ["embeddings.sqlite3"]


def test_nothing_is_written_by_a_judge_without_vectors(file: Path, home: Path) -> None:
    scored(file, "bleu")
    assert not home.exists()


def test_a_server_that_is_not_there_is_one_sentence(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:1")
    assert "127.0.0.1:1" in refused(file, "scorer", "--model", MODEL)


def test_a_judge_of_ones_own_scores_lines_and_a_broken_one_is_told(file: Path, home: Path) -> None:
    folder = home / "judges"
    folder.mkdir(parents=True)
    source = "from slam import judge\n@judge\ndef short(response):\n    return 1 / len({})\n"
    (folder / "short.py").write_text(source.format("response.text.split()"))
    (folder / "bad.py").write_text("import nothing_of_that_name")
    result = score(file, "short", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout.splitlines()[0])["score"] == pytest.approx(1 / 7)
    assert "bad.py: ModuleNotFoundError" in result.stderr


def test_results_come_while_lines_are_still_being_written(home: Path) -> None:
    command = [sys.executable, "-m", "slam", "score", "-", "--judge", "empty", "--json"]
    environment = {**os.environ, "SLAM_HOME": str(home)}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdin.write(json.dumps(GREETING).encode() + b"\n")
        running.stdin.flush()
        assert json.loads(running.stdout.readline())["id"] == "a"
        assert running.poll() is None
        running.stdin.close()
        assert running.wait(60) == 0


def test_ten_thousand_lines_are_checked_in_seconds(tmp_path: Path) -> None:
    file = written(tmp_path, *[dict(GREETING, id=number) for number in range(10_000)])
    began_s = time.process_time()
    found = scored(file, "sentence_limit")
    assert [one["id"] for one in found] == list(range(10_000))
    assert time.process_time() - began_s < 10


def test_replies_that_cannot_be_read_fail_their_lines_and_give_no_score(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.change(MODEL, bad_judge_rate=1)
    file = written(tmp_path, *[dict(GREETING, id=number) for number in range(20)])
    found = scored(file, "scorer", "--model", MODEL)
    assert [one["id"] for one in found] == list(range(20))
    failed = [one for one in found if one["status"] == "failed"]
    assert failed
    for one in failed:
        assert one["score"] is None
        assert one["reason"].endswith(".")


def test_a_terminal_shows_how_far_it_is(file: Path, home: Path) -> None:
    terminal, stderr = pty.openpty()
    command = [sys.executable, "-m", "slam", "score", str(file), "--judge", "empty", "--json"]
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env={**os.environ, "SLAM_HOME": str(home)},
        check=True,
    )
    os.close(stderr)
    assert len(done.stdout.splitlines()) == 3
    assert b"100%" in os.read(terminal, 100_000)
    os.close(terminal)


class WithoutProbabilities(BaseHTTPRequestHandler):
    """Answers well, but tells no log-probabilities, and counts what it is asked."""

    asked = 0

    def do_GET(self) -> None:
        self.answer({"object": "list", "data": [{"id": "m"}]})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        type(self).asked += 1
        message = {"role": "assistant", "content": '{"reasoning": "Good.", "score": 7}'}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        usage = {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}
        self.answer({"object": "chat.completion", "model": "m", "choices": choices, "usage": usage})

    def answer(self, document: object) -> None:
        content = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_a_model_that_tells_no_probabilities_is_paid_once_not_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(WithoutProbabilities) as url:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{url}/v1")
        by_probabilities = ("--options", str(_with(tmp_path, '{"score_from": "probabilities"}')))
        [found] = scored(
            written(tmp_path, GREETING), "scorer", "--model", "openai/m", "--yes", *by_probabilities
        )
    assert found["status"] == "failed"
    assert found["reason"] == (
        "'m' tells no probabilities of its tokens; read the score from the reply instead."
    )
    assert WithoutProbabilities.asked == 1
