"""Someone at a browser, as the tests need him: forms are sent with the token of their page."""

import base64
from dataclasses import dataclass
from typing import Any

from flask import Flask, g
from werkzeug.test import TestResponse

from api.web.security import CSRF_FIELD, FORM_COOKIE, TOKEN_LENGTH
from tests.support.jobs import BackgroundClient

PASSWORD = "correct horse battery"


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
        """POST a form with the token of this browser, which any page with a form gives it."""
        if self.client.get_cookie(FORM_COOKIE) is None:
            self.client.get("/docs")
        cookie = self.client.get_cookie(FORM_COOKIE)
        assert cookie is not None
        token = bytes(TOKEN_LENGTH) + cookie.value.encode()  # masked by zeros
        field = {CSRF_FIELD: base64.urlsafe_b64encode(token).decode()}
        return self.post(path, fields | field, expect, **headers)

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
