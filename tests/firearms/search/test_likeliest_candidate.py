"""A description that says more: it takes away nothing of the serial, and adds nothing that contradicts it."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from salsa_ext.core.ids import new_id
from salsa_ext.firearms.search.evidence import Description, weigh, weights_for
from salsa_ext.firearms.search.search import best_scores, likely_candidates
from salsa_ext.firearms.search.values import Candidate, MarkHit
from salsa_ext.tracing.chains.identity import contradicting_fields

TRUE = {
    "make": "taurus",
    "calibre_family": "9x19",
    "type": "pistol",
    "country": "BRA",
    "year": 2025,
    "model": "g2c",
}
FALSE = {
    "make": "glock",
    "calibre_family": "380",
    "type": "revolver",
    "country": "AUT",
    "year": 1999,
    "model": "19",
}
SERIAL = "TKA52385"
SHARES = {(name, str(value)): 0.01 for name, value in TRUE.items()}
some = st.sets(st.sampled_from(sorted(TRUE)))
events = st.sampled_from(["theft", "loss", "seizure", "import", "export", "domestic_sale"])
read = st.sampled_from([SERIAL, "TKA5238?", "TKA52?85", "TKA52*"])


@st.composite
def others(draw):
    """Another record, of this gun or of one with a number beside it, and what it says."""
    says = {name: draw(st.sampled_from([TRUE, FALSE]))[name] for name in draw(some)}
    serial = draw(st.sampled_from([SERIAL, "TKA52384", "TKA52386", "TKB52385"]))
    return serial, says, draw(events), draw(losses)


losses = st.floats(0, 40).map(lambda bits: round(bits, 1))


def hit(asked, serial, says, event, loss):
    """Return the record as a search finds it, less what others take away from it; None where it does not."""
    evidence = weigh(asked, Description(serial, **says), weights=weights_for(asked, SHARES))
    if evidence is None:
        return None
    known = MarkHit(
        **dict.fromkeys(MarkHit._fields)
        | {
            "record_id": new_id(),
            "state": "PRY",
            "event": event,
            "serial_norm": serial,
            "visibility": "open",
            "occurred_on": date(2026, 1, 1),
            "is_superseded": False,
        }
    )
    return Candidate(known, replace(evidence, crowd=(1, loss) if loss else None))


def stays(serial, says, record, rest):
    """Tell whether a trace of what is described considers the record, beside all others."""
    asked = Description(serial, **{name: TRUE[name] for name in says})
    if (own := hit(asked, SERIAL, *record)) is None:
        return False
    all_found = [own, *filter(None, (hit(asked, *each) for each in rest))]
    return own in likely_candidates(all_found, best_scores(all_found))


@given(read, some, some, some, events, losses, losses, st.lists(others(), max_size=5))
def test_a_true_field_more_takes_no_record_of_the_gun_from_a_trace(
    serial, said, more, recorded, event, loss, greater, rest
):
    record = {name: TRUE[name] for name in recorded}
    if stays(serial, said, (record, event, loss), rest):
        assert stays(serial, said | more, (record, event, loss + greater), rest)


@given(some, some, events, losses, st.lists(others(), max_size=5))
def test_what_is_recorded_by_the_very_serial_always_stays(said, recorded, event, loss, rest):
    assert stays(SERIAL, said, ({name: TRUE[name] for name in recorded}, event, loss), rest)


@given(st.data(), some, some, losses, st.lists(others(), max_size=5))
def test_that_a_gun_of_the_very_serial_is_missed_or_was_seized_stays_whatever_else_it_says(
    data, said, recorded, loss, rest
):
    record = {name: data.draw(st.sampled_from([TRUE, FALSE]))[name] for name in recorded}
    event = data.draw(st.sampled_from(["theft", "loss", "seized", "found", "surrendered"]))
    serial = data.draw(st.sampled_from([SERIAL, "TKA5238S"]))
    assert stays(serial, said, (record, event, loss), rest)


def is_fact(serial, said, record, rest):
    """Tell whether a chain would hold a record of the very serial for one of the gun that is asked for."""
    asked = Description(serial, **{name: TRUE[name] for name in said})
    says, event, _ = record
    against = contradicting_fields(asked, Description(SERIAL, **says), event)
    return stays(serial, said, record, rest) and not against


@given(read, some, st.data(), some, events, losses, st.lists(others(), max_size=5))
def test_a_field_that_it_contradicts_makes_no_record_more_likely(
    serial, said, data, recorded, event, loss, rest
):
    record = {name: data.draw(st.sampled_from([TRUE, FALSE]))[name] for name in recorded}
    more = said | {name for name in recorded if record[name] == FALSE[name]}
    before, after = (
        hit(
            Description(serial, **{name: TRUE[name] for name in asked}), SERIAL, record, event, loss
        )
        for asked in (said, more)
    )
    assert after.evidence.bits <= before.evidence.bits
    if not is_fact(serial, said, (record, event, loss), rest):
        assert not is_fact(serial, more, (record, event, loss), rest)


def test_a_number_beside_it_that_says_little_goes_where_the_serial_itself_is_described():
    asked = Description(SERIAL, **TRUE)
    own, beside = hit(asked, SERIAL, TRUE, "import", 0), hit(asked, "TKA52386", {}, "theft", 0)
    assert likely_candidates([own, beside], best_scores([own, beside])) == [own]


def test_another_gun_of_the_same_serial_goes():
    asked = Description(SERIAL, **TRUE)
    own, other = (
        hit(asked, SERIAL, says, "import", 0) for says in (TRUE, FALSE | {"make": "taurus"})
    )
    assert likely_candidates([own, other], best_scores([own, other])) == [own]


def test_the_theft_of_a_number_that_another_maker_gave_goes():
    asked = Description("123456", **TRUE)
    own, other = (hit(asked, "123456", says, "theft", 0) for says in (TRUE, FALSE))
    assert likely_candidates([own, other], best_scores([own, other])) == [own]
