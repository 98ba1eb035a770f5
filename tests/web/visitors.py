"""Someone at a browser, as the tests need him: forms are sent with the token of their page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask import Flask, g
from werkzeug.test import TestResponse

from tests.support.jobs import BackgroundClient

PASSWORD = "correct horse battery"
HIDDEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Browser(BackgroundClient):
    """A client whose requests share nothing, though a test holds one application context."""

    def open(self, *args: Any, **options: Any) -> TestResponse:
        vars(g).clear()
        return super().open(*args, **options)


def browser(app: Flask) -> Browser:
    """Return a browser without cookies."""
    return Browser(app, app.response_class, use_cookies=True)


@dataclass(frozen=True)
class Visitor:
    """Opens pages and sends their forms; asserts the status that a test expects."""

    client: BackgroundClient

    def open(self, path: str, expect: int = 200, **headers: str) -> str:
        """GET a page as a browser does, and return its text."""
        response = self.client.get(path, headers=_browser(headers))
        assert response.status_code == expect, response.get_data(as_text=True)
        return response.get_data(as_text=True)

    def send(
        self, path: str, fields: dict[str, str], expect: int = 303, **headers: str
    ) -> TestResponse:
        """POST a form with the token that a page holds."""
        token = HIDDEN.search(self.client.get("/docs").get_data(as_text=True))
        assert token is not None
        return self.post(path, fields | {"csrf_token": token[1]}, expect, **headers)

    def post(self, path: str, fields: dict[str, str], expect: int, **headers: str) -> TestResponse:
        """POST a form with these fields and nothing else."""
        response = self.client.post(path, data=fields, headers=_browser(headers))
        assert response.status_code == expect, response.get_data(as_text=True)
        return response

    def sign_in(
        self, username: str, password: str = PASSWORD, expect: int = 303, **fields: str
    ) -> TestResponse:
        """Send the sign-in form."""
        return self.send("/sign-in", {"username": username, "password": password} | fields, expect)


def _browser(headers: dict[str, str]) -> dict[str, str]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"} | sent
