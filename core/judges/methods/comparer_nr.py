"""Comparer-NR: the Comparer's question without reasons, which costs a few tokens of answer only.

The paper's *Comparer-NR* (section IV).
"""

from dataclasses import dataclass

from core.judges.methods.comparer import Comparer


@dataclass(frozen=True)
class ComparerNR(Comparer):
    """Scores how close each response is to the reference's in meaning and objective, no reasons."""

    name = "comparer_nr"
    label = "Comparer-NR"
    reasoning_length = None


JUDGE = ComparerNR()
