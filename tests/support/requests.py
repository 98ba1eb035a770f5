"""What tests of requests say, and what they ask of who was told."""

from typing import Any

from tests.support.actors import Client


def answer(**changes: Any) -> dict[str, Any]:
    """Return the body of an answer."""
    return {"completeness": "full", "handling": "H1"} | changes


def notices(client: Client, code: str) -> list[Any]:
    """Return the notifications of a kind."""
    return client.get(f"/notifications?code={code}").json["items"]
