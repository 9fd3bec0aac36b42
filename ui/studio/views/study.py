"""The study: its prompt and parameters in the sidebar, what they make beside it."""

from dataclasses import replace

import streamlit as st

from core.errors import SlamError
from core.generation.service import plan_generation
from core.providers.registry import provider_names
from core.studies.candidates import (
    read_candidate,
    read_candidates,
    read_stops,
    write_candidate,
    write_candidates,
    write_stops,
    write_values,
)
from core.studies.cases import cases_as_csv, read_cases
from core.studies.criteria import with_more_criteria
from core.studies.definition import StudyDefinition
from core.studies.parameters import OVERRIDABLE, Overrides, Parameters
from core.studies.service import (
    create_study,
    definition_of,
    list_studies,
    newest_version,
    save_version,
)
from core.studies.template import render
from db.repositories.studies import VersionContent
from ui.plain import plain
from ui.store import database
from ui.studio.offers import models_on_offer
from ui.studio.rubric_form import rubric_input
from ui.studio.session import chosen_study, require_staff, show_study

_EXAMPLE_NAME = "Morning briefing"
_EXAMPLE_TEMPLATE = """\
Write a short, encouraging morning briefing for {{name}}, in at most 4 sentences.

What {{name}} finished yesterday:
{{done}}

What is planned for today:
{{planned}}

Relate today's plans to the goals of the week:
{{goals}}
"""
_CANDIDATES_HELP = (
    "A line may go on with what this model has otherwise than the study: for example "
    r'`ollama/llama2:7b-chat temperature=0.2 stop="\n\n"`. '
    f"Known are {', '.join(OVERRIDABLE)}; `unset` leaves a value to the provider."
)
_EXAMPLE_CASES = """\
name,done,planned,goals
Ana,"Sent the budget
Called the printer","Draft the speech
Book the train","Give a good talk on Friday"
Ben,"Fixed the login bug
Reviewed two changes","Write the release notes
Run 5 km","Ship version 2
Move every day"
Chi,"Planted the tomatoes
Paid the rent","Study chapter 4
Visit the dentist","Pass the exam
Take care of my health"
"""


def page() -> None:
    """Draw the page."""
    actor = require_staff()
    summary = chosen_study()
    content = newest_version(database(), summary.id) if summary else None
    with st.sidebar:
        _editor(content, actor)
    if message := st.session_state.pop("study_message", None):
        st.success(plain(message))
    if content is None:
        _welcome()
    else:
        _overview(content)


def _welcome() -> None:
    st.title("Make a study")
    st.write(
        "A study asks whether a smaller model can take the reference's place in one feature. "
        "The form in the sidebar holds an example: change it to your feature, or save it as it is."
    )
    _studies()
    _offers()


def _studies() -> None:
    studies = list_studies(database())
    if not studies:
        return
    st.subheader("Studies so far")
    st.dataframe(
        [
            {
                "study": one.name,
                "version": one.version_number,
                "state": "frozen" if one.frozen else "draft",
                "made by": one.created_by,
                "made at (UTC)": one.created_at,
            }
            for one in studies
        ],
        hide_index=True,
    )


def _offers() -> None:
    st.subheader("Models within reach")
    for provider in sorted(provider_names()):
        models, problem = models_on_offer(provider)
        if problem:
            st.caption(f"**{provider}**: {problem}")
        else:
            st.caption(f"**{provider}**: " + ", ".join(f"`{model}`" for model in models))


def _editor(content: VersionContent | None, actor: str) -> None:
    known = definition_of(content) if content else _example()
    key = content.version.id if content else "new"
    with st.form(f"study_{key}", border=False, enter_to_submit=False):
        st.subheader("Prompt and parameters")
        name = st.text_input("Name", known.name, key=f"name_{key}", disabled=content is not None)
        description = st.text_area(
            "What the feature does", known.description, key=f"description_{key}"
        )
        template = st.text_area(
            "Prompt template", known.template, key=f"template_{key}", height=240,
            help="Text with {{placeholders}}; each test case fills them.",
        )  # fmt: skip
        cases = st.text_area(
            "Test cases (CSV)", cases_as_csv(known.test_cases), key=f"cases_{key}", height=200,
            help="The header names the placeholders, one row a test case; `case` names it.",
        )  # fmt: skip
        table = st.file_uploader(
            "Or test cases from a file (CSV or JSON lines)", ["csv", "jsonl"], key=f"file_{key}"
        )
        reference = st.text_input(
            "Reference: the model to be replaced", _reference_line(known), key=f"reference_{key}"
        )
        candidates = st.text_area(
            "Candidates, one a line", write_candidates(known.candidates, known.overrides),
            key=f"candidates_{key}", help=_CANDIDATES_HELP,
        )  # fmt: skip
        samples = st.number_input(
            "Samples per test case", 1, 1000, known.samples_per_case, key=f"samples_{key}"
        )
        parameters, stops = _parameters(known.parameters, key)
        rubric, more_criteria = rubric_input(known.rubric, key)
        saved = st.form_submit_button("Save study", type="primary", key=f"save_{key}")
    if saved:
        try:
            candidate_models, overrides = read_candidates(candidates)
            reference_model, of_reference = _read_reference(reference)
            definition = StudyDefinition(
                name=name,
                template=template,
                test_cases=read_cases(table.name, table.getvalue())
                if table
                else read_cases("the table of test cases", cases.encode()),
                reference=reference_model,
                candidates=candidate_models,
                description=description,
                samples_per_case=int(samples),
                parameters=replace(parameters, stop=read_stops(stops)),
                rubric=with_more_criteria(rubric, more_criteria),
                overrides=overrides | of_reference,
            )
            _save(content, definition, actor)
        except SlamError as error:
            st.error(plain(error))
            return
        st.rerun()


def _parameters(known: Parameters, key: str) -> tuple[Parameters, str]:
    """The parameters but for the stop sequences, whose text is read when the study is saved."""
    temperature = st.number_input(
        "Temperature", 0.0, 2.0, known.temperature, step=0.1, key=f"temperature_{key}",
        placeholder="the provider's own",
    )  # fmt: skip
    max_tokens = st.number_input(
        "Most tokens an answer may have", 1, None, known.max_tokens, key=f"max_tokens_{key}",
        placeholder="no limit",
    )  # fmt: skip
    system = st.text_area(
        "System prompt", known.system_prompt or "", key=f"system_{key}", height=68
    )
    with st.expander("More parameters"):
        top_p = st.number_input(
            "top_p", 0.0, 1.0, known.top_p, step=0.05, key=f"top_p_{key}",
            placeholder="the provider's own",
        )  # fmt: skip
        seed = st.number_input(
            "Seed", None, None, known.seed, step=1, key=f"seed_{key}", placeholder="none",
            help="With a seed, every sample of a test case may come out the same.",
        )  # fmt: skip
        stops = st.text_input(
            "Stop sequences", write_stops(known.stop), key=f"stops_{key}",
            help=r'Words, or texts in quotes, with spaces between them: `END "\n\n"`.',
        )  # fmt: skip
        effort = st.text_input(
            "Reasoning effort", known.reasoning_effort or "", key=f"effort_{key}",
            help="In the model's own word, such as low, high or none.",
        )  # fmt: skip
        json_mode = st.checkbox("Answers are JSON objects", known.json_mode, key=f"json_{key}")
    parameters = Parameters(
        temperature=temperature,
        top_p=top_p,
        max_tokens=int(max_tokens) if max_tokens else None,
        seed=None if seed is None else int(seed),
        system_prompt=system or None,
        json_mode=json_mode,
        reasoning_effort=effort.strip() or None,
    )
    return parameters, stops


def _reference_line(known: StudyDefinition) -> str:
    if known.reference is None:
        return ""
    return write_candidate(known.reference, known.overrides.get(known.reference, {}))


def _read_reference(line: str) -> tuple[str | None, dict[str, Overrides]]:
    if not line.strip():
        return None, {}
    model, overrides = read_candidate(line, "The reference")
    return model, {model: overrides} if overrides else {}


def _save(content: VersionContent | None, definition: StudyDefinition, actor: str) -> None:
    if content is None:
        stored = create_study(database(), definition, actor)
    else:
        stored = save_version(database(), content.study.id, definition, actor)
    show_study(stored.study.name)
    st.session_state["study_message"] = _what_is_next(content, stored)


def _what_is_next(before: VersionContent | None, stored: VersionContent) -> str:
    if before is not None and before.version.id == stored.version.id:
        return "Nothing has changed, so no version was made."
    plan = plan_generation(database(), stored.study.id)
    return (
        f"Version {stored.version.number} of “{stored.study.name}” is saved: {plan.ok} of its "
        f"{plan.total} responses are there already. Make the others on the page “Responses”."
    )


def _example() -> StudyDefinition:
    ollama, _ = models_on_offer("ollama")
    openai, _ = models_on_offer("openai")
    return StudyDefinition(
        name=_EXAMPLE_NAME,
        template=_EXAMPLE_TEMPLATE,
        test_cases=read_cases("example", _EXAMPLE_CASES.encode()),
        reference=next((model for model in openai if "gpt-4" in model), "openai/gpt-4"),
        candidates=tuple(ollama[:3]) or ("ollama/llama2:7b-chat",),
        description="A morning briefing that relates today's plans to the goals of the week.",
    )


def _overview(content: VersionContent) -> None:
    st.title(content.study.name)
    version = content.version
    frozen = f"frozen {version.frozen_at:%Y-%m-%d %H:%M} UTC" if version.frozen_at else "a draft"
    st.caption(f"Version {version.number}, {frozen}, saved by {version.created_by}")
    if content.version.description:
        st.write(content.version.description)
    plan = plan_generation(database(), content.study.id)
    columns = st.columns(4)
    columns[0].metric("Models", len(content.candidates))
    columns[1].metric("Test cases", len(content.test_cases))
    columns[2].metric("Samples per case", version.samples_per_case)
    columns[3].metric("Responses stored", f"{plan.ok} of {plan.total}")
    st.subheader("Models")
    st.dataframe(
        [
            {
                "model": one.model,
                "role": "reference" if one.id in content.reference_ids else "candidate",
                "parameters": write_values(one.parameters) or "unknown",
            }
            for one in content.candidates
        ],
        hide_index=True,
    )
    st.subheader("Prompts as the models get them")
    for case in content.test_cases:
        with st.expander(case.name):
            st.text(render(content.template.text, case.values))


page()
