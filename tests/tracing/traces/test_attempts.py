"""One state asked by several channels: its leg has the status of the best, and shows each."""

import pytest

from tests.support import bodies

IMPORTED = bodies.firearm(
    make="Glock", country_of_manufacture="AUT", importer_mark="Glock Inc., Smyrna, GA, USA"
)
SOLD = {"event": "domestic_sale", "occurred_on": "2024-05-02", "serial": IMPORTED["serial"]}


class Leg:
    """The leg of a new trace to one state, as its analyst works on it."""

    def __init__(self, analyst, state="USA"):
        self.analyst, self.state = analyst, state
        made = analyst.post("/traces", bodies.trace(firearm=IMPORTED)).json
        self.trace = f"/traces/{made['id']}"
        self.path = f"{self.trace}/legs/{self.read()['id']}"

    def read(self):
        legs = self.analyst.get(self.trace).json["legs"]
        return next(leg for leg in legs if leg["state"] == self.state)

    def attempt(self, channel="etrace", expect=201, **body):
        return self.analyst.post(f"{self.path}/attempts", {"channel": channel} | body, expect)

    def reply(self, channel="etrace", expect=201, text="By letter", **body):
        return self.analyst.post(
            f"{self.path}/reply", {"channel": channel, "text": text} | body, expect
        )

    def statuses(self):
        leg = self.read()
        return leg["status"], {each["channel"]: each["status"] for each in leg["attempts"]}

    def result(self):
        return self.analyst.get(f"{self.trace}/result").json


@pytest.fixture
def leg(analyst):
    return Leg(analyst)


def test_a_gun_with_the_mark_of_an_american_importer_is_asked_of_the_united_states(leg):
    assert leg.read()["reasons"] == [
        "It bears the mark of an importer there, by whom ATF traces it."
    ]


def test_a_state_that_takes_part_is_asked_by_another_channel_too(leg):
    assert leg.statuses() == ("no_record", {"service": "no_record"})
    leg.attempt()
    assert leg.statuses() == ("no_record", {"service": "no_record", "etrace": "to_send"})
    leg.attempt(reference="T20260001", confirm_incomplete=True)
    assert leg.statuses() == ("sent", {"service": "no_record", "etrace": "sent"})
    assert leg.result()["outcome"] == "pending"
    leg.reply(reply_class="purchaser_identified", events=[SOLD], answered_on="2026-03-09")
    assert leg.statuses() == ("answered", {"service": "no_record", "etrace": "answered"})
    result = leg.result()
    [event] = result["chain"]
    assert (event["event"], result["outcome"]) == ("domestic_sale", "traced")
    assert event["manual_entry"].startswith("Written down by an officer of Brazil: United States")
    [_, etrace] = leg.read()["attempts"]
    assert etrace == {
        "channel": "etrace",
        "status": "answered",
        "reference": "T20260001",
        "sent_on": "2026-03-09",
        "answered_on": "2026-03-09",
        "reply_class": "purchaser_identified",
        "failure_reason": None,
    }


@pytest.mark.parametrize(
    ("reply_class", "status", "reason"),
    [
        ("dealer_out_of_business", "partial", "dealer_defunct"),
        ("too_old", "partial", "too_old"),
        ("returned_for_information", "clarification", None),
        ("law_enforcement_stock", "answered", None),
    ],
)
def test_the_class_of_a_reply_says_its_status_and_why_no_more_is_known(
    leg, reply_class, status, reason
):
    leg.attempt(reference="T1", confirm_incomplete=True)
    leg.reply(reply_class=reply_class)
    [_, etrace] = leg.read()["attempts"]
    assert (etrace["status"], etrace["failure_reason"]) == (status, reason)
    messages = leg.read()["messages"][-1]
    assert (messages["reply_class"], messages["channel"]) == (reply_class, "etrace")


def test_a_gun_sold_to_a_dealer_out_of_business_has_the_dealer_as_its_last_known_holder(leg):
    leg.attempt(reference="T1", confirm_incomplete=True)
    leg.reply(reply_class="dealer_out_of_business", events=[SOLD])
    result = leg.result()
    assert (result["outcome"], result["reached"]) == ("partly", "dealer")
    assert result["chain"][0]["to"]["kind"] == "dealer" and result["time_to_crime_days"] is None
    assert "out-of-business records" in " ".join(result["missing"])


def test_a_gun_that_is_too_old_to_be_traced_is_nowhere_without_a_record(leg):
    leg.attempt(reference="T1", confirm_incomplete=True)
    leg.reply(reply_class="too_old")
    found = leg.result()
    answers = {row["state"]: row["answer"] for row in found["searched"]}
    assert answers["USA"] == "not_traced"
    assert found["outcome"] == "not_searched"
    assert "The answer of United States, for which the gun" in " ".join(found["missing"])


def test_a_trace_that_ended_at_another_country_asks_that_country(leg):
    leg.attempt(reference="T1", confirm_incomplete=True)
    assert {*leg.reply(expect=422, reply_class="foreign_country").json["errors"]} == {"points_to"}
    leg.reply(reply_class="foreign_country", points_to=["DEU"])
    legs = leg.analyst.get(leg.trace).json["legs"]
    assert "DEU" in [each["state"] for each in legs]


def test_a_request_that_came_back_for_information_is_sent_again(leg):
    leg.attempt(reference="T1", confirm_incomplete=True)
    leg.reply(reply_class="returned_for_information")
    leg.attempt(sent=True, confirm_incomplete=True)
    assert leg.statuses()[1]["etrace"] == "sent"


def test_etrace_reaches_the_united_states_alone(analyst):
    austria = Leg(analyst, "AUT")
    more = {"state": "DEU", "reason": "Made there", "channel": "etrace"}
    refused = [
        analyst.post(f"{austria.trace}/legs", more, 422),
        analyst.post(f"{austria.path}/channel", {"channel": "etrace"}, 422),
        austria.attempt(expect=422),
    ]
    for answer in refused:
        [problem] = answer.json["errors"]["channel"]
        assert problem.startswith("eTrace reaches the United States alone.")


def test_what_a_register_of_the_own_state_answers_on_paper_is_written_down(analyst):
    own = Leg(analyst, "BRA")
    assert own.statuses() == ("no_record", {"service": "no_record"})
    without_channel = analyst.post(f"{own.path}/reply", {"text": "Sold"}, 422)
    for refused in (own.attempt("iarms", 422), without_channel):
        assert refused.json["errors"].keys() == {"channel"}
    own.reply("mail", status="answered", answered_on="2026-03-09", events=[SOLD])
    assert own.statuses() == ("answered", {"service": "no_record", "mail": "answered"})
    [event] = own.result()["chain"]
    assert event["manual_entry"] == "Written down by an officer of Brazil from its own register."


def test_a_trace_waits_for_the_own_register_that_was_asked_on_paper(analyst):
    own = Leg(analyst, "BRA")
    [austria] = [leg for leg in analyst.get(own.trace).json["legs"] if leg["state"] == "AUT"]
    reply = {"status": "no_record", "text": "Nothing"}
    analyst.post(f"{own.trace}/legs/{austria['id']}/reply", reply)
    own.attempt("telephone", sent=True)
    assert analyst.get(own.trace).json["status"] == "in_progress"
    own.reply("telephone", status="no_record")
    assert analyst.get(own.trace).json["status"] == "completed"


def test_an_attempt_is_one_for_each_channel(analyst, leg):
    assert leg.reply("mail", 422, status="answered").json["errors"].keys() == {"channel"}
    Leg(analyst, "AUT").attempt("iarms", 409)
    leg.attempt("mail", sent=True)
    leg.reply(channel="mail", reply_class="too_old")
    leg.attempt("mail", 409)


def test_a_recorded_reply_stays_with_the_answer_of_the_state(analyst, pry, pry_analyst):
    mark = {"kind": "import", "text": "PY 24", "state": "PRY"}
    pry.post("/transfers", bodies.transfer(visibility="pointer"))
    made = analyst.post("/traces", bodies.trace(firearm=bodies.firearm(marks=[mark]))).json
    path = f"/traces/{made['id']}"
    [leg] = [each["id"] for each in made["legs"] if each["state"] == "PRY"]
    analyst.post(f"{path}/legs/{leg}/attempts", {"channel": "diplomatic", "sent": True})
    body = {"channel": "diplomatic", "text": "A note", "status": "partial", "events": [SOLD]}
    analyst.post(f"{path}/legs/{leg}/reply", body)
    [request] = pry_analyst.get("/requests").json["items"]
    pry_analyst.change(
        f"/requests/{request['id']}", "report-no-record", {"confirm_other_guns": True}
    )
    [leg] = [each for each in analyst.get(path).json["legs"] if each["state"] == "PRY"]
    assert (leg["status"], leg["events"]) == ("partial", 1)


def test_an_attempt_that_nobody_answered_ends_with_the_trace(analyst, leg):
    leg.attempt(reference="T1", confirm_incomplete=True)
    analyst.change(leg.trace, "close")
    assert leg.statuses()[1]["etrace"] == "withdrawn"


def test_the_form_of_an_attempt_goes_by_its_channel(analyst, leg):
    form = f"{leg.path}/form"
    leg.attempt("mail")
    assert analyst.get(f"{form}?channel=mail").mimetype == "application/pdf"
    [problem] = analyst.get(f"{form}/fields", 422).json["errors"]["leg"]
    assert problem.startswith("This state is not asked by this channel.")
    leg.attempt()
    names = {field["name"] for field in analyst.get(f"{form}/fields").json["fields"]}
    assert {"Serial number", "Importer"} <= names


def test_a_state_that_takes_part_is_asked_by_the_service_and_by_etrace_at_once(analyst):
    path = f"/traces/{analyst.post('/traces', bodies.trace()).json['id']}"
    body = {"state": "USA", "reason": "A witness", "channel": "etrace"}
    asked = analyst.post(f"{path}/legs", body).json["legs"][-1]
    assert [each["channel"] for each in asked["attempts"]] == ["service", "etrace"]
    assert asked["attempts"][1]["status"] == "to_send"
    assert "by another channel" in analyst.post(f"{path}/legs", body, 409).json["detail"]
    nameless = {"state": "URY", "reason": "A witness", "reference": "1"}
    assert list(analyst.post(f"{path}/legs", nameless, 422).json["errors"]) == ["channel"]
