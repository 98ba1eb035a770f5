"""The service over HTTP: one key, one language, and attempts that can be repeated safely."""

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener
from uuid import uuid4

import click

BASE: Final = "/api/v1"
DEFAULT_URL: Final = f"http://127.0.0.1:8000{BASE}"
LANGUAGE_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
TIMEOUT: Final = 60
ATTEMPTS: Final = 3
JSON: Final = "application/json"


class Problem(click.ClickException):
    """A refusal of the service (RFC 9457), shown as its sentence and a line for each field."""

    def __init__(self, status: int, content: bytes) -> None:
        self.status = status
        try:
            self.body: dict[str, Any] = json.loads(content)
        except ValueError:
            self.body = {"detail": f"The service answered with status {status}. Check the address."}
        lines = [str(self.body.get("detail", self.body.get("title", status)))]
        lines += [
            f"  {name or '(all)'}: {text}"
            for name, texts in self.body.get("errors", {}).items()
            for text in texts
        ]
        lines += [
            f"  {name}: {self.body[name]}"
            for name in ("article", "permission", "balance")
            if name in self.body
        ]
        super().__init__("\n".join(lines))


@dataclass(frozen=True)
class Answer:
    """An answer of the service; `content` holds its bytes as they came."""

    status: int
    headers: Message
    content: bytes

    @property
    def media_type(self) -> str:
        """Return the type of the content, without parameters."""
        return self.headers.get_content_type()

    @property
    def body(self) -> Any:
        """Return the JSON of the content."""
        return json.loads(self.content)

    @property
    def next_query(self) -> str | None:
        """Return the query of the next page, or None on the last one."""
        address, _, rest = self.headers.get("Link", "").partition(">")
        return address.partition("?")[2] if 'rel="next"' in rest else None


class _NoRedirect(HTTPRedirectHandler):
    """The service redirects nothing, and a key must not follow to another host."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass(frozen=True)
class Client:
    """Sends requests to a service, with headers that all of them share."""

    url: str
    headers: Mapping[str, str]
    opener: OpenerDirector = field(default_factory=lambda: build_opener(_NoRedirect))

    def get(self, path: str, query: Mapping[str, Any] | str | None = None) -> Answer:
        """GET a path below the service's address; raises Problem."""
        text = query if isinstance(query, str) else urlencode(query or {}, doseq=True)
        return self._send(Request(f"{self.url}{path}{'?' if text else ''}{text}"))  # noqa: S310

    def post(
        self, path: str, content: bytes | None, media_type: str = JSON, version: str | None = None
    ) -> Answer:
        """POST bytes with an Idempotency-Key; `version` is an ETag to match. Raises Problem."""
        headers = {"Idempotency-Key": str(uuid4())}
        if content is not None:
            headers["Content-Type"] = media_type
        if version is not None:
            headers["If-Match"] = version
        url = f"{self.url}{path}"
        return self._send(Request(url, content or b"", headers, method="POST"))  # noqa: S310

    def pages(self, path: str, query: Mapping[str, Any]) -> Iterator[Answer]:
        """GET a list page by page."""
        answer = self.get(path, query)
        yield answer
        while following := answer.next_query:
            answer = self.get(path, following)
            yield answer

    def _send(self, request: Request) -> Answer:
        """Send a request; what is busy for a moment is asked again, under the same key."""
        for name, value in self.headers.items():
            request.add_header(name, value)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self.opener.open(request, timeout=TIMEOUT) as response:
                    return Answer(response.status, response.headers, response.read())
            except HTTPError as error:
                content, retry_after = error.read(), error.headers.get("Retry-After", "")
                if not retry_after.isdigit() or attempt == ATTEMPTS:
                    raise Problem(error.code, content) from None
                time.sleep(min(int(retry_after), 5))
            except (URLError, OSError) as error:
                reason = getattr(error, "reason", error)
                raise click.ClickException(
                    f"No service answers at {self.url}: {reason}. Start one with salsa serve,"
                    " or give another address with --url."
                ) from None
        raise AssertionError("the last attempt returns or raises")


def connect(
    *,
    url: str | None,
    key: str | None,
    account: str | None,
    language: str | None,
    needs_key: bool,
    headers: Mapping[str, str | None],
) -> Client:
    """Return a client for what the options and the environment say.

    `account` is a user name of the demo region, whose file also knows the address.
    """
    known: dict[str, str] = {}
    if account:
        known = find_demo_account(account)
    key = key or known.get("token") or os.environ.get("SALSA_KEY")
    if needs_key and not key:
        raise click.UsageError(
            "A key is missing. Give --key, set SALSA_KEY, or use --as in the demo."
        )
    sent = {name: value for name, value in headers.items() if value}
    if key:
        sent["Authorization"] = f"Bearer {key}"
    sent["Accept-Language"] = language or reader_language()
    address = url or os.environ.get("SALSA_URL") or known.get("url") or DEFAULT_URL
    if not urlsplit(address).path.strip("/"):
        address = address.rstrip("/") + BASE
    if not address.startswith(("http://", "https://")):
        raise click.UsageError(f"{address} is no address. It begins with http:// or https://.")
    return Client(address.rstrip("/"), sent)


def find_demo_account(username: str) -> dict[str, str]:
    """Return token and address of a demo account; raises ClickException that names others."""
    path = Path(os.environ.get("SALSA_HOME") or "var") / "demo" / "credentials.json"
    try:
        stored = json.loads(path.read_text("utf-8"))
        accounts = {each["username"]: each["token"] for each in stored["accounts"]}
    except (OSError, ValueError, KeyError):
        raise click.ClickException(
            f"There is no demo region in {path}. Make one with salsa demo, or give --key."
        ) from None
    if username not in accounts:
        near = [name for name in accounts if name.partition(".")[0] == username.partition(".")[0]]
        names = ", ".join(near or list(accounts)[:10])
        raise click.ClickException(f"There is no demo account {username}. There are {names}.")
    base = stored.get("base_url")
    return {"token": accounts[username]} | ({"url": f"{base}{BASE}"} if base else {})


def reader_language() -> str:
    """Return the language of the terminal, such as es; English where none is set."""
    for name in LANGUAGE_VARIABLES:
        if value := os.environ.get(name):
            code = value.partition(".")[0].partition("_")[0]
            return "en" if code in ("C", "POSIX") else code
    return "en"


def encode_parts(document: Any, name: str, path: Path) -> tuple[bytes, str]:
    """Return a multipart body of a JSON document and a file, and its media type."""
    import mimetypes

    boundary = uuid4().hex
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    kind = "application/x-ndjson" if path.suffix in (".ndjson", ".jsonl") else kind
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="document"\r\n'
        f"Content-Type: {JSON}\r\n\r\n{json.dumps(document)}\r\n--{boundary}\r\n"
        f'Content-Disposition: form-data; name="{name}"; filename="file{path.suffix}"\r\n'
        f"Content-Type: {kind}\r\n\r\n"
    )
    content = head.encode() + path.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    return content, f"multipart/form-data; boundary={boundary}"
