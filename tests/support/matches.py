"""What tests of matches do: sell a gun, list and judge matches, correct."""

from tests.support import bodies


def sold(as_actor, state="PRY", **changes):
    return as_actor(state, "licensing_officer").post("/transfers", bodies.transfer(**changes)).json


def matches(client, query=""):
    return client.get(f"/matches{query}").json["items"]


def act(client, match, action, expect=200, **body):
    etag = client.get(f"/matches/{match['id']}").headers["ETag"]
    return client.post(f"/matches/{match['id']}/{action}", body, expect, If_Match=etag).json


def correct(client, kind, made, body):
    etag = f'"{made["version"]}"'
    return client.post(f"/{kind}/{made['id']}/correct", body, 200, If_Match=etag).json
