"""A display on a wall, which follows its board too."""

import re

from tests.movements import act
from tests.web import scenes
from tests.web.onlookers import caller
from tests.web.visitors import Visitor, browser


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
