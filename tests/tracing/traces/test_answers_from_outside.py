"""What an officer writes down of a state that does not participate is his word, of the days that he says."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db, transaction
from salsa_ext.reference.models import Agency
from tests.support import bodies
from tests.support.papers import text_of

FOUND, WENT, ANSWERED, TODAY = "2026-02-01", "2026-02-20", "2026-03-02", "2026-03-09"
SOLD = {"event": "domestic_sale", "occurred_on": "2020-01-02", "serial": "ABC123456"}
WHOSE = "Written down by an officer of Brazil: Spain answered it by another channel"


@pytest.fixture
def trace(analyst):
    return analyst.post("/traces", bodies.trace(found_on=FOUND)).json


@pytest.fixture
def spain(analyst, trace):
    """Read the leg of Spain, and say something of it first: by its channel, or of what came back."""
    path = f"/traces/{trace['id']}"
    asked = {"state": "ESP", "reason": "Import mark", "channel": "mail"}
    analyst.post(f"{path}/legs", asked)

    def leg(action=None, expect=None, **body):
        mine = next(each for each in analyst.get(path).json["legs"] if each["state"] == "ESP")
        if action is None:
            return mine
        expected = expect or {"reply": 201, "channel": 200}[action]
        result = analyst.post(f"{path}/legs/{mine['id']}/{action}", body, expected)
        return result.json if expect else leg()

    return leg


@pytest.fixture
def asked(as_actor, analyst):
    """An analyst of Paraguay, what Brazil's trace asks of it, and the trace."""
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer(visibility="pointer"))
    trace, pry = analyst.post("/traces", bodies.trace()).json, as_actor("PRY", "trace_analyst")
    [request] = pry.get("/requests").json["items"]
    return pry, f"/requests/{request['id']}", trace


def answer(**more):
    return {"status": "answered", "text": "By letter", "events": [SOLD]} | more


def told(analyst, trace, **headers):
    found = analyst.get(f"/traces/{trace['id']}/result", **headers).json
    [event] = [each for each in found["chain"] if each["state"] == "ESP"]
    return event


def test_an_answer_from_outside_is_the_word_of_the_officer_who_wrote_it_down(analyst, trace, spain):
    leg = spain("reply", **answer(sent_on=WENT, answered_on=ANSWERED))
    assert (leg["asked_on"], leg["answered_on"]) == (WENT, ANSWERED)
    assert leg["asked_at"].startswith(WENT) and leg["answered_at"].startswith(TODAY)
    event = told(analyst, trace)
    assert (event["confidence"], event["manual_entry"]) == (None, f"{WHOSE} on 2 Mar 2026.")
    [messages] = leg["messages"]
    assert (messages["sent_on"], messages["answered_on"]) == (WENT, ANSWERED)


def test_a_later_entry_replaces_the_former_one_which_the_audit_has(as_actor, analyst, trace, spain):
    spain("reply", **answer(answered_on=ANSWERED))
    wrong = told(analyst, trace)["record"]
    spain("reply", **answer(events=[SOLD | {"occurred_on": "2021-01-02"}]))
    assert told(analyst, trace)["occurred_on"] == "2021-01-02"
    entries = as_actor("BRA", "auditor").get("/audit?action=trace:replied").json["items"]
    replaced = {"status": "answered", "answered_on": ANSWERED, "events": [wrong]}
    assert [each["data"].get("replaced") for each in reversed(entries)] == [None, replaced]
    assert [each["events"] for each in spain()["messages"]] == [1, 1]


@pytest.mark.parametrize("status", ["no_record", "refused", "acknowledged", "partial"])
def test_an_answer_that_was_written_down_wrongly_is_put_right_by_whatever_came(
    analyst, trace, spain, status
):
    spain("reply", **answer())
    leg = spain("reply", status=status, text="It was of another gun")
    assert (leg["status"], leg["events"]) == (status, 0)
    assert (leg["answered_at"] is None) == (status == "acknowledged")
    assert analyst.get(f"/traces/{trace['id']}/result").json["chain"] == []
    assert spain("reply", **answer())["events"] == 1


def test_later_records_are_added_to_an_answer(spain):
    spain("reply", **answer())
    bought = {"event": "import", "occurred_on": "2019-01-02"}
    leg = spain("reply", **answer(events=[bought], additional=True))
    assert (leg["status"], leg["events"]) == ("answered", 2)
    result = spain("reply", 422, status="no_record", text="Nothing", additional=True)
    assert list(result["errors"]) == ["additional"]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "es",
            "Anotado por un funcionario de Brasil: España lo respondió por otro canal el 2 mar 2026.",
        ),
        (
            "fr",
            "Consigné par un agent du Brésil\xa0: réponse de l’Espagne par un autre canal le 2 mars 2026.",
        ),
        (
            "pt",
            "Registrado por um funcionário do Brasil: resposta da Espanha por outro canal em"
            " 2 de mar. de 2026.",
        ),
    ],
)
def test_the_source_of_a_statement_is_named_in_each_language(
    analyst, trace, spain, language, expected
):
    spain("reply", **answer(answered_on=ANSWERED))
    assert told(analyst, trace, Accept_Language=language)["manual_entry"] == expected


def test_what_a_participant_s_person_says_stays_that_state_s_word(analyst, asked):
    pry, request, trace = asked
    pry.change(request, "answer", {"completeness": "full", "handling": "H1", "events": [SOLD]})
    [event] = analyst.get(f"/traces/{trace['id']}/result").json["chain"]
    assert (event["state"], event["confidence"], event.get("by_hand")) == ("PRY", None, None)


def test_days_that_nobody_wrote_down_are_not_those_of_the_entry(analyst, trace, spain):
    leg = spain("reply", **answer())
    assert (leg["asked_at"], leg["asked_on"], leg["answered_on"]) == (None, None, None)
    assert leg["answered_at"].startswith(TODAY)
    assert told(analyst, trace)["manual_entry"] == f"{WHOSE}, on a day that nobody wrote down."


def test_a_form_went_out_on_the_day_that_the_officer_says_else_today(spain):
    assert spain("channel", channel="mla", sent=True)["asked_on"] == TODAY
    leg = spain("channel", channel="mla", sent_on=WENT)
    assert (leg["asked_on"], leg["unsent"]) == (WENT, False)
    assert leg["asked_at"].startswith(WENT)
    assert spain("channel", channel="iarms")["asked_on"] is None  # by this one nothing went out
    heard = spain("reply", status="acknowledged", text="By telephone", sent_on=WENT)
    assert heard["asked_on"] == WENT


def test_days_ahead_or_out_of_order_are_refused(spain):
    errors = spain("channel", 422, channel="mla", sent_on="2026-03-10")["errors"]
    assert errors == {"sent_on": [f"This date lies in the future; today is {TODAY}."]}
    ahead = spain("reply", 422, **answer(sent_on="2026-05-01", answered_on="2026-05-02"))["errors"]
    assert set(ahead) == {"sent_on", "answered_on"}
    spain("channel", channel="mla", sent_on=WENT)
    [errors] = spain("reply", 422, **answer(answered_on="2026-02-19"))["errors"]["answered_on"]
    assert errors == f"Before the form went out, on {WENT}: correct the one day or the other."
    assert spain("reply", **answer(answered_on="2026-02-19", sent_on="2026-02-01"))["asked_on"]


def test_a_day_before_the_gun_was_found_is_refused(spain):
    wrong = f"Before the gun was found, on {FOUND}: give that day or a later one."
    errors = spain("channel", 422, channel="mla", sent_on="2026-01-31")["errors"]
    assert errors == {"sent_on": [wrong]}
    errors = spain("reply", 422, **answer(sent_on="2025-01-01", answered_on="2025-12-01"))["errors"]
    assert errors == {"sent_on": [wrong], "answered_on": [wrong]}
    assert spain("reply", **answer(sent_on=FOUND, answered_on=FOUND))["asked_on"] == FOUND


def test_what_happened_after_the_day_of_the_answer_is_not_in_it(spain):
    sold = [SOLD, SOLD | {"occurred_on": "2026-03-03"}]
    errors = spain("reply", 422, **answer(answered_on=ANSWERED, events=sold))["errors"]
    wrong = f"After the day of the answer, {ANSWERED}: correct the one day or the other."
    assert errors == {"events.1.occurred_on": [wrong]}
    sold[1]["occurred_on"] = ANSWERED
    assert spain("reply", **answer(answered_on=ANSWERED, events=sold))["events"] == 2


def test_what_is_no_answer_yet_has_no_day_of_one(spain):
    heard = {"status": "acknowledged", "text": "By telephone"}
    errors = spain("reply", 422, **heard, answered_on=ANSWERED)["errors"]
    wrong = "Nothing was answered yet: leave the day out, or say what was answered."
    assert errors == {"answered_on": [wrong]}
    assert spain("reply", **heard)["status"] == "acknowledged"


def test_it_is_the_day_of_the_agency(spain, app, actor, monkeypatch):
    moved = update(Agency).where(Agency.code == "BRA-TEST").values(time_zone="America/Rio_Branco")
    with transaction(actor("BRA")):
        db.session.execute(moved)
    after_midnight = datetime(2026, 3, 10, 1, 30, tzinfo=UTC)  # the evening of the ninth there
    monkeypatch.setitem(app.config, "CLOCK", FixedClock(after_midnight))
    spain("channel", 422, channel="mla", sent_on="2026-03-10")
    assert spain("channel", channel="mla", sent_on=TODAY)["asked_at"] == after_midnight.isoformat()


def test_a_state_that_takes_part_says_its_days_itself(analyst, asked):
    pry, request, trace = asked
    pry.change(request, "ask-questions", {"questions": ["?"]})
    [leg] = [each["id"] for each in trace["legs"] if each["state"] == "PRY"]
    result = {"text": "So", "answered_on": ANSWERED}
    analyst.post(f"/traces/{trace['id']}/legs/{leg}/reply", result, 422)


def test_the_report_says_whose_word_it_is(analyst, trace, spain):
    spain("reply", **answer(answered_on=ANSWERED))
    body = " ".join(text_of(analyst.get(f"/traces/{trace['id']}/report").get_data()).split())
    assert "Written down by an officer of Brazil" in body.replace("- ", "")
    assert "As a person of that state says" not in body


def forms_to_send(analyst):
    told = analyst.get("/notifications?code=trace_form_to_send").json["items"]
    return [(each["subject"]["kind"], each["data"]["by"], each["urgent"]) for each in told]


FORWARDED = {"state": "AUT", "reason": "Made there"}


@pytest.mark.parametrize(
    "action,expected",
    [
        (
            "answer",
            {"completeness": "full", "handling": "H1", "events": [SOLD], "points_to": ["AUT"]},
        ),
        (
            "answer",
            {
                "completeness": "full",
                "handling": "H1",
                "events": [SOLD | {"event": "export", "counterpart_state": "AUT"}],
            },
        ),
        ("forward", FORWARDED),
    ],
)
def test_the_author_of_a_trace_is_notified_of_the_next_form_to_send(
    analyst, asked, action, expected
):
    pry, request, _ = asked
    assert forms_to_send(analyst) == []
    pry.change(request, action, expected)
    assert forms_to_send(analyst) == [("trace", "AUT", True)]


def test_so_he_is_where_what_came_back_from_outside_points_there(analyst, spain):
    spain("reply", **answer(points_to=["AUT", "URY"]))
    assert forms_to_send(analyst) == [("trace", "AUT", True)]


def test_an_answer_that_names_a_state_that_was_asked_makes_no_form_due(analyst, asked):
    pry, request, trace = asked
    more = {"state": "ESP", "reason": "Import mark", "channel": "mail"}
    analyst.post(f"/traces/{trace['id']}/legs", more)
    pry.change(request, "forward", FORWARDED | {"state": "ESP"})
    assert forms_to_send(analyst) == []
