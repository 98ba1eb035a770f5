"""A trace of Brazil, and the request that Paraguay has of it."""

import pytest

from tests.support import bodies
from tests.support.grounds import beginning


@beginning
def record(as_actor):
    """A sale in Paraguay of which others learn only that it is there."""
    body = bodies.transfer(visibility="pointer")
    return as_actor("PRY", "licensing_officer").post("/transfers", body).json["firearm"]["record"]


@beginning
def trace(analyst, record):
    return analyst.post("/traces", bodies.trace()).json


@beginning
def request_(pry_analyst, trace):
    [found] = pry_analyst.get("/requests").json["items"]
    return found


@pytest.fixture
def act(pry_analyst, request_):
    """Let the asked state act on the current version of the request."""

    def post(action, body=None, expect=200):
        path = f"/requests/{request_['id']}"
        tag = pry_analyst.get(path).headers["ETag"]
        return pry_analyst.post(f"{path}/{action}", body or {}, expect, If_Match=tag).json

    return post


@pytest.fixture
def leg(analyst, trace):
    """Return the current leg of the asking state."""

    def read(state="PRY"):
        legs = analyst.get(f"/traces/{trace['id']}").json["legs"]
        return next((each for each in legs if each["state"] == state), None)

    return read


@pytest.fixture
def result(analyst, trace):
    return lambda: analyst.get(f"/traces/{trace['id']}/result").json


@pytest.fixture
def reply(analyst, trace, leg):
    def post(text, expect=201):
        path = f"/traces/{trace['id']}/legs/{leg()['id']}/reply"
        return analyst.post(path, {"text": text}, expect).json

    return post
