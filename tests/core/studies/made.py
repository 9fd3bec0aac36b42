"""A study definition that can be taken, for tests to change in one place."""

from core.studies.definition import Case, StudyDefinition

ACTOR = "tester"


def a_definition(name: str = "Briefing") -> StudyDefinition:
    return StudyDefinition(
        name=name,
        template="Greet {{name}} who does {{tasks}}.",
        test_cases=(
            Case("Ann", {"name": "Ann", "tasks": "slides"}),
            Case("Ben", {"name": "Ben", "tasks": "laptops"}),
        ),
        reference="openai/gpt-4",
        candidates=("ollama/llama2:7b", "ollama/mistral:7b"),
        description="The start of a working day.",
    )
