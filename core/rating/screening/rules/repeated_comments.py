"""The same comment again and again.

The default of 0.3 is where the original study's authors' own decisions about raters seem to part.
"""

from core.rating.screening.base import (
    Behaviour,
    Context,
    Evidence,
    Parameter,
    Rule,
    Thresholds,
    not_enough,
    plain_comment,
    share,
)

_FEWEST = 4
"""Of three equal comments a third is distinct, which says little."""


def _see(behaviour: Behaviour, _context: Context, thresholds: Thresholds) -> Evidence:
    comments = [plain_comment(one) for one in behaviour.comments]
    if len(comments) < _FEWEST:
        return not_enough(len(comments), _FEWEST, "comments")
    distinct, most = len(set(comments)), thresholds["share"]
    return Evidence(
        distinct / len(comments) <= most,
        {"distinct_share": distinct / len(comments), "comments": len(comments)},
        f"{share(distinct, len(comments))} comments are distinct; the threshold is {most:.0%}.",
    )


RULE = Rule(
    name="repeated_comments",
    title="Repeated comments",
    looks_at="The share of distinct comments among all that were written; case is not looked at.",
    figure="distinct_share",
    figure_title="Share of distinct comments",
    threshold="share",
    parameters=(Parameter("share", "Flag a share of at most", 0.3, 0, 1, 0.05),),
    see=_see,
)
