"""Figures are the sums of what is stored: a recount corrects nothing, whatever was written before."""

from datetime import date
from random import Random

import pytest
from sqlalchemy import func, select

from salsa_ext import figures
from salsa_ext.access.rules import operator
from salsa_ext.custody.figures import SEIZURES
from salsa_ext.database.session import db
from salsa_ext.firearms.records.frequencies import COVERAGE
from salsa_ext.jobs.runner import ChangeJob
from salsa_ext.statistics import rollups
from salsa_ext.statistics.models import Rollup
from salsa_ext.tracing.requests.figures import REQUESTS
from salsa_ext.tracing.requests.values import WAITING_STATUSES
from salsa_ext.tracing.traces.figures import TRACES
from salsa_ext.trade.discrepancies.figures import DISCREPANCIES
from salsa_ext.trade.permits.figures import LICIT_TRADE, PERMITS
from tests.statistics.test_own_figures import ORIGIN
from tests.support import bodies, jobs
from tests.support.movements import Way, act, add
from tests.support.sizes import sized

SEEDS, WRITES = sized((3, 70), (40, 250))
"""Some hundreds of writes, in the long run ten thousand."""
REFUSAL = {"reason": "national_security", "text": "No more"}


def recounted(state="BRA"):
    with jobs.as_worker(actor := operator(state)):
        return rollups.recount(
            actor=actor, kinds=figures.COUNTED_KINDS, datasets=figures.COUNTED_DATASETS
        )


def amount(dataset, subject=""):
    return db.session.scalar(
        select(func.sum(Rollup.amount)).where(
            Rollup.dataset == dataset.code,
            Rollup.dimension == "",
            Rollup.subject.startswith(subject),
        )
    )


def check(dataset, expected, subject=""):
    jobs.jobs_to_idle()
    assert not +recounted()
    assert amount(dataset, subject) == expected


def test_seizures_with_corrections_and_silent_ones(police):
    guns = [bodies.firearm(line=1), bodies.firearm(line=2, type="rifle", serial="R 1")]
    made = police.post("/seizures", bodies.seizure(items=guns)).json
    police.post("/seizures", bodies.seizure(number="S-2", visibility="silent"))
    body = bodies.seizure(items=guns, occurred_on="2025-08-20", reason="Day")
    police.post(f"/seizures/{made['id']}/correct", body, 200, If_Match='"1"')
    check(SEIZURES, 2)


def test_traces_with_withdrawn_ones(police):
    police.post("/traces", bodies.trace())
    trace = police.post("/traces", bodies.trace()).json
    etag = f'"{trace["version"]}"'
    police.post(f"/traces/{trace['id']}/withdraw", None, 200, If_Match=etag)
    check(TRACES, 1)


def test_shipments_that_were_put_off_cancelled_or_came_back_in_part(as_actor):
    way = Way(as_actor)
    off, cancelled, refused = (
        way.ship(f"{name}1", f"{name}2", number=name) for name in ("OFF", "CAN", "REF")
    )
    act(way.bra, off, "amend", ships_on="2026-04-02", authentication="Stamp 7", reason="Late")
    act(way.bra, cancelled, "cancel", reason="Buyer withdrew")
    way.release(refused)
    way.tick(refused, "exit")
    way.tick(refused, "entry", 3, outcome="refused")
    add(way.bra, refused, "receipt", received_on="2026-03-08", items=[{"serial": "REF2"}])
    check(LICIT_TRADE, 3, "shipped")


def test_a_withdrawn_report_leaves_the_coverage(police):
    police.post("/seizures", bodies.seizure())
    report = police.post("/reports", bodies.report()).json
    jobs.jobs_to_idle()
    assert amount(COVERAGE) == 2
    police.post(f"/reports/{report['id']}/withdraw", {"reason": "Found"}, 200, If_Match='"1"')
    check(COVERAGE, 1)


class Writes:
    """Random writes of Brazil, and Bolivia that receives; none of them waits for jobs."""

    def __init__(self, as_actor, random):
        self.random, self.number, self.known = random, 0, {}
        self.way = Way(as_actor, lines=[bodies.permit()["lines"][0] | {"quantity": 30_000}])
        self.analyst, self.asking = (
            as_actor(state, "trace_analyst", background=False) for state in ("BRA", "PRY")
        )
        self.police = as_actor("BRA", "police_officer", background=False)
        self.clerk = as_actor("BRA", "licensing_officer", background=False)

    def seizure(self, **more):
        gun = bodies.firearm(serial=f"S{self.number}", type=self.random.choice(("pistol", "rifle")))
        day = self.random.choice(("2025-08-20", "2025-11-20"))
        visibility = self.random.choice(("open", "pointer", "silent"))
        more = {"number": f"N{self.number}"} | more
        return bodies.seizure(items=[gun], occurred_on=day, visibility=visibility, **more)

    def seize(self):
        self.known["seizure"] = self.police.post("/seizures", self.seizure()).json

    def correct(self):
        if made := self.known.get("seizure"):
            body = self.seizure(number=made["number"], reason="Read again")
            path = f"/seizures/{made['id']}"
            etag = self.police.get(path).headers["ETag"]
            self.police.post(f"{path}/correct", body, 200, If_Match=etag)

    def report(self):
        gun = bodies.firearm(serial=f"R{self.number}")
        body = bodies.report(number=f"R{self.number}", firearm=gun)
        self.known["report"] = self.police.post("/reports", body).json["id"]

    def withdraw_report(self):
        if report := self.known.pop("report", None):
            path = f"/reports/{report}/withdraw"
            self.police.post(path, {"reason": "Found"}, 200, If_Match='"1"')

    def transfer(self):
        gun = bodies.firearm(serial=f"T{self.number}")
        body = bodies.transfer(number=f"T{self.number}", firearm=gun)
        self.known["transfer"] = self.clerk.post("/transfers", body).json["id"], body

    def correct_transfer(self):
        if made := self.known.pop("transfer", None):
            body = made[1] | {"occurred_on": "2024-06-07", "reason": "Read again"}
            self.clerk.post(f"/transfers/{made[0]}/correct", body, 200, If_Match='"1"')

    def establish_origin(self):
        if made := self.known.pop("seizure", None):
            path = f"/seizures/{made['id']}"
            [item] = self.police.post(f"{path}/origins", ORIGIN).json["items"]
            self.known["origin"] = f"{path}/entries/{item['origins'][0]['id']}"

    def withdraw_origin(self):
        if entry := self.known.pop("origin", None):
            self.police.post(f"{entry}/withdraw", {"reason": "Another gun"}, 200)

    def ask(self):
        gun = bodies.firearm(serial=f"Q{self.number}")
        self.asking.post("/traces", bodies.trace(firearm=gun))

    def refuse_request(self):
        jobs.jobs_to_idle()
        requests = self.analyst.get("/requests?limit=5").json["items"]
        if waiting := [each for each in requests if each["status"] in WAITING_STATUSES]:
            path = f"/requests/{self.random.choice(waiting)['id']}"
            etag = self.analyst.get(path).headers["ETag"]
            self.analyst.post(f"{path}/refuse", REFUSAL, 200, If_Match=etag)

    def explain_discrepancy(self):
        jobs.jobs_to_idle()
        if rows := self.way.bra.get("/discrepancies?status=open&limit=5").json["items"]:
            self.way.bra.change(
                f"/discrepancies/{rows[0]['id']}", "explain", {"text": "Packed wrong"}
            )

    def dispose(self):
        if made := self.known.pop("seizure", None):
            body = {"kind": "forfeited", "occurred_on": "2026-03-05", "act_number": "A-1"}
            self.police.post(f"/seizures/{made['id']}/dispositions", body)

    def trace(self):
        self.known["trace"] = self.police.post("/traces", bodies.trace()).json["id"]

    def withdraw_trace(self):
        if trace := self.known.pop("trace", None):
            etag = self.police.get(f"/traces/{trace}").headers["ETag"]
            self.police.post(f"/traces/{trace}/withdraw", None, 200, If_Match=etag)

    def ship(self):
        self.known["ship"] = self.way.ship(f"W{self.number}", number=f"W{self.number}")

    def cancel(self):
        if shipment := self.known.pop("ship", None):
            act(self.way.bra, shipment, "cancel", reason="Buyer withdrew")

    def receive(self):
        if shipment := self.known.pop("ship", None):
            self.way.release(shipment)
            items = [{"serial": self.random.choice((f"W{self.number}", "QQ 77"))}]
            body = {"received_on": "2026-03-05", "items": items, "confirm_nothing_matches": True}
            add(self.way.bol, shipment, "receipt", **body)
            self.known["received"] = shipment

    def correct_receipt(self):
        if shipment := self.known.pop("received", None):
            body = {"received_on": "2026-03-04", "all": True, "reason": "Counted again"}
            act(self.way.bol, shipment, "receipt/correct", **body)

    def permit(self):
        refusal = self.random.choice(({}, {"refusal": "No licence"}))
        body = bodies.permit(**self.way.more, number=f"P{self.number}", **refusal)
        self.way.bra.post("/permits", body)

    def one(self):
        self.number += 1
        names = (
            "seize correct dispose establish_origin withdraw_origin report withdraw_report transfer"
            " correct_transfer trace withdraw_trace ask refuse_request permit ship cancel receive"
            " correct_receipt explain_discrepancy"
        )
        getattr(self, self.random.choice(names.split()))()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_figures_equal_a_recount_after_any_writes_batches_and_crashes(as_actor, app, seed):
    random = Random(seed)
    writes = Writes(as_actor, random)

    def crash(actor, changes):
        figures.count_changes(actor, changes)
        raise RuntimeError("killed before the commit")

    for _ in range(WRITES):
        writes.one()
        if random.random() < 0.5:
            run = random.choice((figures.count_changes, figures.count_changes, crash))
            job = ChangeJob(figures.JOB.code, figures.JOB.kinds, run, random.randint(1, 4))
            jobs.runner(app, [job]).run_round()
        if random.random() < 0.1:
            recounted()  # it counts changes that no job has followed yet
    jobs.jobs_to_idle()
    counted = (COVERAGE, SEIZURES, TRACES, REQUESTS, LICIT_TRADE, PERMITS, DISCREPANCIES)
    assert min(amount(dataset) for dataset in counted) > 0
    assert not +recounted() and not +recounted("BOL")


def test_a_recount_repairs_what_is_missing_and_what_is_too_much(police, as_actor):
    police.post("/seizures", bodies.seizure())
    jobs.jobs_to_idle()
    month = date(2026, 3, 1)
    pistol, rifle = (("seized", "firearm", name) for name in ("pistol", "rifle"))
    wrong = {SEIZURES.fact("BRA", pistol, month): -1, SEIZURES.fact("BRA", rifle, month): 4}
    with jobs.as_worker(operator("BRA")):
        rollups.add_facts(wrong)
    assert recounted()["seizures"] == 4, "two by month and two by year"
    assert amount(SEIZURES) == 1
    entries = as_actor("BRA", "auditor").get("/audit?action=dataset:recounted").json["items"]
    corrected = {entry["subject_id"]: entry["data"]["corrected"] for entry in entries}
    assert (corrected["seizures"], corrected["traces"]) == (4, 0)
