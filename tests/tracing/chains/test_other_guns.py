"""Records of another gun than is asked for: listed apart, without a conclusion."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salsa_ext.firearms.marks.distance import can_be_same
from salsa_ext.firearms.search.evidence import Description
from salsa_ext.tracing.chains.answers import ChainLeg
from salsa_ext.tracing.chains.chain import build_chain
from salsa_ext.tracing.chains.identity import contradicting_fields
from tests.firearms.search.test_likeliest_candidate import FALSE, TRUE
from tests.support.chains import FOUND, GUN, SALE, built, event

SERIAL, ALIKE, OTHER = "ABC123456", "ABCI23456", "ABC123457"
ASKED = Description(SERIAL, **TRUE)
THEFT = event("theft", "2025-02-03", stolen_from="dealer", serial=SERIAL)
SOLD = SALE | {"serial": SERIAL}
STRONG_SALE, STRONG_THEFT = ({**each, "strength": "strong"} for each in (SOLD, THEFT))


def against(kind, serial, described):
    return contradicting_fields(ASKED, Description(serial, **described), kind)


def described(*wrong):
    return TRUE | {name: FALSE[name] for name in wrong}


@pytest.mark.parametrize(
    "kind,serial,wrong,fields",
    [
        (
            "domestic_sale",
            SERIAL,
            ("model", "year", "country"),
            ("country_of_manufacture", "year", "model"),
        ),
        ("domestic_sale", SERIAL, ("make", "calibre_family"), ("make", "calibre")),
        ("domestic_sale", ALIKE, ("year", "country"), ("serial", "country_of_manufacture", "year")),
        ("domestic_sale", SERIAL, ("model", "country"), ()),
        ("domestic_sale", SERIAL, ("type",), ("type",)),
        ("domestic_sale", SERIAL, ("year",), ("year",)),
        ("loss", SERIAL, ("model", "country"), ("country_of_manufacture", "model")),
        ("theft", SERIAL, ("model",), ()),
        ("theft", ALIKE, ("model",), ("serial", "model")),
        ("theft", ALIKE, (), ()),
    ],
)
def test_a_record_contradicts_by_a_field_that_decides_or_by_several(kind, serial, wrong, fields):
    assert against(kind, serial, described(*wrong)) == fields


@pytest.mark.parametrize("kind", ["theft", "domestic_sale"])
def test_what_a_record_does_not_say_contradicts_nothing(kind):
    assert against(kind, SERIAL, {}) == against(kind, ALIKE, {}) == ()


def test_a_theft_before_the_year_in_which_it_was_made_is_of_another_gun():
    made = Description(SERIAL, year=2020, manufactured_year=2020)
    assert contradicting_fields(made, Description(SERIAL, reported_year=2018), "theft") == (
        "occurred_on",
    )


def possible(found):
    return [each.event for each in found.possible]


def test_a_contradiction_is_shown_without_a_conclusion():
    other = STRONG_THEFT | {"against": ("model", "year")}
    found = built(SOLD, other)
    assert (found.chain, possible(found), found.point_of_diversion) == ([SOLD], [other], None)
    assert (found.outcome, found.last_lawful) == ("traced", SOLD)
    assert "model, year" in str(found.possible[0].why_not[0])
    assert str(found.missing[0]).startswith("Whether 1 other")


@pytest.mark.parametrize(
    "more", [{"strength": "moderate"}, {"strength": "weak"}, {"against": ("year",)}]
)
def test_without_a_record_that_is_certainly_of_the_gun_nothing_is_concluded(more):
    found = built(STRONG_SALE | more, STRONG_THEFT | more)
    assert (found.chain, found.outcome, found.last_lawful) == ([], "possible_only", None)
    assert (found.point_of_diversion, found.time_to_crime, found.reached) == (None, None, None)
    assert len(found.possible) == 2 and all(each.why_not for each in found.possible)
    assert str(found.missing[0]).startswith("No record is certainly of this gun. 2 may be")


def test_a_certain_link_joins_a_possible_record_to_one_of_the_gun():
    shipped = event("export", "2023-01-01", "ARG", strength="moderate", record="A")
    arrived = event("import", "2023-02-01", strength="strong", serial=SERIAL, linked_record="A")
    assert built(shipped, arrived, STRONG_SALE).chain == [shipped, arrived, STRONG_SALE]
    assert possible(built(shipped, STRONG_SALE)) == [shipped]


@pytest.mark.parametrize(
    "strength,judgement,is_of_gun",
    [
        ("weak", "this_gun", True),
        ("strong", "not_this_gun", False),
        ("strong", "cannot_tell", False),
        (None, "not_this_gun", False),
    ],
)
def test_a_person_who_compared_them_decides(strength, judgement, is_of_gun):
    judged = STRONG_SALE | {
        "strength": strength,
        "judgement": judgement,
        "judged_because": "The mark on the slide",
    }
    found = built(judged)
    assert (found.chain, possible(found)) == (([judged], []) if is_of_gun else ([], [judged]))
    if not is_of_gun:
        assert "The mark on the slide" in str(found.possible[0].why_not[0])
        assert found.outcome == ("no_record" if judgement == "not_this_gun" else "possible_only")


@pytest.mark.parametrize("serial", [ALIKE, OTHER])
def test_the_theft_of_another_serial_concludes_nothing_where_the_very_one_is_recorded(serial):
    theft = STRONG_THEFT | {"serial": serial}
    found = built(STRONG_SALE, theft)
    assert (possible(found), found.point_of_diversion) == ([theft], None)
    assert f"Its serial {serial} is another" in str(found.possible[0].why_not[0])


@pytest.mark.parametrize(
    "bits,link,is_other",
    [(0.0, None, False), (-1.5, None, False), (-3.0, None, True), (-3.0, SOLD["record"], False)],
)
def test_a_serial_that_is_alike_is_of_another_gun_where_it_says_something_otherwise(
    bits, link, is_other
):
    more = event("registration", "2025-02-03", serial=ALIKE, differs=bits, linked_record=link)
    more |= {"strength": "strong"}
    assert possible(built(STRONG_SALE, more)) == ([more] if is_other else [])
    assert possible(built(STRONG_SALE, more, gun=GUN | {"serial": ALIKE})) == []


@pytest.mark.parametrize("read", [ALIKE, "ABC?23456"])
def test_a_misread_serial_is_traced_to_the_theft_of_the_true_one(read):
    found = built(SOLD, THEFT, gun=GUN | {"serial": read})
    assert found.point_of_diversion["before"] == THEFT["record"]


def test_a_further_serial_that_was_read_is_of_the_gun_too():
    marks = [{"kind": "manufacture", "text": OTHER}]
    assert not built(SOLD, STRONG_THEFT | {"serial": OTHER}, gun=GUN | {"marks": marks}).possible


def test_the_theft_of_a_mark_that_nothing_lawful_bears_is_of_a_gun_of_its_own():
    sold, theft = SOLD | {"serial": OTHER}, THEFT | {"serial": "ABC123458"}
    found = built(sold, theft)
    assert (found.ambiguous, found.point_of_diversion) == (True, None)
    assert [each["records"] for each in found.candidates] == [[sold["record"]], [theft["record"]]]


def test_what_a_person_says_to_be_of_this_gun_is_of_it():
    theft = THEFT | {"serial": ALIKE, "strength": None}
    assert built(SOLD, theft).point_of_diversion["before"] == theft["record"]


KINDS = st.sampled_from(["import", "domestic_sale", "private_sale", "theft", "loss", "recovery"])
DAYS = st.dates(date(2020, 1, 1), date(2026, 2, 1)).map(str)
GUNS = st.tuples(st.sampled_from([SERIAL, ALIKE, OTHER]), st.sets(st.sampled_from(sorted(TRUE))))


@given(st.lists(st.tuples(KINDS, DAYS, GUNS), max_size=6))
def test_no_diversion_is_told_of_a_record_whose_marks_and_description_contradict(drawn):
    body = [
        event(kind, on, serial=serial, against=against(kind, serial, described(*wrong)))
        | {"record": str(at), "strength": "strong"}
        for at, (kind, on, (serial, wrong)) in enumerate(drawn)
    ]
    found = build_chain([ChainLeg("PRY", "answered", body)], FOUND, "BRA", GUN)
    assert len(found.chain) + len(found.conflicts) + len(found.possible) == len(body)
    assert not any(row["against"] for row in found.chain)
    if found.point_of_diversion and (before := found.point_of_diversion["before"]):
        diverted = body[int(before)]
        assert can_be_same(found.last_lawful["serial"], diverted["serial"])
        assert diverted["serial"] == SERIAL or all(
            row["serial"] != SERIAL for row in found.chain if row["event"] not in ("theft", "loss")
        )
