"""A small demo region on databases of its own, and what its readers are promised."""

import json
from collections import Counter
from datetime import date

import pytest
from sqlalchemy import text

from api.http.context import core_app
from salsa_ext.access.authentication import check_password
from salsa_ext.access.rules import operator, role_permissions
from salsa_ext.administration import migrations
from salsa_ext.core.codes import ALERT_ACTIONS, LICENSEE_ROLES, ROLES, TRACE_STATUSES
from salsa_ext.core.errors import Conflict
from salsa_ext.database.session import db, transaction
from salsa_ext.demo import accounts, guns, lead_patterns, parties, tour_gun
from salsa_ext.demo.investigation import TRACING_STATES
from salsa_ext.demo.plan import Planner
from salsa_ext.demo.trade.permits import LICENCE_FLAWS
from salsa_ext.demo.world import STATES, Calendar
from salsa_ext.reference import names
from salsa_ext.sealed_log.row_comparison import compare_rows
from tests.conftest import cheap_passwords
from tests.support.small import ANCHOR, SCALE, SEED, digest, make

POST = "ciudad-del-este-foz-do-iguacu"


def plan(anchor=ANCHOR, seed=SEED, scale=SCALE):
    return Planner(seed, Calendar(anchor), scale).plan()


def test_one_seed_gives_the_same_facts_in_any_database(small, fresh_database):
    with core_app(fresh_database).app_context():
        with cheap_passwords():
            made = make(fresh_database)
        facts = digest()
        db.engine.dispose()
    assert made.counts == small.made.counts
    assert facts == small.digest


def test_another_seed_gives_other_guns():
    assert serials(plan()) != serials(plan(seed=8))


def test_neither_numbers_nor_serials_depend_on_the_day_of_making():
    today, later = plan(), plan(anchor=date(2027, 8, 1))
    assert serials(today) == serials(later)
    assert numbers(today) == numbers(later)


def test_traces_are_in_every_status_of_the_contract(small):
    statuses = counted(small, "SELECT status, count(*) FROM trace GROUP BY 1")
    assert statuses.keys() == set(TRACE_STATUSES)


def test_alerts_of_each_action_were_met_and_some_hits_answered(small):
    found = counted(
        small,
        "SELECT action, count(*) FROM alert WHERE owner_state ="
        " current_setting('salsa.state')::char(3) GROUP BY 1",
    )
    assert found.keys() == set(ALERT_ACTIONS)
    hits = counted(
        small, "SELECT action, count(*) FROM hit WHERE owner_state = alert_state GROUP BY 1"
    )
    assert hits.keys() == set(ALERT_ACTIONS)
    statuses = counted(small, "SELECT status, count(*) FROM hit GROUP BY 1")
    assert statuses.keys() >= {"open", "confirmed"}


def test_each_role_has_an_account_in_each_state_that_asks(small):
    opened = {(account.state, account.role) for account in small.made.accounts}
    roles = {*ROLES} - {"secretariat", "display"}  # of no state, and of a post
    wanted = {(state, role) for state in TRACING_STATES for role in roles}
    assert opened == wanted | {(None, "secretariat")}


def test_a_token_carries_every_scope_of_its_role(small):
    answer = small.client("CHL", "licensing_officer").get("/me").json
    assert answer["state"] == "CHL"
    assert set(answer["permissions"]) == role_permissions("licensing_officer")


def test_a_password_signs_in(small):
    [account] = [each for each in small.made.accounts if each.username == "ury.auditor"]
    with small.app.app_context(), transaction(operator(None)):
        assert check_password(account.username, account.password).is_right


def test_credentials_are_complete_and_for_their_owners_eyes_alone(small, tmp_path):
    path = tmp_path / "demo" / "credentials.json"
    accounts.write_credentials(path, "http://127.0.0.1:8000", small.made.accounts)
    written = json.loads(path.read_text())
    assert path.stat().st_mode & 0o777 == 0o600
    assert written["base_url"] == "http://127.0.0.1:8000"
    assert len(written["accounts"]) == len(small.made.accounts)
    assert written["accounts"][0].keys() == {"state", "role", "username", "password", "token"}
    assert [entry.name for entry in path.parent.iterdir()] == ["credentials.json"]


def test_the_border_agency_of_each_side_is_at_its_posts_and_can_be_called(small):
    client = small.client("PRY", "border_officer")
    placed = {row["code"]: row["posts"] for row in client.get("/agencies?state=PRY").json["items"]}
    posts = [row["code"] for row in client.get("/posts?state=PRY&limit=200").json["items"]]
    assert placed["PRY-BORDER"] == placed["PRY-CUSTOMS"] == sorted(posts)
    [office] = client.get("/contacts?state=PRY&kind=border_post").json["items"]
    assert office["agency"] == "PRY-BORDER"


def test_every_state_has_a_point_of_contact_and_an_office_on_duty(small):
    client = small.client("BRA", "trace_analyst")
    found = client.get("/contacts?kind=duty_24h&limit=200").json["items"]
    assert {contact["state"] for contact in found} == STATES.keys()
    found = client.get("/contacts?kind=national_point_of_contact&limit=200").json["items"]
    assert {contact["state"] for contact in found} == STATES.keys()


def test_the_tours_shipment_was_received_short_over_its_post(small):
    client = small.client("PRY", "licensing_officer")
    [shipment] = client.get("/shipments?number=BRA-S-0001").json["items"]
    whole = client.get(f"/shipments/{shipment['id']}").json
    assert (whole["status"], whole["route"]) == ("received_short", [POST])
    assert [tick["stage"] for tick in whole["checkpoints"]] == ["exit", "entry"]
    missing = sorted(item["serial"] for item in whole["receipt"]["missing"])
    assert (len(whole["items"]), missing) == (25, ["TKA52390", "TKA52391"])


def test_the_tours_certificates_agree(small):
    client = small.client("PRY", "licensing_officer")
    [permit] = client.get("/permits?number=BRA-E-0001").json["items"]
    assert permit["import_permit"] == {"state": "PRY", "number": "PRY-I-0001"}
    assert (permit["status"], permit["counterpart_status"]) == ("exhausted", "complete")


def test_a_trace_of_the_tours_gun_crosses_the_border_to_its_first_buyer(small):
    result = traced(small, "BRA", "BRA-Z-0001")
    assert [event["event"] for event in result["chain"]] == [
        "manufacture",
        "export",
        "import",
        "domestic_sale",
    ]
    assert result["chain"][-1]["document_number"] == "PRY-T-0001"
    assert (result["scope"], result["reached"]) == ("international", "first_buyer")
    assert result["time_to_crime_days"] == 400 == tour_gun.FACTS["time_to_crime_days"]


def test_a_trace_of_the_gun_that_never_arrived_ends_at_its_shipment(small):
    result = traced(small, "ARG", "ARG-Z-0001")
    assert result["last_lawful"]["document_number"] == "BRA-S-0001"
    assert result["point_of_diversion"]["diversion_kind"] == "short_receipt"


def test_the_board_of_the_tours_post_shows_what_is_due_and_what_was_seized(small):
    board = small.client("BRA", "border_officer").get(f"/posts/{POST}/board").json
    assert board["due"]
    assert "BRA-Z-0001" in [seizure["number"] for seizure in board["seizures"]]


def test_an_analyst_finds_a_straw_purchase_a_holder_and_a_lot(small):
    case = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}
    found = {
        kind: small.client(state, "trace_analyst").get(f"/leads?kind={kind}", **case).json["items"]
        for state, kind in (
            ("USA", "straw_purchase"),
            ("HND", "shared_holder"),
            ("COL", "shared_lot"),
        )
    }
    assert [lead["gun_count"] for lead in found["straw_purchase"]] == [3]
    assert "Derek Placeholder" in found["straw_purchase"][0]["summary"]
    assert lead_patterns.GUARD_FIRM.name in "".join(
        lead["summary"] for lead in found["shared_holder"]
    )
    assert lead_patterns.CARTRIDGE_LOT.replace("-", "") in found["shared_lot"][0]["summary"]


def test_the_origin_of_some_guns_is_established_by_their_traces(small):
    shares = [
        small.client(state, "police_officer")
        .get(f"/statistics/origins-established?year={year}")
        .json
        for state in TRACING_STATES
        for year in range(ANCHOR.year - 3, ANCHOR.year + 1)
    ]
    established, recovered = (
        sum(each[name] for each in shares) for name in ("established", "recovered")
    )
    assert 0 < established < recovered / 2


def test_some_records_are_silent_and_some_only_point_to_their_owner(small):
    kinds = counted(small, "SELECT visibility, count(*) FROM record_setting GROUP BY 1")
    assert kinds.keys() == {"open", "pointer", "silent"}


def test_only_a_few_firms_are_not_authorised(small):
    doubts = counted(
        small,
        "SELECT data->>'verdict', count(*) FROM discrepancy"
        " WHERE kind = 'party_not_authorised' GROUP BY 1",
    )
    permits = counted(small, "SELECT owner_state, count(*) FROM permit GROUP BY 1")
    assert doubts.total() < permits.total() / 20
    assert set(counted(small, "SELECT status, 1 FROM licensee")) == {"active", "suspended"}


def test_firms_that_are_not_authorised_are_found_in_every_way():
    licensed = Planner(7, Calendar(ANCHOR), 0.01).plan().licensees
    assert {role for each in licensed for role in each.data.roles} == set(LICENSEE_ROLES)
    flawed = {
        each.state
        for each in licensed
        if each.suspended or each.data.roles == ("dealer",) or each.data.valid_to < ANCHOR
    }
    dealers = Counter(each.state for each in licensed if "-D-" in each.data.number)
    missing = {state for state, count in dealers.items() if count < max(dealers.values())}
    assert flawed | missing == LICENCE_FLAWS.keys()


def test_discrepancies_have_been_worked_on_and_others_are_open(small):
    statuses = counted(small, "SELECT status, count(*) FROM discrepancy GROUP BY 1")
    assert {"open", "explained"} <= statuses.keys()
    result = counted(small, "SELECT stance, count(*) FROM discrepancy_statement GROUP BY 1")
    assert result["explained"]


def test_two_states_have_agreed_on_electronic_copies(small):
    settings = small.client("PRY", "licensing_officer").get("/settings").json
    assert settings["electronic_copies_with"] == ["BRA"]


def test_a_region_is_complete_when_it_is_made(small):
    with small.app.app_context(), transaction(operator(None)):
        assert migrations.get_installation().is_complete


def test_a_second_region_is_refused(small):
    with small.app.app_context(), pytest.raises(Conflict):
        make()


def test_a_database_of_real_records_is_refused(fresh_database):
    with core_app(fresh_database).app_context():
        with transaction(operator("PRY")):
            migrations.declare_real(actor=operator("PRY"))
        with pytest.raises(Conflict):
            make()
        db.engine.dispose()


def test_an_interrupted_region_stays_incomplete(fresh_database):
    def interrupt(step, done, total):
        raise KeyboardInterrupt

    with core_app(fresh_database).app_context():
        with pytest.raises(KeyboardInterrupt):
            make(progress=interrupt)
        with transaction(operator(None)):
            assert migrations.get_installation().is_complete is False
        db.engine.dispose()


def test_types_are_seized_in_mexico_in_the_published_proportions():
    kinds = Counter(
        gun.design.kind if gun else "other"
        for seized in plan(scale=0.5).seizures
        if seized.state == "MEX"
        for gun in seized.guns
    )
    assert 0.57 < (kinds["pistol"] + kinds["revolver"]) / kinds.total() < 0.69


def test_marks_are_read_in_every_way_there_is():
    markings = {item.marking for seized in plan(scale=0.2).seizures for item in seized.data.items}
    assert markings == {"intact", "altered", "obliterated", "restored", "unmarked"}


def test_the_service_knows_what_every_design_is_called(session):
    assert [
        (design.make, design.calibre, design.type)
        for design in guns.designs()
        if not names.resolve("make", design.make)
        or not names.resolve("calibre", design.calibre)
        or names.type_category(design.type) != "firearm"
    ] == []


def test_the_service_knows_the_words_that_officers_write(session):
    body = {
        "type": {word for spoken in parties.TYPE_WORDS.values() for word in spoken.values()},
        "make": {word for heard in parties.MAKE_VARIANTS.values() for word in heard},
        "calibre": {word for heard in parties.CALIBRE_VARIANTS.values() for word in heard},
    }
    assert [
        word for kind, every in body.items() for word in every if names.resolve(kind, word) is None
    ] == []


def traced(small, state, number):
    client = small.client(state, "police_officer")
    [seizure] = client.get(f"/seizures?number={number}").json["items"]
    trace = client.post(
        "/traces",
        {
            "seizure": seizure["id"],
            "item": 1,
            "case_number": f"{number}-T",
            "priority": "routine",
            "legal_basis": "Act 1",
            "illicit_reason": "used_in_crime",
            "circumstances": "In a vehicle.",
            "intended_use": "intelligence",
            "confirm_second": True,
        },
    ).json
    return client.get(f"/traces/{trace['id']}/result").json


def counted(small, query):
    found = Counter()
    with small.app.app_context():
        for state in STATES:
            with transaction(operator(state)):
                found.update(dict(db.session.execute(text(query)).all()))
    return found


def serials(plan):
    shipped = [item.serial for sent in plan.shipments for item in sent.data.items]
    seized = [item.serial for made in plan.seizures for item in made.data.items]
    return shipped + [data.firearm.serial for _, data in plan.transfers] + seized


def numbers(plan):
    return [
        *(
            data.number
            for kind in ("permits", "transfers", "reports")
            for _, data in getattr(plan, kind)
        ),
        *(document.data.number for document in [*plan.shipments, *plan.seizures]),
        *(case.number for case in plan.traces),
    ]


def test_every_row_is_as_its_act_wrote_it(small):
    result = compare_rows(small.app.config["OWNER_URL"], small.app.config["VAULT"])
    assert result.problems == []
    assert result.rows > result.entries / 2
