"""Evidence: what speaks for one gun, what against, and how strong that is."""

import pytest

from salsa_ext.matching.evidence import Description, verdict, weigh

GUN = Description("ABC123456", "taurus", "9x19", "pistol", "BRA", 2020)


def held(**changes):
    return Description(**vars(GUN) | changes)


def strength(asked, other):
    return weigh(asked, other).strength


def test_a_gun_that_agrees_in_everything_is_strong():
    evidence = weigh(GUN, GUN)
    assert (evidence.strength, evidence.bits) == ("strong", 36.0)
    assert [reason.code for reason in evidence.reasons] == [
        "serial_same", "make_same", "calibre_same", "type_same", "country_same", "year_same",
    ]  # fmt: skip


def test_the_sum_is_that_of_its_reasons():
    evidence = weigh(GUN, held(year=2019, country="AUT"))
    assert evidence.bits == sum(reason.bits for reason in evidence.reasons)


@pytest.mark.parametrize(
    "changes", [{"make": "glock"}, {"calibre_family": "380"}, {"type": "rifle"}]
)
def test_what_another_make_calibre_or_type_speaks_against_is_never_strong(changes):
    assert strength(GUN, held(**changes)) == "moderate"


@pytest.mark.parametrize("changes,code", [
    ({"calibre_family": "380"}, "calibre_other"), ({"type": "revolver"}, "type_other"),
    ({"country": "AUT"}, "country_other"), ({"year": 2019}, "year_other"),
])  # fmt: skip
def test_what_differs_takes_away_and_does_not_decide(changes, code):
    evidence = weigh(GUN, held(**changes))
    assert code in [reason.code for reason in evidence.reasons]
    assert 0 < evidence.bits < weigh(GUN, GUN).bits


@pytest.mark.parametrize("name", ["make", "calibre_family", "type", "country", "year"])
def test_what_one_side_does_not_know_counts_for_nothing(name):
    known = weigh(GUN, GUN)
    assert len(weigh(GUN, held(**{name: None})).reasons) == len(known.reasons) - 1


def test_a_confused_glyph_takes_a_little():
    same, confused = weigh(GUN, GUN), weigh(GUN, held(serial_norm="A8C123456"))
    assert confused.bits == same.bits - 2
    assert confused.reasons[0].code == "serial_confusable"


def test_a_short_serial_alone_is_weak():
    short = Description("1234")
    evidence = weigh(short, short)
    assert [reason.code for reason in evidence.reasons] == ["serial_same", "serial_short"]
    assert evidence.strength == "moderate"
    assert strength(Description("123"), Description("123")) == "weak"


def test_a_long_serial_says_no_more_than_one_of_eight():
    long, eight = Description("A" * 20), Description("A" * 8)
    assert weigh(long, long).bits == weigh(eight, eight).bits


@pytest.mark.parametrize("by,said", [("serial", 36.0), ("confiscation", 28.0), ("mark", 28.0)])
def test_another_mark_says_less_than_the_serial(by, said):
    evidence = weigh(GUN, GUN, by)
    assert (evidence.bits, evidence.strength) == (said, "moderate" if by == "mark" else "strong")


def test_another_serial_decides_against_a_gun_that_shares_a_mark():
    evidence = weigh(GUN, GUN, "mark", has_other_serial=True)
    assert (evidence.reasons[-1].code, evidence.strength) == ("serial_other", None)


@pytest.mark.parametrize("held_serials,said", [
    ([], "no_hit"), (["ABD123457"], "possible"), (["ABC123456"], "hit"),
    (["ABD123457", "ABC123456"], "hit"), (["XBD123457"], "no_hit"),
])  # fmt: skip
def test_the_verdict_is_that_of_the_best(held_serials, said):
    found = [weigh(Description("ABC123456"), Description(serial)) for serial in held_serials]
    assert verdict([evidence for evidence in found if evidence]) == said
