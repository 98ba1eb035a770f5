"""Seaports, airports and mail centres: posts with one side, where goods come from and go abroad."""

import pytest

from tests.support import bodies
from tests.support.movements import act, tick

SANTOS, MONTEVIDEO = "seaport-santos", "seaport-montevideo"


@pytest.fixture
def shipment(as_actor):
    """Two pistols that left Santos for Montevideo by sea."""
    sides = {"importing_state": "URY", "import_permit": {"state": "URY", "number": "U-1"}}
    exporter = as_actor("BRA", "licensing_officer")
    imported = bodies.import_permit(importing_state="URY", number="U-1")
    imported["authority"] = bodies.authority("URY")
    as_actor("URY", "licensing_officer").post("/permits", imported)
    permit = exporter.post("/permits", bodies.permit(**sides)).json
    expected = [
        {"stage": "exit", "at": "2026-03-09T10:00:00Z", "post": SANTOS},
        {"stage": "entry", "at": "2026-03-12T10:00:00Z", "post": MONTEVIDEO},
    ]
    body = bodies.shipment(mode="sea", route=[SANTOS, MONTEVIDEO], expected=expected)
    made = exporter.post(f"/permits/{permit['id']}/shipments", body).json
    act(exporter, made, "release", on="2026-03-09")
    officer = as_actor("BRA", "border_officer")
    tick(officer, made, "exit", at="2026-03-09T11:00:00Z", post=SANTOS)
    return made


@pytest.mark.parametrize(
    "state,post,stage", [("BRA", SANTOS, "exit"), ("URY", MONTEVIDEO, "entry")]
)
def test_a_port_has_the_stage_of_its_one_side(as_actor, shipment, state, post, stage):
    board = as_actor(state, "border_officer").get(f"/posts/{post}/board").json
    assert len(board["post"]["sides"]) == 1
    if stage == "exit":
        assert [row["checkpoint"]["stage"] for row in board["passed_today"]] == [stage]
    else:
        assert [[each["stage"] for each in row["stages"]] for row in board["due"]] == [[stage]]
    assert {(flow["leaving"], flow["entering"]) for flow in board["flows"]} == {
        (state, None),
        (None, state),
    }
    left = sum(week["shipments"] for flow in board["flows"] for week in flow["left"])
    assert left == (1 if stage == "exit" else 0)


@pytest.mark.parametrize("state,post", [("BRA", SANTOS), ("URY", MONTEVIDEO)])
def test_board_and_desk_of_a_port_are_shown_and_ask_nobody_to_call(
    signed_in, shipment, state, post
):
    officer = signed_in(state, "border_officer")
    assert shipment["number"] in officer.open(f"/posts/{post}/board")
    pages = [f"/posts/{post}/desk", f"/posts/{post}/desk/shipments/{shipment['id']}"]
    assert not [
        page for page in pages if 'href="/posts/' + post + "/desk/call" in officer.open(page)
    ]


def test_nobody_is_across_a_port_to_be_called(as_actor):
    officer = as_actor("BRA", "border_officer")
    refused = officer.post(f"/posts/{SANTOS}/calls", {}, 409).json
    assert refused["detail"].startswith("This post has one side.")


@pytest.mark.parametrize("kind", ["airport", "seaport", "mail_centre"])
def test_states_have_posts_of_each_kind(as_actor, kind):
    posts = as_actor("BRA", "border_officer").get("/posts?state=BRA&limit=200").json["items"]
    assert kind in {post["kind"] for post in posts}
