"""A screening is made once, until something is added or decided."""

import pytest

from core.errors import NotFoundError
from core.rating.exclusions import BY_HAND, exclude, include_again
from db.engine import Database
from db.tables import Subject
from tests.building import ACTOR
from tests.core.rating.raters import completed, opened, started
from ui.studio.screened import screened


def test_it_is_made_anew_only_by_other_thresholds_or_when_something_changed(
    database: Database,
) -> None:
    campaign = opened(database)
    session_id = completed(database, campaign)
    report, findings = screened(database, campaign.id, {})
    assert screened(database, campaign.id, {})[0] is report
    assert screened(database, campaign.id, {})[1] is findings
    started(database, campaign)
    assert screened(database, campaign.id, {})[0] is report, "nobody else is done"

    strict, _ = screened(database, campaign.id, {"median_time": {"seconds": 9.0}})
    assert strict.thresholds["median_time"]["seconds"] == 9
    assert screened(database, campaign.id, {})[0] is report

    other = completed(database, campaign)
    report, findings = screened(database, campaign.id, {})
    assert set(report.behaviours) == {session_id, other}
    assert set(findings["session_id"]) == {session_id, other}

    exclude(database, Subject.SESSION, [other], BY_HAND, "Why.", {}, ACTOR)
    assert screened(database, campaign.id, {})[0].left_out == {other}
    include_again(database, Subject.SESSION, other, BY_HAND, "Because.", ACTOR)
    assert screened(database, campaign.id, {})[0].left_out == frozenset()


def test_a_campaign_that_is_not_there_is_told(database: Database) -> None:
    with pytest.raises(NotFoundError, match="no campaign 'nowhere'"):
        screened(database, "nowhere", {})
