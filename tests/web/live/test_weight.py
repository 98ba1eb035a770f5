"""What goes over the line is light, and is kept where it may be."""

import gzip
import re

import pytest

from tests.support import bodies
from tests.web import scenes
from tests.web.onlookers import BOARD, caller, tick
from tests.web.visitors import browser

pytestmark = pytest.mark.boards

TYPEFACES = [f"/static/vendor/plex/{name}-latin.woff2" for name in ("sans", "mono")]
FIRST, AGAIN = 150_000, 10_000
"""Bytes of the first visit of a board with all that it needs, and of one answer that tells what changed."""


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
    first = page.client.get(BOARD, headers={"Accept": "text/html", "Accept-Encoding": "gzip"})
    linked = {*re.findall(r'(?:href|src)="(/static/[^"#]+)', page.page)} | {*TYPEFACES}
    assert len(linked) >= 8
    files = [page.client.get(each, headers={"Accept-Encoding": "gzip"}) for each in linked]
    assert 5_000 < (size(first) + sum(len(each.get_data()) for each in files)) < FIRST
    tick(app)
    assert 200 < size(page.ask(**{"Accept-Encoding": "gzip"})) < AGAIN


def test_a_file_is_kept_for_long_under_the_address_of_its_version_alone(app, onlooker):
    page = onlooker("BRA")
    [script] = re.findall(r'src="(/static/live.js[^"]*)"', page.page)
    assert page.client.get(script).headers["Cache-Control"] == "public, max-age=31536000, immutable"
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


def test_a_form_has_a_new_token_each_time_and_each_is_accepted(app):
    client = browser(app)
    hidden = re.compile(r'name="csrf_token" value="([^"]+)"')
    tokens = {hidden.search(client.get("/sign-in").get_data(as_text=True))[1] for _ in range(3)}
    assert len(tokens) == 3
    for token in tokens:
        sent = {"csrf_token": token, "language": "es", "next": "/"}
        assert client.post("/language", data=sent).status_code == 303
    assert client.post("/language", data={"csrf_token": token[:-8] + "AAAAAAA="}).status_code == 403
