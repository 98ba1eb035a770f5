"""Who looks at a board that follows what changes, and what other states record meanwhile."""

import re
from datetime import timedelta

from tests.conftest import NOW
from tests.support import actors, bodies
from tests.support.jobs import finish_waiting
from tests.support.movements import act
from tests.web import scenes
from tests.web.visitors import browser

BOARD, DESK = (f"/posts/{scenes.POST}/{page}" for page in ("board", "desk"))


class Onlooker:
    """A page of a board or a desk, as its script keeps it."""

    def __init__(self, app, token, path):
        self.app, self.client, self.path = app, browser(app), path
        finish_waiting(app)
        self.client.set_cookie("salsa_session", token)
        self.page = self.client.get(path, headers={"Accept": "text/html"}).get_data(as_text=True)
        self.version = re.search(r'id="live"[^>]* data-version="([^"]+)"', self.page)[1]

    def ask(self, **headers):
        finish_waiting(self.app)
        sent = {"Accept": "application/json", "If-None-Match": f'W/"{self.version}"'}
        return self.client.get(f"{self.path}/live", headers=sent | headers)

    def follow(self):
        """Take what changed, and return the names of the parts that did."""
        answer = self.ask()
        if answer.status_code == 304:
            return set()
        assert answer.status_code == 200
        self.version = answer.json["version"]
        return set(answer.json["parts"])


def caller(app, state, role):
    token = actors.token(state, role, NOW, None, timedelta(days=1))
    return actors.Client(app.test_client(), token)


def ship(app):
    """Let Brazil release a shipment that Paraguay should get in two days."""
    exporter = caller(app, "BRA", "licensing_officer")
    caller(app, "PRY", "licensing_officer").post("/permits", bodies.import_permit())
    permit = exporter.post("/permits", bodies.permit()).json["id"]
    expected = [{"stage": "entry", "post": scenes.POST, "at": "2026-03-11T12:00:00Z"}]
    body = bodies.shipment(number="A-DUE", expected=expected)
    act(exporter, exporter.post(f"/permits/{permit}/shipments", body).json, "release")


def tick(app):
    officer = caller(app, "PRY", "border_officer")
    shipment = officer.get("/shipments?number=A-DUE").json["items"][0]["id"]
    body = {
        "stage": "entry",
        "post": scenes.POST,
        "occurred_at": "2026-03-09T14:00:00Z",
        "outcome": "held",
    }
    officer.post(f"/shipments/{shipment}/checkpoints", body)


def seize(app, state, number, **place):
    body = bodies.seizure(number=number, agency=f"{state}-POLICE", place={"country": state} | place)
    caller(app, state, "police_officer").post("/seizures", body)
