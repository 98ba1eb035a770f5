"""A board that is asked for what changed: from memory while nothing did, and only by who still may."""

import gzip
import re
from contextlib import ExitStack
from datetime import timedelta

import pytest
from sqlalchemy import event

from api import live
from salsa_ext.clock import FixedClock
from salsa_ext.db import db, transaction
from salsa_ext.policy.rules import operator
from tests import actors, bodies
from tests.conftest import NOW, standing_on
from tests.movements import act
from tests.web import scenes
from tests.web.visitors import Visitor, browser

BOARD = f"/posts/{scenes.POST}/board"
FIRST, AGAIN = 150_000, 10_000
"""Bytes of the first visit of a board with all that it needs, and of one answer that tells what changed."""


class Onlooker:
    """A page of a board, as its script keeps it."""

    def __init__(self, app, token):
        self.client, self.page = browser(app), ""
        self.client.set_cookie("salsa_session", token)
        self.page = self.client.get(BOARD, headers={"Accept": "text/html"}).get_data(as_text=True)
        self.version, self.ticket = (
            re.search(rf'id="live"[^>]* data-{name}="([^"]+)"', self.page)[1]
            for name in ("version", "ticket")
        )

    def ask(self, **headers):
        sent = {"Accept": "application/json", "Salsa-Ticket": self.ticket}
        sent["If-None-Match"] = f'W/"{self.version}"'
        return self.client.get(f"{BOARD}/live", headers=sent | headers)

    def follow(self):
        """Take what changed, and return the names of the parts that did."""
        answer = self.ask()
        self.ticket = answer.headers.get("Salsa-Ticket", self.ticket)
        if answer.status_code == 304:
            return set()
        assert answer.status_code == 200
        self.version = answer.json["version"]
        return set(answer.json["parts"])


@pytest.fixture(scope="module")
def shipped(server, registered, standing, tmp_path_factory):
    """A database in which a shipment is on its way; copied, never used itself."""
    with ExitStack() as kept:
        with standing_on(server, registered, standing) as served:
            with served.app_context():
                ship(served)
                db.engine.dispose()
            copied = server.copied(standing[1], tmp_path_factory.mktemp("shipped"))
            config = kept.enter_context(copied)
        yield config


@pytest.fixture
def app(server, shipped, standing, monkeypatch):
    """An application whose transactions are real, and which looks for changes each time."""
    monkeypatch.setattr(live, "PAUSE", 0.0)
    with standing_on(server, shipped, standing) as served, served.app_context():
        yield served


def ship(app):
    """Let Brazil release a shipment that Paraguay should get in two days."""
    exporter = caller(app, "BRA", "licensing_officer")
    caller(app, "PRY", "licensing_officer").post("/permits", bodies.import_permit())
    permit = exporter.post("/permits", bodies.permit()).json["id"]
    expected = [{"stage": "entry", "post": scenes.POST, "at": "2026-03-11T12:00:00Z"}]
    body = bodies.shipment(number="A-DUE", expected=expected)
    act(exporter, exporter.post(f"/permits/{permit}/shipments", body).json, "release")


def caller(app, state, role):
    token = actors.token(state, role, NOW, None, timedelta(days=1))
    return actors.Client(app.test_client(), token)


@pytest.fixture
def onlooker(app):
    def make(state, role="border_officer", agency="TEST"):
        return Onlooker(app, actors.token(state, role, NOW, None, timedelta(days=5), agency))

    return make


@pytest.fixture
def asked(app):
    """What the database is asked."""
    said = []
    note = lambda connection, cursor, statement, *_: said.append(statement)  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", note)
    yield said
    event.remove(db.engine, "before_cursor_execute", note)


def tick(app):
    officer = caller(app, "PRY", "border_officer")
    shipment = officer.get("/shipments?number=A-DUE").json["items"][0]["id"]
    body = {"stage": "entry", "post": scenes.POST, "occurred_at": "2026-03-09T14:00:00Z",
            "outcome": "held"}  # fmt: skip
    officer.post(f"/shipments/{shipment}/checkpoints", body)


def test_nothing_changed_is_told_from_memory_by_one_look_at_what_did(onlooker, asked):
    page = onlooker("BRA")
    asked.clear()
    for _ in range(5):
        answer = page.ask()
        assert (answer.status_code, answer.get_data()) == (304, b"")
    assert len(asked) == 5 and all("salsa_board_changes" in one for one in asked)


def test_a_look_is_good_for_all_who_ask_within_a_quarter_of_a_second(onlooker, asked, monkeypatch):
    monkeypatch.setattr(live, "PAUSE", 3600.0)
    page = onlooker("BRA")
    asked.clear()
    assert [page.ask().status_code for _ in range(20)] == [304] * 20
    assert asked == []


def test_only_the_parts_that_changed_are_sent(app, onlooker):
    page = onlooker("BRA")
    tick(app)
    assert page.follow() == {"due", "ticked", "tiles"}
    assert page.follow() == set()


def test_a_picture_is_drawn_once_for_all_who_see_the_same(app, onlooker, asked):
    one, other = onlooker("BRA"), onlooker("BRA")
    tick(app)
    one.follow()
    asked.clear()
    assert other.follow() == {"due", "ticked", "tiles"}
    assert len(asked) < 6  # who it is and what changed, and nothing of the board


def test_another_agency_has_a_picture_of_its_own(onlooker):
    one, other = onlooker("BRA"), onlooker("BRA", agency="OTHER")
    assert other.ask(**{"Salsa-Ticket": one.ticket}).status_code == 304
    assert one.ticket != other.ticket and len(live.live()._kept) == 2


def test_the_number_does_not_move_for_what_is_none_of_the_readers(app, onlooker):
    brazil, paraguay = onlooker("BRA"), onlooker("PRY")
    before = brazil.version
    police = caller(app, "PRY", "police_officer")
    police.post("/seizures", bodies.seizure(number="S-9", agency="PRY-POLICE", place=scenes.NEAR))
    assert paraguay.follow() == {"tiles", "weeks", "seizures"}
    assert brazil.ask().headers["ETag"] == f'W/"{before}"'
    assert brazil.follow() == set() and brazil.version == before


def test_a_seizure_leaves_the_board_with_the_correction_that_takes_its_place_away(app, onlooker):
    police = caller(app, "PRY", "police_officer")
    body = bodies.seizure(number="S-9", agency="PRY-POLICE", place=scenes.NEAR)
    seized = police.post("/seizures", body).json["id"]
    page = onlooker("PRY")
    assert "S-9" in page.page
    elsewhere = {"place": {"country": "PRY", "name": "Asunción"}, "reason": "Another town"}
    police.post(f"/seizures/{seized}/correct", body | elsewhere, 200, If_Match='"1"')
    answer = page.ask()
    assert set(answer.json["parts"]) == {"tiles", "weeks", "seizures"}
    assert not any("S-9" in part for part in answer.json["parts"].values())


@pytest.mark.parametrize("ticket", ["", "x", "IngyIg.aSZ0dA.c2lnbmF0dXJl"])
def test_a_ticket_that_is_none_lets_nobody_in(app, ticket, onlooker):
    page = onlooker("BRA")
    page.client.delete_cookie("salsa_session")
    assert page.ask(**{"Salsa-Ticket": ticket}).status_code == 401


def test_no_ticket_opens_what_changed(app, onlooker):
    page = onlooker("BRA")
    page.client.delete_cookie("salsa_session")
    assert page.ask().status_code == 304  # for a minute at most
    tick(app)
    assert page.ask().status_code == 401


def test_who_was_shut_out_learns_it_when_his_ticket_is_over(app, onlooker, monkeypatch):
    page = onlooker("BRA")
    with transaction(operator("BRA")):
        for row in accounts_of("BRA"):
            row.is_active = False
    assert page.ask().status_code == 304
    monkeypatch.setattr(live, "TICKET", -1)
    assert page.ask().status_code == 401


def accounts_of(state):
    from salsa_ext.models import Account

    return db.session.query(Account).filter_by(owner_state=state)


def test_what_time_alone_changes_is_told_too(app, onlooker, monkeypatch):
    page = onlooker("BRA")
    later = FixedClock(NOW + timedelta(days=2))
    monkeypatch.setattr(app.extensions["live"], "_clock", later)
    monkeypatch.setitem(app.config, "CLOCK", later)
    changed = page.follow()  # the expected time of A-DUE is over
    assert {"tiles", "late", "due"} <= changed


def size(answer):
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.get_data())
    return len(answer.get_data())


def test_a_board_and_what_changed_of_it_are_light(app, onlooker):
    for number in range(40):
        near = {**scenes.NEAR, "name": f"Place {number}", "latitude": -25.5 + number / 300}
        seized = bodies.seizure(number=f"S-{number}", agency="PRY-POLICE", place=near)
        caller(app, "PRY", "police_officer").post("/seizures", seized)
    page = onlooker("PRY")
    taking = {"Accept": "text/html", "Accept-Encoding": "gzip"}
    first = page.client.get(BOARD, headers=taking)
    linked = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.page)
    assert len(linked) >= 4
    files = [page.client.get(one, headers={"Accept-Encoding": "gzip"}) for one in linked]
    whole = size(first) + sum(len(one.get_data()) for one in files)
    assert 5_000 < whole < FIRST
    tick(app)
    assert 200 < size(page.ask(**{"Accept-Encoding": "gzip"})) < AGAIN


def test_a_file_is_kept_for_long_under_the_address_of_its_version_alone(app, onlooker):
    page = onlooker("BRA")
    [script] = re.findall(r'src="(/static/live.js[^"]*)"', page.page)
    kept = page.client.get(script)
    assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for other in (script.partition("?")[0], script + "0"):
        assert "immutable" not in page.client.get(other).headers["Cache-Control"]


def test_a_compressed_answer_keeps_its_etag_and_its_version(app):
    reader = caller(app, "BRA", "licensing_officer")
    permit = reader.get("/permits").json["items"][0]["id"]
    zipped = reader.get(f"/permits/{permit}", Accept_Encoding="gzip")
    assert (
        zipped.headers["Content-Encoding"] == "gzip" and "Accept-Encoding" in zipped.headers["Vary"]
    )
    etag = zipped.headers["ETag"]
    again = {"Accept_Encoding": "gzip", "If_None_Match": etag}
    assert reader.get(f"/permits/{permit}", 304, **again).get_data() == b""
    body = {"reason": "A slip of the pen"}
    assert reader.post(f"/permits/{permit}/cancel", body, 200, If_Match=etag)


def test_a_form_holds_its_token_written_otherwise_each_time_and_each_is_taken(app):
    client = browser(app)
    hidden = re.compile(r'name="csrf_token" value="([^"]+)"')
    tokens = {hidden.search(client.get("/sign-in").get_data(as_text=True))[1] for _ in range(3)}
    assert len(tokens) == 3
    for token in tokens:
        sent = {"csrf_token": token, "language": "es", "next": "/"}
        assert client.post("/language", data=sent).status_code == 303
    assert client.post("/language", data={"csrf_token": token[:-8] + "AAAAAAA="}).status_code == 403


class Wall:
    """A display on a wall, as its script keeps it."""

    def __init__(self, app, code):
        visitor = Visitor(browser(app))
        visitor.send("/wall", {"code": code})
        self.client, self.page = visitor.client, visitor.open("/wall")
        self.version, self.ticket = (
            re.search(rf'data-{name}="([^"]+)"', self.page)[1] for name in ("version", "ticket")
        )

    def ask(self):
        sent = {"Accept": "application/json", "Salsa-Ticket": self.ticket}
        return self.client.get(
            "/wall/live", headers=sent | {"If-None-Match": f'W/"{self.version}"'}
        )


def displays(app, *names):
    supervisor = caller(app, "PRY", "supervisor")
    path = f"/posts/{scenes.POST}/displays"
    return [supervisor.post(path, {"name": name, "language": "en"}).json for name in names]


def test_a_display_that_is_revoked_is_told_so_whatever_another_is_told(app):
    made = displays(app, "Hall", "Gate")
    revoked, other = (Wall(app, one["code"]) for one in made)
    assert (revoked.ask().status_code, other.ask().status_code) == (304, 304)
    caller(app, "PRY", "supervisor").post(f"/displays/{made[0]['id']}/revoke", expect=204)
    assert other.ask().status_code == 304
    assert [revoked.ask().status_code for _ in range(3)] == [401, 401, 401]


def test_a_wall_counts_the_discrepancies_that_the_board_counts(app):
    importer = caller(app, "PRY", "licensing_officer")
    [due] = importer.get("/shipments?number=A-DUE").json["items"]
    act(importer, due, "receipt", 201, received_on="2026-03-09",
        items=[{"line": 1, "serial": "ABC123456"}])  # fmt: skip
    officer, [made] = caller(app, "PRY", "border_officer"), displays(app, "Hall")
    counted = officer.get(f"/posts/{scenes.POST}/board").json["counts"]["discrepancies"]
    shown = re.search(r"<dt>Discrepancies</dt><dd>(\d+)</dd>", Wall(app, made["code"]).page)
    assert counted > 0 and int(shown[1]) == counted


def seize(app, state, number, **place):
    body = bodies.seizure(number=number, agency=f"{state}-POLICE", place={"country": state} | place)
    caller(app, state, "police_officer").post("/seizures", body)


def test_a_seizure_far_away_draws_no_board_and_one_near_by_draws_it(app, onlooker, asked):
    page = onlooker("PRY")
    far = {"latitude": -22.3, "longitude": -60.0}
    seize(app, "PRY", "S-FAR", **far)
    asked.clear()
    assert page.follow() == set()
    assert len(asked) == 1  # what changed, and nothing of the board
    seize(app, "PRY", "S-POST", **far, name="Chaco")
    assert page.follow() == set()
    near = {name: scenes.NEAR[name] for name in ("latitude", "longitude")}
    seize(app, "PRY", "S-NEAR", **near)
    assert page.follow() == {"tiles", "weeks", "seizures"}


def test_a_seizure_of_the_other_side_joins_what_waits_wherever_it_was_made(
    app, onlooker, monkeypatch
):
    mine = {"number": "P-1", "agency": "PRY-POLICE", "occurred_on": "2026-03-09"}
    joint = bodies.seizure(**mine, place=scenes.NEAR, joint_with={"state": "BRA", "number": "B-7"})
    caller(app, "PRY", "police_officer").post("/seizures", joint)
    board = onlooker("PRY")
    monkeypatch.setattr("tests.web.test_live.BOARD", f"/posts/{scenes.POST}/desk")
    desk = onlooker("PRY")
    theirs = {"number": "B-7", "place": {"country": "BRA"}, "occurred_on": "2026-03-09"}
    back = bodies.seizure(**theirs, joint_with={"state": "PRY", "number": "P-1"})
    caller(app, "BRA", "police_officer").post("/seizures", back)
    assert "joint" in desk.follow()
    monkeypatch.undo()
    assert "seizures" in board.follow()


def test_a_seizure_that_is_corrected_leaves_the_board_on_which_it_was(app, onlooker):
    near = {name: scenes.NEAR[name] for name in ("latitude", "longitude")}
    seize(app, "PRY", "S-1", **near)
    page, police = onlooker("PRY"), caller(app, "PRY", "police_officer")
    [made] = police.get("/seizures?number=S-1").json["items"]
    etag = police.get(f"/seizures/{made['id']}").headers["ETag"]
    place = {"country": "PRY", "latitude": -22.3, "longitude": -60.0}
    body = bodies.seizure(number="S-1", agency="PRY-POLICE", place=place, reason="A slip")
    police.post(f"/seizures/{made['id']}/correct", body, 200, If_Match=etag)
    assert page.follow() == {"tiles", "weeks", "seizures"}


def test_a_hit_of_another_agency_draws_nothing(app, onlooker, asked):
    alert = bodies.alert(firearm=bodies.firearm(serial="SBK440177"))
    caller(app, "ARG", "trace_analyst").post("/alerts", alert)
    here, there = onlooker("PRY"), onlooker("PRY", agency="LICENSING")
    caller(app, "PRY", "border_officer").post("/checks", bodies.check(serial="SBK440177"))
    asked.clear()
    assert there.follow() == set() and len(asked) == 1
    assert "hits" in here.follow()


def test_a_draft_of_a_trace_draws_no_board(app, onlooker, asked):
    page = onlooker("BRA")
    caller(app, "BRA", "trace_analyst").post("/traces", bodies.trace(draft=True))
    asked.clear()
    assert page.follow() == set() and len(asked) == 1


def test_a_desk_is_drawn_again_for_calls_and_not_for_ticks(app, onlooker, asked, monkeypatch):
    monkeypatch.setattr("tests.web.test_live.BOARD", f"/posts/{scenes.POST}/desk")
    page = onlooker("BRA")
    tick(app)
    asked.clear()
    assert page.follow() == set() and len(asked) == 1
    caller(app, "PRY", "border_officer").post(f"/posts/{scenes.POST}/calls", {})
    assert page.follow() == {"calls"}


def test_who_was_told_of_more_than_is_remembered_draws_anew(app, onlooker, monkeypatch):
    monkeypatch.setattr(live, "REMEMBERED", 1)
    monkeypatch.setattr(app.extensions["live"], "_changes", live.Changes())
    page = onlooker("PRY")
    for number in range(3):
        seize(app, "PRY", f"S-{number}", latitude=-22.3, longitude=-60.0)
    tick(app)
    assert page.follow() == {"due", "ticked", "tiles"}
