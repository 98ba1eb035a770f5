"""A region with something on every page: made over HTTP, once for all that only looks."""

from datetime import UTC, datetime
from typing import Any

from flask import current_app

from importers.profiles import to_data
from salsa_ext.core.clock import FixedClock
from tests.support import bodies, files
from tests.support.imported import seizure_profile, upload_file
from tests.support.jobs import run_due
from tests.support.movements import Way, act, tick
from tests.support.papers import code_of
from tests.web import scenes
from tests.web.scenes import Caller

MARKS = [
    {
        "kind": "import",
        "text": "IMP 19",
        "state": "PRY",
        "year": 2019,
        "location": "slide",
        "condition": "altered",
    }
]
DUTY = {
    "agency": "PRY-POLICE",
    "kind": "duty_24h",
    "languages": ["es"],
    "hours": "24 h",
    "telephone": "+595 21 0000000",
    "email": "guardia@example.org",
}
Ids = dict[str, str]


def make(caller: Caller) -> Ids:
    """Fill a region, and return the ids by which its pages are opened."""
    administrator = caller("PRY", "state_administrator")
    office = administrator.post("/contacts", DUTY).json["id"]
    agencies = administrator.get("/agencies?state=PRY").json["items"]
    [agency] = [each["id"] for each in agencies if each["code"] == DUTY["agency"]]
    scenes.full_post(caller)
    for asking in ("BRA", "PRY"):
        caller(asking, "border_officer").post(f"/posts/{scenes.POST}/calls", {})
    scenes.late(caller, 5)
    made = {"post": scenes.POST} | _papers(caller) | _guns(caller) | _traces(caller)
    made |= _stopped(caller) | _looked_up(caller) | _asked_by_person(caller)
    ana = {"username": "pry.ana", "role": "police_officer", "agency": "PRY-POLICE"}
    receiver = {"url": "https://192.0.2.1/hook", "kinds": ["seizure", "trace"]}
    made["webhook"] = administrator.post("/webhooks", receiver).json["id"]
    administrator.post(f"/webhooks/{made['webhook']}/test", expect=200)
    [delivery] = administrator.get(f"/webhooks/{made['webhook']}/deliveries").json["items"]
    made["delivery"] = delivery["id"]
    reporting = caller("BRA", "trace_analyst").post("/annual-reports", {"year": 2025}).json
    made["annual_report"] = reporting["id"]
    made["release"] = caller(None, "secretariat").post("/releases", {"year": 2025}).json["id"]
    app: Any = current_app
    run_due(app._get_current_object(), "releases")
    made["account"] = administrator.post("/accounts", ana).json["id"]
    made |= {"agency": agency, "office": office}
    made["run"] = _imported(caller)
    scenes.notify_officers("PRY", *(f"A-{number}" for number in range(30)))
    made["proposal"] = _want_approval(caller)  # from here on Brazil needs a second person
    return made


def _imported(caller: Caller) -> str:
    """A file that was checked: one row is right, one is refused, and a make is unknown."""
    police = caller("BRA", "police_officer")
    police.post("/import-profiles", {"definition": to_data(seizure_profile())})
    rows = (
        "case,day,serial,make,calibre,type,town,colour",
        "F-1,1/2/2020,TKA52390,Xyzzy,9mm,pistol,Santos,black",
        "F-2,soon,TKA52391,Taurus,9mm,pistol,Santos,black",
    )
    return upload_file(police, "\n".join(rows).encode())


def _papers(caller: Caller) -> Ids:
    """Permits that differ, a shipment in every state of its way, and a gun that changed hands."""
    exporter, importer = caller("BRA", "licensing_officer"), caller("PRY", "licensing_officer")
    for number in range(5):
        importer.post("/permits", bodies.import_permit(number=f"I-7{number}", end_use="Sport"))
    asked = {"state": "PRY", "number": "I-70"}
    more = {"conditions": "By day alone", "source": "Fábrica Exemplo", "import_permit": asked}
    permit = exporter.post(
        "/permits",
        bodies.permit(
            number="E-70",
            lines=[bodies.permit()["lines"][0] | {"quantity": 11, "calibre": ".40 S&W"}],
            **more,
        ),
    ).json
    manifest = [{"line": 1, "serial": f"GLK{at}", "make": "Glock"} for at in range(7)]
    body = bodies.shipment((), number="A-GLOCK", items=manifest)
    exporter.post(f"/permits/{permit['id']}/shipments", body)
    way = Way(caller, licensed=(), number="E-71")
    way.license_import(number="I-1")
    way.pry.post(
        "/permits",
        bodies.transit_permit("PRY", **way.more)
        | {"number": "X-1", "export_permit": {"state": "BRA", "number": "E-71"}},
    )
    passed = way.release(way.ship("TRV10001", number="A-WAY"))
    way.tick(passed, "exit")
    way.tick(passed, "transit_in", 3)
    sold = importer.post("/transfers", bodies.transfer(number="V-70", licence="L-7")).json
    doubt = _first(exporter, "/discrepancies?status=open")
    _explain(exporter, doubt["id"])
    paper = exporter.get(f"/permits/{permit['id']}/paper").data
    licensee = importer.post("/licensees", bodies.licensee(roles=["carrier"], number="L-70")).json
    return {
        "licensee": licensee["id"],
        "permit": permit["id"],
        "import": _first(importer, "/permits?number=I-70")["id"],
        "transit": _first(way.pry, "/permits?kind=in_transit")["id"],
        "shipment": passed["id"],
        "planned": _first(exporter, "/shipments?number=A-LATE")["id"],
        "short": _first(exporter, "/shipments?number=A-SHORT")["id"],
        "gone": _first(exporter, "/shipments?number=A-DUE")["id"],
        "glock": _first(exporter, "/shipments?number=A-GLOCK")["id"],
        "transfer": sold["id"],
        "sold": sold["firearm"]["record"],
        "discrepancy": _first(importer, "/discrepancies?status=open")["id"],
        "explained": doubt["id"],
        "token": code_of(paper),
    }


def _stopped(caller: Caller) -> Ids:
    """A shipment that two states hold, and that does not agree with its papers."""
    exporter, officer = caller("BRA", "licensing_officer"), caller("PRY", "border_officer")
    stopped = _first(exporter, "/shipments?number=A-NEXT")
    act(exporter, stopped, "hold", reason="The licence is looked at again")
    tick(
        officer,
        stopped,
        "entry",
        "held",
        at="2026-03-09T14:00:00Z",
        post=scenes.POST,
        quantity=7,
        reason="Seven pieces",
    )
    return {"stopped": stopped["id"]}


def _looked_up(caller: Caller) -> Ids:
    """A look-up of last week's sample."""
    caller("BRA", "police_officer").post("/checks", bodies.check())
    with_app: Any = current_app
    run_due(
        with_app._get_current_object(),
        "lookup_samples",
        clock=FixedClock(datetime(2026, 3, 16, 15, tzinfo=UTC)),
    )
    return {"lookup": _first(caller("BRA", "supervisor"), "/lookups")["id"]}


def _asked_by_person(caller: Caller) -> Ids:
    """A request of a person whom a sale names."""
    body = {"kind": "erasure", "person": {"name": "Ana Ejemplo"}, "received_on": "2026-03-02"}
    return {"person_asked": caller("PRY", "auditor").post("/subject-requests", body).json["id"]}


def _guns(caller: Caller) -> Ids:
    """Seizures with marks, a file and what others know of the guns; leads of one's own and of others."""
    police, examiner = caller("BRA", "police_officer"), caller("BRA", "forensic_examiner")
    caller("PRY", "police_officer").post("/reports", bodies.report())
    crime = {"linked": "suspected", "basis": "intelligence", "group": "Grupo Ficticio"}
    seized = police.post(
        "/seizures",
        bodies.seizure(
            number="S-70",
            items=[bodies.firearm(marks=MARKS)],
            organized_crime=crime,
            concealment="In a spare wheel",
            joint_with={"state": "PRY", "number": "P-1"},
            found_with=[{"kind": "cash"}],
        ),
    ).json
    files.attach(examiner, f"seizure:{seized['id']}", files.photograph(), kind="photograph")
    given = {"from": "Store 9", "to": "Court", "occurred_on": "2026-03-05"}
    given |= {"occurred_at": "2026-03-05T15:00:00Z"}
    police.post(f"/seizures/{seized['id']}/handovers", given)
    scenes.sold_and_seized(caller, "BRA")
    record = seized["items"][0]["record"]
    found = police.get("/matches?state=PRY").json["items"]
    analyst = caller("BRA", "trace_analyst")
    return {
        "seizure": seized["id"],
        "record": record,
        "lead": _first(analyst, "/leads")["id"],
        "match": next(each["id"] for each in found if each["record"] == record),
    }


def _traces(caller: Caller) -> Ids:
    """A trace that found where a gun was lost, one that waits, a draft, and what others ask."""
    analyst, asked = caller("BRA", "trace_analyst"), caller("PRY", "trace_analyst")
    traced = analyst.post("/traces", bodies.trace(case_number="C-70")).json
    leg = {"state": "ESP", "reason": "Import mark", "channel": "iarms", "reference": "T-7"}
    legs = analyst.post(f"/traces/{traced['id']}/legs", leg).json["legs"]
    analyst.post(f"/traces/{traced['id']}/notes", {"text": "Ask the bench"}, 200)
    gun = bodies.firearm(serial="TRC770011")
    del gun["make"]
    draft = analyst.post("/traces", bodies.trace(case_number="C-71", firearm=gun, draft=True)).json
    waiting = asked.get("/requests").json["items"]
    request = next(each for each in waiting if each["case_number"] == "C-55")
    for number in range(3):
        gun = bodies.firearm(serial="TRC770011")
        analyst.post("/traces", bodies.trace(case_number=f"C-8{number}", firearm=gun))
    questions = _first(asked, "/requests?case_number=C-80")
    asked.post(
        f"/requests/{questions['id']}/ask-questions",
        {"questions": ["Which side?"]},
        200,
        If_Match='"1"',
    )
    sold = _first(caller("PRY", "licensing_officer"), "/transfers?number=V-70")["firearm"]["record"]
    consent = analyst.post("/consents", bodies.consent(sold)).json
    hello = {"to": "PRY", "title": "Lot L77", "text": "Could you look at it?"}
    return {
        "conversation": analyst.post("/conversations", hello).json["id"],
        "trace": traced["id"],
        "draft": draft["id"],
        "request": request["id"],
        "questioned": _first(analyst, "/traces?case_number=C-80")["id"],
        "leg": next(each["id"] for each in legs if each["state"] == "ESP"),
        "consent": consent["id"],
        "hit": _first(analyst, "/hits")["id"],
        "met": _first(asked, "/hits?asking_state=PRY&alert_state=BRA")["id"],
        "alert": _first(analyst, "/alerts")["id"],
        "report": _first(caller("PRY", "police_officer"), "/reports")["id"],
    }


def _want_approval(caller: Caller) -> str:
    """A trace and a permit of Brazil wait for a second person; returns the permit's id."""
    settings = caller("BRA", "state_administrator")
    wanted = {"trace_approval": "own", "second_person": ["permit"]}
    settings.post("/settings", wanted, 200, If_Match=settings.get("/settings").headers["ETag"])
    caller("BRA", "trace_analyst").post("/traces", bodies.trace(case_number="C-90"))
    permit = bodies.permit(number="E-90")
    proposed: str = caller("BRA", "licensing_officer").post("/permits", permit).json["id"]
    return proposed


def _explain(client: Any, discrepancy: str) -> None:
    path = f"/discrepancies/{discrepancy}"
    result = {"text": "Packed wrong"}
    client.post(f"{path}/explain", result, 200, If_Match=client.get(path).headers["ETag"])


def _first(client: Any, path: str) -> Any:
    return client.get(path).json["items"][0]
