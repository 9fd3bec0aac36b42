"""What a judge is given for each response of a study version."""

from collections import defaultdict

from core.judges.base import AnyJudge, JudgedResponse, SimilarityJudge
from core.studies.definition import document_hash
from core.studies.rubric import rubric_of
from core.studies.template import render
from db.repositories.responses import ResponseInContext
from db.repositories.studies import VersionContent


def inputs_of(
    judge: AnyJudge, content: VersionContent, responses: list[ResponseInContext]
) -> dict[str, JudgedResponse]:
    """``response id -> what the judge sees``; references only for judges that compare."""
    references = _references(content, responses) if isinstance(judge, SimilarityJudge) else {}
    question = rubric_of(content.version.rubric).question
    return {
        one.response.id: JudgedResponse(
            response_id=one.response.id,
            prompt=render(one.template.text, one.test_case.values),
            text=one.response.text or "",
            rubric_question=question,
            references=tuple(
                text
                for response_id, text in references.get(one.test_case.id, [])
                if response_id != one.response.id
            ),
        )
        for one in responses
    }


def inputs_hash(judged: JudgedResponse) -> str:
    """SHA-256 of what the judge sees besides the response itself, hexadecimal."""
    return document_hash([judged.prompt, judged.rubric_question, sorted(judged.references)])


def _references(
    content: VersionContent, responses: list[ResponseInContext]
) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for one in responses:
        if one.candidate.id in content.reference_ids:
            found[one.test_case.id].append((one.response.id, one.response.text or ""))
    return found
