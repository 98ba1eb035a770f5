"""Evidence: what speaks for one gun, what against, and how strong that is."""

from dataclasses import replace

import pytest

from salsa_ext.firearms.search.evidence import (
    CHECK_EVENT,
    Description,
    is_match,
    verdict,
    weigh,
    weigh_alert,
    weights_for,
)

GUN = Description("ABC123456", "taurus", "9x19", "pistol", "BRA", 2020)


def recorded(**changes):
    return Description(**vars(GUN) | changes)


def strength(asked, other):
    return weigh(asked, other).strength


def test_a_gun_that_agrees_in_everything_is_strong():
    evidence = weigh(GUN, GUN)
    assert (evidence.strength, evidence.bits) == ("strong", 36.0)
    assert [reason.code for reason in evidence.reasons] == [
        "serial_same",
        "make_same",
        "calibre_same",
        "type_same",
        "country_same",
        "year_same",
    ]


def test_the_sum_is_that_of_its_reasons():
    evidence = weigh(GUN, recorded(year=2019, country="AUT"))
    assert evidence.bits == sum(reason.bits for reason in evidence.reasons)


@pytest.mark.parametrize(
    "changes", [{"make": "glock"}, {"calibre_family": "380"}, {"type": "rifle"}]
)
def test_what_another_make_calibre_or_type_speaks_against_is_never_strong(changes):
    assert strength(GUN, recorded(**changes)) == "moderate"


@pytest.mark.parametrize(
    "changes,code",
    [
        ({"calibre_family": "380"}, "calibre_other"),
        ({"type": "revolver"}, "type_other"),
        ({"country": "AUT"}, "country_other"),
        ({"year": 2019}, "year_other"),
    ],
)
def test_what_differs_takes_away_and_does_not_decide(changes, code):
    evidence = weigh(GUN, recorded(**changes))
    assert code in [reason.code for reason in evidence.reasons]
    assert 0 < evidence.bits < weigh(GUN, GUN).bits


@pytest.mark.parametrize("name", ["make", "calibre_family", "type", "country", "year"])
def test_what_one_side_does_not_know_counts_for_nothing(name):
    known = weigh(GUN, GUN)
    assert len(weigh(GUN, recorded(**{name: None})).reasons) == len(known.reasons) - 1


def test_a_calibre_that_the_same_guns_fire_speaks_for_the_gun_and_less_than_the_same():
    asked = recorded(calibre_family="5.56x45", related=frozenset({"223-rem"}))
    related = weigh(asked, recorded(calibre_family="223-rem"))
    assert "calibre_related" in [reason.code for reason in related.reasons]
    other = weigh(asked, recorded(calibre_family="308-win"))
    assert other.bits < related.bits < weigh(asked, recorded(calibre_family="5.56x45")).bits


def test_a_make_of_the_same_house_speaks_for_the_gun_and_less_than_the_same():
    asked = recorded(make="fn-herstal", kin=frozenset({"browning"}))
    related = weigh(asked, recorded(make="browning"))
    assert ("make_related", related.strength) == (related.reasons[1].code, "strong")
    assert "company" in str(related.reasons[1].text)
    other = weigh(asked, recorded(make="taurus"))
    assert other.bits < related.bits < weigh(asked, recorded(make="fn-herstal")).bits


def test_a_type_that_such_a_gun_is_called_too_says_hardly_anything_and_forbids_nothing():
    asked = recorded(type="carbine", akin=frozenset({"rifle"}))
    akin = weigh(asked, recorded(type="rifle"))
    assert "type_related" in [reason.code for reason in akin.reasons]
    assert (akin.strength, strength(asked, recorded(type="pistol"))) == ("strong", "moderate")
    assert (
        weigh(asked, recorded(type=None)).bits
        < akin.bits
        < weigh(asked, recorded(type="carbine")).bits
    )


@pytest.mark.parametrize("name", ["make", "calibre_family", "type"])
def test_what_is_probably_meant_speaks_by_half_where_it_agrees_and_never_against(name):
    asked = recorded(**{name: None, "likely": ((name, getattr(GUN, name)),)})
    nothing = weigh(recorded(**{name: None}), GUN).bits
    assert nothing < weigh(asked, GUN).bits < weigh(GUN, GUN).bits
    assert weigh(asked, recorded(**{name: "another"})).bits == nothing


@pytest.mark.parametrize(
    "family,codes", [("38-special", set()), ("380-acp", set()), ("9x19", {"calibre_other"})]
)
def test_an_uncertain_calibre_speaks_against_what_it_cannot_be(family, codes):
    asked = recorded(
        calibre_family=None, possible_families=frozenset(("38-special", "38-sw", "380-acp"))
    )
    found = weigh(asked, recorded(calibre_family=family))
    assert {reason.code for reason in found.reasons if reason.code.startswith("calibre")} == codes
    assert found.strength == ("strong" if not codes else "moderate")


@pytest.mark.parametrize(
    "model,code",
    [
        ("pt92", "model_same"),
        ("pt92af", "model_likely"),
        ("pt", "model_likely"),
        ("g2c", "model_other"),
    ],
)
def test_models_are_compared_as_far_as_both_are_written(model, code):
    assert code in [
        reason.code for reason in weigh(recorded(model="pt92"), recorded(model=model)).reasons
    ]


def test_a_record_of_a_year_before_the_gun_was_made_is_never_strong():
    evidence = weigh(recorded(manufactured_year=2020), recorded(reported_year=2019))
    assert (evidence.reasons[-1].code, evidence.strength) == ("year_impossible", "moderate")


@pytest.mark.parametrize(
    "reported_year,manufactured_year,is_impossible",
    [
        (2010, 2020, True),
        (2020, 2020, False),
        (2021, 2020, False),
        (None, 2020, False),
        (2010, None, False),
    ],
)
def test_a_gun_that_was_made_after_it_was_found_is_another_whichever_asks(
    reported_year, manufactured_year, is_impossible
):
    found, made = (
        recorded(reported_year=reported_year),
        recorded(manufactured_year=manufactured_year),
    )
    for evidence in (weigh(found, made), weigh(made, found)):
        assert ("year_impossible" in [reason.code for reason in evidence.reasons]) == is_impossible
        assert (evidence.strength == "strong") != is_impossible


@pytest.mark.parametrize("share,bits", [(0.5, 0.9), (0.01, 6.6), (0.0001, 7.0), (0.99, 0.5)])
def test_agreement_in_a_rare_make_says_more(share, bits):
    reasons = weigh(GUN, GUN, weights=weights_for(GUN, {("make", "taurus"): share})).reasons
    assert {reason.code: reason.bits for reason in reasons}["make_same"] == bits


def test_a_confused_glyph_takes_a_little():
    same, confused = weigh(GUN, GUN), weigh(GUN, recorded(serial_norm="A8C123456"))
    assert confused.bits == same.bits - 2
    assert confused.reasons[0].code == "serial_confusable"


@pytest.mark.parametrize(
    "asked,other,expected",
    [
        ("AB1*", {}, "possible"),
        ("AB1*", {"make": "glock"}, "no_hit"),
        ("AB12345", {"serial_norm": "AB1*"}, "no_hit"),
    ],
)
def test_what_fits_all_that_was_read_is_possible_however_many_fit(asked, other, expected):
    asked = Description(asked, make="taurus")
    found = weigh(asked, Description(**{"serial_norm": "AB12345"} | other))
    assert verdict([replace(found, crowd=(50, 6.0))]) == expected


def test_a_mark_that_many_bear_is_no_match_and_hits_an_alert_all_the_same():
    common = replace(weigh(GUN, GUN), is_common=True)
    assert not is_match(common)
    assert weigh_alert(CHECK_EVENT, common)


@pytest.mark.parametrize(
    "read,matches",
    [
        ("TKA52991", False),  # two digits, as between two guns that are numbered on
        ("TKA5?391", False),
        ("LRA52381", True),  # letters that no other gun of the series has
        ("TK52381", True),
        ("TKA5?381", True),
    ],
)
def test_a_mark_of_the_same_series_is_rather_a_neighbours(read, matches):
    recorded = replace(GUN, serial_norm="TKA52381")
    assert is_match(weigh(replace(GUN, serial_norm=read), recorded)) is matches


@pytest.mark.parametrize("is_missing", [False, True])
@pytest.mark.parametrize(
    ("guess", "matches"), [("TKA5*", False), ("*381", False), ("TKA5??8?", True)]
)
def test_fewer_than_five_legible_glyphs_make_no_match(guess, matches, is_missing):
    whole, scant = (replace(GUN, serial_norm=norm) for norm in ("TKA52381", guess))
    for query, record in ((scant, whole), (whole, scant)):
        evidence = replace(weigh(query, record), is_missing=is_missing)
        assert is_match(evidence) is matches


def test_a_short_serial_alone_is_weak():
    short = Description("1234")
    evidence = weigh(short, short)
    assert [reason.code for reason in evidence.reasons] == ["serial_same", "serial_short"]
    assert evidence.strength == "moderate"
    assert strength(Description("123"), Description("123")) == "weak"


@pytest.mark.parametrize("serial", ["POLICIANACIONAL", "INDUSTRIABRASILEIRA", "PT92AF"])
def test_what_has_hardly_a_digit_is_never_strong(serial):
    assert strength(recorded(serial_norm=serial), recorded(serial_norm=serial)) == "moderate"


def test_a_digit_that_was_misread_as_a_letter_leaves_a_serial_what_it_is():
    assert strength(recorded(serial_norm="TKASZ38I"), recorded(serial_norm="TKA52381")) == "strong"


@pytest.mark.parametrize(
    "serial,expected",
    [
        ("45123", "moderate"),
        ("1234567", "moderate"),
        ("I23456", "moderate"),
        ("12345678", "strong"),
        ("A12345", "strong"),
    ],
)
def test_a_short_number_alone_is_not_strong(serial, expected):
    assert strength(Description(serial), Description(serial.replace("I", "1"))) == expected


@pytest.mark.parametrize(
    "known,expected",
    [
        ({"make": "taurus"}, "strong"),
        ({"calibre_family": "9x19"}, "strong"),
        ({"type": "pistol"}, "moderate"),
    ],
)
def test_a_short_number_is_strong_with_an_equal_make_or_calibre(known, expected):
    gun = Description("123456", **known)
    assert strength(gun, gun) == expected


def test_a_long_serial_says_no_more_than_one_of_eight():
    long, eight = Description("A" * 20), Description("A" * 8)
    assert weigh(long, long).bits == weigh(eight, eight).bits


@pytest.mark.parametrize("by,body", [("serial", 36.0), ("confiscation", 28.0), ("mark", 28.0)])
def test_another_mark_says_less_than_the_serial(by, body):
    evidence = weigh(GUN, GUN, by)
    assert (evidence.bits, evidence.strength) == (body, "moderate" if by == "mark" else "strong")


def test_another_serial_decides_against_a_gun_that_shares_a_mark():
    evidence = weigh(GUN, GUN, "mark", has_other_serial=True)
    assert (evidence.reasons[-1].code, evidence.strength) == ("serial_other", None)


@pytest.mark.parametrize(
    "held_serials,expected",
    [
        ([], "no_hit"),
        (["ABD123457"], "possible"),
        (["ABC123456"], "hit"),
        (["ABD123457", "ABC123456"], "hit"),
        (["XBD123457"], "no_hit"),
    ],
)
def test_the_verdict_is_that_of_the_best(held_serials, expected):
    found = [weigh(Description("ABC123456"), Description(serial)) for serial in held_serials]
    assert verdict([evidence for evidence in found if evidence]) == expected
