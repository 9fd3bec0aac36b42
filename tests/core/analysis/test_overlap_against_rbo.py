import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.overlap import rank_biased_overlap
from tests.core.analysis import made

# It pins an old numpy, so it cannot be a declared dependency: pip install --no-deps rbo==0.1.3
rbo = pytest.importorskip("rbo", reason="the independent implementation is not installed")

NAMES = "abcdefghij"


@made.unhurried
@given(st.permutations(NAMES), st.permutations(NAMES), st.integers(1, 10))
def test_rank_biased_overlap_is_that_of_the_rbo_package(
    first: list[str], second: list[str], k: int
) -> None:
    theirs = rbo.RankingSimilarity(first, second).rbo(k=k, p=1.0, ext=False)
    assert float(rank_biased_overlap(first, second, k)) == pytest.approx(theirs)
