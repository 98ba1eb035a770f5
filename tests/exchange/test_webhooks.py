"""Webhooks: signed as Standard Webhooks has it, sent until they arrive, to checked addresses alone."""

import json
import socket
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from threading import Thread

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from salsa_ext.core.clock import FixedClock
from salsa_ext.exchange import webhook_sending, webhooks
from salsa_ext.exchange.webhook_sending import NotSent, WebhookMessage
from tests.conftest import NOW
from tests.support import bodies, jobs

KINDS = {"kinds": ["seizure", "report", "trace"]}


@dataclass
class Receiver:
    """A state's own system: it verifies what comes, and drops what it has already."""

    url: str = ""
    secret: str = ""
    status: int = 204
    raw: list = field(default_factory=list)
    newest: dict = field(default_factory=dict)
    """The newest version of each object, by whatever order messages come in."""

    def receive(self, headers, body):
        self.raw.append((headers, body))
        if self.status != 204 or not self.secret:
            return self.status
        message = Webhook(self.secret).verify(body, headers)
        key = (message["type"], message["data"]["id"])
        self.newest[key] = max(self.newest.get(key, 0), message["data"]["version"])
        return 204


@contextmanager
def receiving():
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(receiver.receive(dict(self.headers), body))
            self.send_header("Location", receiver.url)
            self.end_headers()

        def log_message(self, *_):
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield receiver
    server.shutdown()
    server.server_close()


@pytest.fixture
def receiver(monkeypatch):
    with receiving() as receiver:
        webhook_sending.allow_networks(["127.0.0.0/8"])
        yield receiver
    webhook_sending.allow_networks([])


@pytest.fixture
def administrator(as_actor):
    return as_actor("BRA", "state_administrator")


@pytest.fixture
def webhook(administrator, receiver):
    """A webhook of Brazil, whose secret the receiver has."""
    made = administrator.post("/webhooks", KINDS | {"url": receiver.url}).json["id"]
    receiver.secret = administrator.get(f"/webhooks/{made}/secret").json["secret"]
    return f"/webhooks/{made}"


def deliver(app, after=timedelta()):
    """Send what is due after some time."""
    clock = FixedClock(NOW + after)
    with app.app_context():
        made = jobs.Runner(
            webhooks.JOBS[:2], clock, app.config["VAULT"], transaction=jobs.as_worker
        )
        return made.run_to_idle()


def deliveries(administrator, webhook, **query):
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return administrator.get(f"{webhook}/deliveries?{asked}").json["items"]


def test_a_change_arrives_signed_and_holds_nothing_of_the_object(police, webhook, receiver):
    made = police.post("/seizures", bodies.seizure()).json["id"]
    police.get("/me")
    [(headers, body)] = receiver.raw
    assert Webhook(receiver.secret).verify(body, headers) == {
        "type": "seizure",
        "timestamp": "2026-03-09T15:00:00Z",
        "data": {"id": made, "version": 1},
    }
    with pytest.raises(WebhookVerificationError):
        Webhook(receiver.secret).verify(body.replace(b'"version": 1', b'"version": 2'), headers)


def test_only_chosen_kinds_are_sent(as_actor, webhook, receiver):
    as_actor("BRA", "licensing_officer").post("/transfers", bodies.transfer())
    as_actor("PRY", "police_officer").post("/reports", bodies.report())
    as_actor("BRA", "auditor").get("/me")
    assert receiver.raw == []


def test_what_is_hidden_from_the_agency_of_the_webhook_is_not_sent(as_actor, receiver):
    police = as_actor("BRA", "state_administrator", agency="POLICE")
    police.post("/webhooks", KINDS | {"url": receiver.url})
    analyst = as_actor("BRA", "trace_analyst")
    analyst.post("/traces", bodies.trace(hidden_from=["BRA-POLICE"]))
    analyst.get("/me")
    assert receiver.raw == []


def test_replays_and_any_order_leave_the_newest_version(
    app, police, administrator, webhook, receiver
):
    made = police.post("/seizures", bodies.seizure()).json["id"]
    police.get("/me")
    receiver.status = 503
    police.change(f"/seizures/{made}", "correct", bodies.seizure(reason="Read again"))
    police.get("/me")
    receiver.status = 204
    first, second = reversed(deliveries(administrator, webhook))
    assert (first["status"], second["status"], second["answer"]) == ("delivered", "waiting", "503")
    deliver(app, timedelta(minutes=1))
    administrator.post(f"{webhook}/deliveries/{first['id']}/replay", expect=200)
    administrator.get("/me")
    versions = [json.loads(body)["data"]["version"] for _, body in receiver.raw]
    ids = [headers["webhook-id"] for headers, _ in receiver.raw]
    assert versions == [1, 2, 2, 1] and ids[0] == ids[3] and ids[1] == ids[2]
    assert receiver.newest == {("seizure", made): 2}


def test_a_secret_that_is_renewed_overlaps_with_the_old_one(app, administrator, webhook, receiver):
    old = receiver.secret
    administrator.change(webhook, "rotate")
    receiver.secret = administrator.get(f"{webhook}/secret").json["secret"]
    assert receiver.secret != old
    for after, secrets in ((timedelta(), (old, receiver.secret)), (timedelta(days=2), ())):
        receiver.raw.clear()
        administrator.post(f"{webhook}/test", expect=200)
        deliver(app, after)
        headers, body = receiver.raw[0]
        for secret in secrets:
            assert Webhook(secret).verify(body, headers)["type"] == "test"
        if not secrets:
            with pytest.raises(WebhookVerificationError):
                Webhook(old).verify(body, headers)


def test_after_days_of_failures_it_is_disabled_and_the_administrator_notified(
    app, administrator, webhook, receiver
):
    receiver.status = 500
    administrator.post(f"{webhook}/test", expect=200)
    for hours in range(0, 100, 5):
        deliver(app, timedelta(hours=hours))
    assert administrator.get(webhook).json["status"] == "disabled"
    [notice] = administrator.get("/notifications?kind=webhook").json["items"]
    assert notice["code"] == "webhook_disabled"
    administrator.post(f"{webhook}/test", expect=409)
    receiver.status = 204
    [given_up] = deliveries(administrator, webhook, status="failed")
    administrator.change(webhook, "enable")
    administrator.post(f"{webhook}/deliveries/{given_up['id']}/replay", expect=200)
    deliver(app, timedelta(days=9))
    assert deliveries(administrator, webhook)[0]["status"] == "delivered"


def test_a_redirect_is_not_followed(administrator, webhook, receiver):
    receiver.status = 302
    administrator.post(f"{webhook}/test", expect=200)
    administrator.get("/me")
    assert len(receiver.raw) == 1
    assert deliveries(administrator, webhook)[0]["answer"] == "302"


def test_a_removed_webhook_hears_nothing_more(police, administrator, webhook, receiver):
    administrator.change(webhook, "remove")
    police.post("/seizures", bodies.seizure())
    police.get("/me")
    assert receiver.raw == [] and administrator.get("/webhooks").json["items"] == []


def test_a_state_has_so_many_webhooks(administrator, webhook, monkeypatch):
    monkeypatch.setattr(webhooks, "MAX_WEBHOOKS", 1)
    body = {"url": "https://example.org/2", "kinds": ["seizure"]}
    assert "Remove one first." in administrator.post("/webhooks", body, 409).json["detail"]


def test_the_webhook_is_of_its_state_and_of_administrators_alone(as_actor, webhook):
    as_actor("PRY", "state_administrator").get(webhook, 404)
    as_actor("BRA", "police_officer").get(webhook, 403)


@pytest.mark.parametrize(
    "url",
    [
        "http://records.example/hook",
        "ftp://records.example/",
        "https://user:word@records.example/",
        "https:///hook",
        "https://records.example/#a",
        "http://127.0.0.1/hook",
        "not an address",
    ],
)
def test_an_address_that_is_never_sent_to_is_refused(administrator, url):
    assert list(administrator.post("/webhooks", KINDS | {"url": url}, 422).json["errors"]) == [
        "url"
    ]


@pytest.mark.parametrize(
    "address",
    """127.0.0.1 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1
    255.255.255.255 192.0.2.1 ::1 :: fe80::1 fc00::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1
    64:ff9b::7f00:1 2002:7f00:1::1 2001:db8::1""".split(),
)
def test_an_address_that_is_not_public_is_not_sent_to(address):
    assert not webhook_sending.is_allowed(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_a_public_address_is_sent_to(address):
    assert webhook_sending.is_allowed(ip_address(address))


def test_the_operator_allows_a_network_of_its_own():
    webhook_sending.allow_networks(["10.1.0.0/16"])
    try:
        assert webhook_sending.is_allowed(ip_address("10.1.2.3"))
        assert not webhook_sending.is_allowed(ip_address("10.2.0.1"))
    finally:
        webhook_sending.allow_networks([])


def resolve_to(monkeypatch, *addresses):
    """Let names lead to these addresses, one set of them each time; return the names asked for."""
    asked, left = [], [*addresses]

    def resolve(host, port, **_):
        asked.append(host)
        each = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (item, port)) for item in each]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


def message_to(url):
    return WebhookMessage("msg_1", url, b"{}", [b"secret"])


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["8.8.8.8", "127.0.0.1"]])
def test_a_name_that_leads_inside_is_not_connected_to(monkeypatch, addresses):
    resolve_to(monkeypatch, addresses)
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("connected"))
    with pytest.raises(NotSent, match="refused_address"):
        webhook_sending.send(message_to("https://records.example/hook"))


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch):
    asked, connected = resolve_to(monkeypatch, ["8.8.8.8"], ["127.0.0.1"]), []

    def connect(address, timeout):
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(NotSent, match="unreachable"):
        webhook_sending.send(message_to("https://records.example:8443/hook"))
    assert (asked, connected) == (["records.example"], [("8.8.8.8", 8443)])
