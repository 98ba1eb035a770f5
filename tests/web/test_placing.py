"""Which agencies stand at a post, as a page: of supervisors and administrators, for the own state alone."""

import re

import pytest

from tests.web.pages import text
from tests.web.scenes import POST

PAGE = f"/posts/{POST}/agencies"


def placed_agencies(as_actor, state="PRY"):
    found = as_actor(state, "auditor").get(f"/agencies?state={state}").json["items"]
    return [each["code"] for each in found if POST in each["posts"]]


def box(page, code):
    return re.search(rf'name="(codes\.\d+)" value="{code}"( checked)?', page)


@pytest.mark.parametrize("role", ["supervisor", "state_administrator"])
def test_agencies_are_placed_at_a_post_and_taken_from_it(signed_in, as_actor, role):
    someone = signed_in("PRY", role)
    assert "/agencies/posts" in someone.open("/")
    assert "No agency is placed here." in text(someone.open("/agencies/posts"))
    name, checked = box(someone.open(PAGE), "PRY-POLICE").groups()
    assert not checked
    done = someone.send(PAGE, {name: "PRY-POLICE"})
    assert done.location == "/agencies/posts" and placed_agencies(as_actor) == ["PRY-POLICE"]
    assert box(someone.open(PAGE), "PRY-POLICE")[2]
    someone.send(PAGE, {})
    assert placed_agencies(as_actor) == []
    entries = as_actor("PRY", "auditor").get("/audit?action=agency:placed").json["items"]
    assert [entry["data"]["posts"] for entry in entries] == [[], [POST]]


def test_items_at_other_posts_remain_there(signed_in, as_actor):
    administrator, elsewhere = as_actor("PRY", "state_administrator"), "posadas-encarnacion"
    administrator.post("/agencies/PRY-POLICE/posts", {"posts": [elsewhere]}, 200)
    signed_in("PRY", "supervisor").send(PAGE, {"codes.0": "PRY-POLICE"})
    [police] = [
        item
        for item in administrator.get("/agencies?state=PRY").json["items"]
        if item["code"] == "PRY-POLICE"
    ]
    assert police["posts"] == sorted([POST, elsewhere])


def test_an_agency_of_another_state_or_of_none_is_refused(signed_in, as_actor):
    page = signed_in("PRY", "supervisor").send(PAGE, {"codes.0": "BRA-POLICE"}, 422)
    assert "BRA-POLICE is not registered; your agencies are: PRY-" in text(
        page.get_data(as_text=True)
    )
    assert placed_agencies(as_actor, "BRA") == []


def test_a_post_of_others_and_an_officer_are_refused(signed_in):
    signed_in("ARG", "supervisor").open(PAGE, 403)
    officer = signed_in("PRY", "border_officer")
    officer.open(PAGE, 403)
    officer.send(PAGE, {"codes.0": "PRY-POLICE"}, 403)
