"""Whatever is posted, amended, cancelled and received in whatever order, the ledger adds up."""

import itertools
from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from salsa_ext.database import locks
from salsa_ext.database.session import db
from salsa_ext.trade.permits import classification
from salsa_ext.trade.permits.models import Permit, PermitLine
from tests.support import bodies
from tests.support.jobs import jobs_to_idle
from tests.support.sizes import drawn

FEW = drawn(4, 12, steps=20)
RUNS = itertools.count()
WHY = {"reason": "As decided"}
OF = {"import": "PRY", "export": "BRA", "in_transit": "ARG"}
ONE = st.just(0) | st.integers(0, 63)
"""Chooses one of what there is, often the first, so that stories go on."""
FEW_GUNS = st.integers(1, 4)
DONE: Counter[str] = Counter()
"""How often each action was taken and succeeded, so that the test cannot pass by refusals alone."""


OFTEN = {"ship", "amend", "release", "exit passed"}


def few(kind, most):
    """Let no more documents of a kind be issued than leave room for what becomes of them."""
    return precondition(lambda trade: len(trade.permits[kind]) < most)


class Trade(RuleBasedStateMachine):
    """Brazil exports to Paraguay, at times through Argentina; everything goes over HTTP."""

    clients: dict
    everything_again: staticmethod

    def __init__(self):
        super().__init__()
        db.session.remove()
        self.began = db.session.get_bind().begin_nested()  # no run finds what another left
        self.run, self.numbers, self.serials = next(RUNS), itertools.count(1), itertools.count()
        self.permits = {kind: [] for kind in OF}
        self.shipments, self.waiting, self.sent = [], [], {}

    def name(self, number):
        return f"{self.run}-{number}"

    def call(self, kind, action, path, body, allowed, match=False):
        """Post; returns the answer where it was taken, None where a rule refused it."""
        client, headers = self.clients[kind], {}
        if match:
            headers["If-Match"] = client.read(path.rpartition("/")[0]).headers["ETag"]
        answer = client.send(path, body, headers)
        assert answer.status_code in {200, 201, *allowed}, answer.get_data(as_text=True)
        if answer.status_code in (200, 201):
            DONE[action] += 1
            return answer.json
        assert answer.json["code"] != "internal_error"
        return None

    def issue(self, kind, number, quantity, **more):
        line = bodies.permit()["lines"][0] | {"quantity": quantity}
        body = bodies.permit(
            kind=kind, number=number, lines=[line], authority=bodies.authority(OF[kind])
        )
        del body["import_permit"]
        made = self.call(kind, f"issue {kind}", "/permits", body | more, ())
        self.permits[kind].append(made["id"])

    def named(self, which):
        return {"import_permit": {"state": "PRY", "number": self.name(f"I-{which}")}}

    @initialize(quantity=st.sampled_from([6, 6, 6, 3, 12]), carried=st.booleans())
    def begin(self, quantity, carried):
        self.issue("import", self.name("I-0"), quantity)
        self.issue("export", self.name("E-0"), 6, **self.named(0))
        self.ship(0, 2)
        if carried:
            self.carry(0, "passed", released=True)

    @few("import", 3)
    @rule(quantity=st.integers(1, 12))
    def issue_import(self, quantity):
        self.issue("import", self.name(f"I-{len(self.permits['import'])}"), quantity)

    @few("export", 4)
    @rule(which=st.integers(0, 2), quantity=st.integers(1, 12), through=st.booleans())
    def issue_export(self, which, quantity, through):
        more = {"transit_states": ["ARG"]} if through else {}
        self.issue(
            "export", self.name(f"E-{next(self.numbers)}"), quantity, **self.named(which), **more
        )

    @few("in_transit", 2)
    @rule(which=st.integers(0, 2), quantity=st.integers(1, 12))
    def issue_transit(self, which, quantity):
        plan = bodies.transit_permit("ARG")["plan"]
        self.issue(
            "in_transit",
            self.name(f"T-{next(self.numbers)}"),
            quantity,
            transit_states=["ARG"],
            plan=plan,
            **self.named(which),
        )

    @rule(
        one=ONE,
        action=st.sampled_from(["cancel", "suspend", "suspend", "reinstate", "reinstate"]),
        kind=st.sampled_from(list(OF)),
    )
    def decide(self, one, action, kind):
        if ids := self.permits[kind]:
            path = f"/permits/{ids[one % len(ids)]}/{action}"
            self.call(kind, action, path, WHY, (409,), match=True)

    @rule(one=ONE, source=st.text("abc", min_size=1, max_size=3))
    def amend(self, one, source):
        ids = self.permits["export"]
        body = {"source": source, "authentication": "Seal 1", **WHY}
        self.call("export", "amend", f"/permits/{ids[one % len(ids)]}/amend", body, (409,), True)

    @rule(one=ONE, kind=st.sampled_from(["import", "export"]), quantity=FEW_GUNS)
    def reissue(self, one, kind, quantity):
        ids = self.permits[kind]
        number = self.name(f"{kind[0].upper()}-R{next(self.numbers)}")
        body = {
            "number": number,
            "issued_on": "2026-03-01",
            "expires_on": "2027-02-01",
            "authority": bodies.authority(OF[kind]),
            "lines": [{"line": 1, "quantity": quantity}],
        }
        path = f"/permits/{ids[one % len(ids)]}/reissue"
        if made := self.call(kind, f"reissue {kind}", path, body, (409, 422), match=True):
            ids.append(made["id"])

    @rule(one=ONE, guns=FEW_GUNS)
    def ship(self, one, guns):
        ids = self.permits["export"]
        permit = self.clients["export"].read(f"/permits/{ids[one % len(ids)]}").json
        serials = [f"LED{self.run:03}{next(self.serials):05}" for _ in range(guns)]
        body = bodies.shipment(
            tuple(serials),
            route=[],
            ships_on="2026-03-05",
            number=self.name(f"A-{next(self.numbers)}"),
        )
        made = self.call("export", "ship", f"/permits/{permit['id']}/shipments", body, (409, 422))
        if made:
            assert permit["balance"][0]["remaining"] >= guns
            self.shipments.append(made["id"])
            self.waiting.append(made["id"])
            self.sent[made["id"]] = serials

    @precondition(lambda self: self.shipments)
    @rule(one=ONE, action=st.sampled_from(["cancel", "amend"]))
    def change(self, one, action):
        plan = {"port_of_exit": "Foz", "authentication": "Seal 2"}
        body = WHY | (plan if action == "amend" else {})
        path = f"/shipments/{self.shipments[one % len(self.shipments)]}/{action}"
        self.call("export", f"{action} shipment", path, body, (409, 422), match=True)

    @precondition(lambda self: self.waiting)
    @rule(
        one=ONE,
        outcome=st.sampled_from(["passed", "refused"]),
        released=st.sampled_from([True, True, False]),
    )
    def carry(self, one, outcome, released):
        path = f"/shipments/{self.waiting.pop(one % len(self.waiting))}"
        if released:
            body = {"on": "2026-03-05"}
            self.call("export", "release", f"{path}/release", body, (409,), match=True)
        for kind, stage, value in (("export", "exit", "passed"), ("import", "entry", outcome)):
            body = {"stage": stage, "occurred_at": "2026-03-06T10:00:00Z", "outcome": value}
            self.call(
                f"{kind} post", f"{stage} {value}", f"{path}/checkpoints", body, (403, 409, 422)
            )

    @precondition(lambda self: self.shipments)
    @rule(
        one=ONE,
        who=st.sampled_from(["import", "import", "export"]),
        lost=st.integers(0, 2),
        strange=st.booleans(),
    )
    def receive(self, one, who, lost, strange):
        shipment = self.shipments[one % len(self.shipments)]
        came = self.sent[shipment][lost:] + ["STRANGE99"] * strange
        body = {"received_on": "2026-03-08", "items": [{"serial": serial} for serial in came]}
        if not came:
            body = {"received_on": "2026-03-08", "all": True}
        self.call(who, f"receive {who}", f"/shipments/{shipment}/receipt", body, (403, 409, 422))

    def read(self, what):
        """Return what Brazil, whom all of it concerns, reads of this run."""
        items = self.clients["export"].read(f"/{what}?limit=100").json["items"]
        return [each for each in items if each["number"].startswith(self.name(""))]

    @invariant()
    def it_adds_up(self):
        permits, used = self.read("permits"), Counter()
        for permit in permits:
            [line] = permit["balance"]
            assert min(line["shipped"], line["lapsed"], line["remaining"]) >= 0
            assert line["authorised"] == line["shipped"] + line["lapsed"] + line["remaining"]
            used[permit["kind"]] += line["shipped"]
        assert used["import"] <= used["export"]
        hold = Counter()
        for shipment in self.read("shipments"):
            hold[shipment["permit"]] += still_held(shipment)
        exports = [permit for permit in permits if permit["kind"] == "export"]
        assert [permit["balance"][0]["shipped"] for permit in exports] == [
            hold[permit["id"]] for permit in exports
        ]

    def teardown(self):
        try:
            assert self.everything_again(self.name("")) == {}
        finally:
            db.session.remove()
            self.began.rollback()


def still_held(shipment):
    """Return how many guns a shipment still takes from its certificate."""
    if shipment["status"] == "cancelled":
        return 0
    back = shipment["return_receipt"]
    return shipment["item_count"] - (back["item_count"] if back and not shipment["receipt"] else 0)


class Caller:
    """A client that tells what came and leaves the verdict to the test."""

    def __init__(self, client):
        self.client = client
        self.known = {"Authorization": f"Bearer {client.token}"}

    def read(self, path):
        return self.client.get(path)

    def send(self, path, body, headers):
        sent = self.known | headers
        return self.client.client.post(f"/api/v1{path}", json=body, headers=sent)


def of_run(run):
    """Return the permits of a run that the actor's state may see, and what is kept of each."""
    asked = select(Permit).where(Permit.number.startswith(run))
    permits = db.session.scalars(asked.execution_options(populate_existing=True)).all()
    asked = select(PermitLine).where(PermitLine.permit_id.in_([each.id for each in permits]))
    lines = db.session.scalars(asked.execution_options(populate_existing=True)).all()
    stored = {
        permit.number: (permit.counterpart_status, permit.status, permit.findings)
        for permit in permits
    }
    return permits, stored | {
        (line.permit_id, line.line): (line.shipped, line.lapsed) for line in lines
    }


def test_the_ledger_adds_up_whatever_is_done(as_actor, run):
    clients = {kind: Caller(as_actor(state, "licensing_officer")) for kind, state in OF.items()}
    for kind in ("import", "export"):
        clients[f"{kind} post"] = Caller(as_actor(OF[kind], "border_officer"))

    def again(actor, of):
        """Find anew what every permit is; what is different then depended on the order."""
        permits, before = of_run(of)
        locks.lock_trade([actor.state])
        classification.compare_permits(actor, [permit.id for permit in permits], {})
        db.session.flush()
        return {key: (before[key], now) for key, now in of_run(of)[1].items() if before[key] != now}

    Trade.clients = clients

    def everything_again(of):
        jobs_to_idle()
        return run("BRA", again, of=of) | run("PRY", again, of=of) | run("ARG", again, of=of)

    Trade.everything_again = staticmethod(everything_again)
    run_state_machine_as_test(Trade, settings=FEW)
    assert OFTEN - DONE.keys() == set()
