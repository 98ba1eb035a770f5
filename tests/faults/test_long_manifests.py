"""100,000 guns go through a served process as a stream, and nobody else waits."""

import json
import os
import secrets
import threading
import time
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path

import pytest

from api.server.embedded_database import DATABASE_NAME
from benchmarks.harness import Service
from salsa_ext.core.clock import SYSTEM_CLOCK
from salsa_ext.database.postgres.server import EmbeddedServer
from salsa_ext.database.session import db
from tests.support import actors, agencies, bodies
from tests.support.sizes import long_only

pytestmark = long_only
FEW, MANY = 10_000, 100_000
SOME, TENFOLD = 500, 5_000
HELD = 1.2  # of the peak for few
SLOWEST = 5  # seconds in which another request is answered, on a machine that tests share
TODAY = SYSTEM_CLOCK.now().date()


def test_ten_times_as_many_guns_take_no_more_memory(service, permit, record_property):
    service.receive(service.ship(permit, FEW, "A-0"), serials("A-0", FEW))
    few, many = Measured(service), Measured(service)
    with few:
        for number in ("A-1", "A-3", "A-4"):  # each thread has memory of its own
            service.ship(permit, FEW, number)
    with many:
        shipment = service.ship(permit, MANY, "A-2")
    record_property("shipped", f"{few}; {many}")
    assert_flat(few, many)
    assert (shipment["item_count"], "items" in shipment) == (MANY, False)
    assert [(each["field"], each["count"]) for each in shipment["findings"]] == [("model", MANY)]
    assert len(shipment["findings"][0]["serials"]) == 5
    assert len(shipment["remarks"]) == 50

    missing, miskeyed, read = misread(serials("A-2", MANY))
    few, many = Measured(service), Measured(service)
    with few:
        service.receive(service.shipment("A-1"), serials("A-1", FEW))
    with many:
        receipt = service.receive(shipment, read)["receipt"]
    record_property("received", f"{few}; {many}")
    assert_flat(few, many)
    assert sorted(item["serial"] for item in receipt["missing"]) == missing
    assert {item["shipped"]: item["received"] for item in receipt["misread"]} == miskeyed
    assert (receipt["unexpected"], receipt["item_count"]) == ([], MANY - len(missing))

    few, many = Measured(service), Measured(service)
    with few:
        service.paper(service.shipment("A-1"))
    with many:
        assert service.paper(shipment).startswith(b"%PDF")
    record_property("paper", f"{few}; {many}")
    assert_flat(few, many)


def test_ten_times_as_many_guns_are_corrected_and_shipped_again_in_the_same_memory(
    service, permit, record_property
):
    sizes = {"A-1": SOME, "A-2": TENFOLD}
    for number, count in sizes.items():
        _, _, read = misread(serials(number, count))
        service.receive(service.ship(permit, count, number), read)
    few, many = Measured(service), Measured(service)
    with few:
        for last in (SOME - 1, SOME - 2, SOME):  # each thread has memory of its own
            service.correct(service.shipment("A-1"), serials("A-1", last))
    with many:
        answer = service.correct(service.shipment("A-2"), serials("A-2", TENFOLD))
    record_property("corrected", f"{few}; {many}")
    assert_flat(few, many)
    assert (answer["status"], answer["receipt"]["item_count"]) == ("received", TENFOLD)

    few, many = Measured(service), Measured(service)
    with few:
        service.ship(permit, SOME, "B-1", again="A-1")
    with many:
        service.ship(permit, TENFOLD, "B-2", again="A-2")
    record_property("shipped again", f"{few}; {many}")
    assert_flat(few, many)
    assert service.shipped_again("B-2") == [TENFOLD]


def assert_flat(few, many):
    """The peak of memory stays, and everybody else is answered meanwhile."""
    assert many.peak <= HELD * few.peak, f"{few}; {many}"
    assert many.refused == []
    assert many.slowest <= SLOWEST, str(many)


def serials(number, count):
    return [f"{number.replace('-', '')}X{n:07}" for n in range(count)]


def misread(sent):
    """Return fifty serials that are left out, twenty that are mis-keyed, and what was read of all."""
    fiftieth, twentieth = len(sent) // 50, len(sent) // 20
    missing = sent[fiftieth // 4 :: fiftieth]
    miskeyed = {serial: f"{serial[:5]}Z{serial[6:]}" for serial in sent[7::twentieth]}
    gone = set(missing)
    return missing, miskeyed, [miskeyed.get(each, each) for each in sent if each not in gone]


class Measured:
    """What happens while something long is done: its time, the peak of memory, others' answers."""

    def __init__(self, service):
        self.service, self.over = service, threading.Event()
        self.slowest, self.refused, self.asked = 0.0, [], 0

    def __enter__(self):
        for pid in self.service.workers():
            Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak begins anew
        self.thread = threading.Thread(target=self.ask)
        self.thread.start()
        self.began = time.monotonic()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.began
        self.peak = max(map(peak, self.service.workers()))
        self.over.set()
        self.thread.join()

    def ask(self):
        while not self.over.is_set():
            for path in ("/readyz", "/api/v1/permits"):
                began = time.monotonic()
                status = self.service.request("GET", path).status
                self.slowest = max(self.slowest, time.monotonic() - began)
                self.asked += 1
                if status != 200:
                    self.refused.append(status)
            time.sleep(0.2)

    def __str__(self):
        return (
            f"{self.seconds:.1f} s, {self.peak / 2**20:.0f} MiB at most, {self.asked} others,"
            f" the slowest {self.slowest:.2f} s"
        )


def peak(pid):
    [line] = [
        line
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("VmHWM:")
    ]
    return int(line.split()[1]) * 1024


class Port(Service):
    """One that takes manifests; `keys` are the headers of the two states' licensing officers."""

    def __init__(self, home, keys):
        freed = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "100000"}
        super().__init__(
            home, keys["BRA"], SALSA_WORKERS="1", **freed
        )  # what is freed is given back
        self.keys = keys

    def workers(self):
        folders = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        children = [pid for folder in folders for pid in folder.read_text().split()]
        own = Path(
            f"/proc/{self.process.pid}/exe"
        ).readlink()  # a worker is a fork, under another title
        return [pid for pid in children if Path(f"/proc/{pid}/exe").readlink() == own]

    def post(self, state, path, body, kind="application/json", expect=201, **more):
        connection = HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = self.keys[state] | {"Content-Type": kind} | more
        connection.request("POST", f"/api/v1{path}", body, headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        connection.close()
        assert response.status == expect, answer
        return answer

    def send(self, state, path, document, manifest, **more):
        boundary = secrets.token_hex(16)
        parts = (
            ("document", "a.json", "application/json", json.dumps(document)),
            ("manifest", "a.csv", "text/csv", manifest),
        )
        body = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n'
            f"Content-Type: {kind}\r\n\r\n{text}\r\n"
            for name, file, kind, text in parts
        )
        whole = f"{body}--{boundary}--\r\n".encode()
        return self.post(state, path, whole, f"multipart/form-data; boundary={boundary}", **more)

    def ship(self, permit, count, number, again=None):
        """Ship guns of makers that nobody knows, each of another, and of models not permitted."""
        document = {"number": number, "ships_on": TODAY.isoformat(), "mode": "sea"}
        guns = serials(again or number, count)
        rows = "".join(f"1,{serial},Maker {serial},M-{serial}\n" for serial in guns)
        path = f"/permits/{permit}/shipments"
        return self.send("BRA", path, document, f"line,serial,make,model\n{rows}")

    def receive(self, shipment, read):
        rows = "".join(f"{serial}\n" for serial in read)
        document = {"received_on": TODAY.isoformat()}
        return self.send("PRY", f"/shipments/{shipment['id']}/receipt", document, f"serial\n{rows}")

    def correct(self, shipment, read):
        rows = "".join(f"{serial}\n" for serial in read)
        document = {"received_on": TODAY.isoformat(), "reason": "The second crate"}
        path = f"/shipments/{shipment['id']}/receipt/correct"
        visible = {"expect": 200, "If-Match": f'"{shipment["version"]}"'}
        return self.send("PRY", path, document, f"serial\n{rows}", **visible)

    def paper(self, shipment):
        connection = HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request("GET", f"/api/v1/shipments/{shipment['id']}/paper", None, self.key)
        body = connection.getresponse().read()
        connection.close()
        return body

    def shipped_again(self, number):
        """Return how many guns were shipped again, once the worker has recorded it."""
        counts, deadline = [], time.monotonic() + 60
        while not counts and time.monotonic() < deadline:
            time.sleep(0.5)
            rows = self.request("GET", f"/api/v1/discrepancies?number={number}").body["items"]
            counts = [row["data"]["again"] for row in rows if "again" in row["data"]]
        return counts

    def shipment(self, number):
        return self.request("GET", f"/api/v1/shipments?number={number}")[1]["items"][0]


@pytest.fixture
def service(home, embedded, application):
    agencies.register(embedded.url("owner", DATABASE_NAME))
    with application.app_context():
        day = timedelta(days=1)
        keys = {
            state: actors.token(state, "licensing_officer", SYSTEM_CLOCK.now(), None, day)
            for state in ("BRA", "PRY")
        }
        db.engine.dispose()
    embedded.stop()
    made = Port(home, {state: {"Authorization": f"Bearer {key}"} for state, key in keys.items()})
    made.start()
    yield made
    made.stop()
    if (left := EmbeddedServer(home).status()).running:  # where the test itself failed
        os.kill(left.pid, 9)


@pytest.fixture
def permit(service):
    days = {"issued_on": TODAY - timedelta(days=9), "expires_on": TODAY + timedelta(days=99)}
    dated = {name: day.isoformat() for name, day in days.items()}
    lines = [bodies.permit()["lines"][0] | {"quantity": 400_000}]
    importing, exporting = (
        body(lines=lines, **dated) for body in (bodies.import_permit, bodies.permit)
    )
    service.post("PRY", "/permits", json.dumps(importing))
    return service.post("BRA", "/permits", json.dumps(exporting))["id"]
