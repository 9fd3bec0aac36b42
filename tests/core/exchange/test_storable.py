from core.exchange.storable import is_storable, shown, storable_part


def test_nul_and_half_a_pair_cannot_be_stored() -> None:
    assert is_storable("fine 🙂")
    assert not is_storable("a\0b")
    assert not is_storable("a\ud800b")


def test_the_storable_part_leaves_only_those_out() -> None:
    assert storable_part("a\0b\udfffc") == "abc"


def test_a_sentence_shows_long_and_unprintable_texts_harmlessly() -> None:
    assert shown("plain") == "plain"
    assert shown("x" * 100) == "x" * 60 + "…"
    assert shown("a\nb") == "'a\\nb'"
