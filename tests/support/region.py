"""Rows of two states in every table, made over HTTP by the authorities of both."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

from flask import Flask

from api.app import create_app
from benchmarks.trade_data import declare_registers
from salsa_ext.access.models import Passkey, SecondFactor
from salsa_ext.access.rules import ROLE_PERMISSIONS, operator
from salsa_ext.administration import accounts, agencies, imports
from salsa_ext.administration.accounts import AccountData
from salsa_ext.administration.agencies import AgencyData, ContactData
from salsa_ext.administration.imports import ImportData
from salsa_ext.core.clock import FixedClock
from salsa_ext.core.config import Config
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import db, transaction
from salsa_ext.exchange import outbox
from salsa_ext.exchange.envelopes import EnvelopeData
from salsa_ext.leads import jobs as lead_jobs
from salsa_ext.leads.models import StoredLead
from salsa_ext.notifications import commands as notification_commands
from salsa_ext.notifications.notice_rules import Notice, Subject
from tests.conftest import NOW
from tests.support import actors, bodies, files, jobs
from tests.support.movements import act

TICK = {"stage": "exit", "occurred_at": "2026-03-02T10:00:00-03:00", "outcome": "passed"}
Ids = dict[str, str]


def fill(config: Config) -> Ids:
    """Let Brazil export to Paraguay, and each record, check and trace; returns Brazil's ids."""
    declare_registers(config.migration_url or "")
    app = create_app(config, FixedClock(NOW))
    with app.app_context():
        ids = _fill(app)
        db.engine.dispose()
    return ids


def _fill(app: Flask) -> Ids:
    def client(state: str, role: str) -> actors.Client:
        token = actors.token(state, role, NOW, None, timedelta(days=1))
        return actors.Client(app.test_client(), token)

    _register()
    agreed = {"electronic_copies_with": ["PRY"], "answers_automatically": False}
    client("BRA", "state_administrator").post("/settings", agreed, 200, If_Match='"0"')
    licensing, partner = client("BRA", "licensing_officer"), client("PRY", "licensing_officer")
    police, border = client("BRA", "police_officer"), client("BRA", "border_officer")
    partner.post("/licensees", bodies.licensee())
    maker = bodies.licensee(roles=["manufacturer"], party=bodies.party("Fábrica Exemplo", "BRA"))
    licensee = licensing.post("/licensees", maker).json["id"]
    issued = partner.post("/permits", bodies.import_permit()).json["id"]
    permit = licensing.post("/permits", bodies.permit()).json["id"]
    shipment = licensing.post(f"/permits/{permit}/shipments", bodies.shipment()).json["id"]
    discrepancy = _disagree(licensing, partner)
    act(licensing, {"id": shipment}, "release")
    partner.get(f"/permits/{issued}/paper")
    licensing.get(f"/permits/{permit}/paper")
    border.post(f"/shipments/{shipment}/checkpoints", TICK)
    partner.post(f"/shipments/{shipment}/receipt", {"received_on": "2026-03-03", "all": True})
    partner.post(
        "/transfers", bodies.transfer(number="T-1"), Idempotency_Key="1", Salsa_Officer="P-7"
    )
    transfer = licensing.post("/transfers", bodies.transfer(number="T-1", licence="L-7")).json
    stolen = bodies.firearm(serial="XYZ987654")
    consent = client("PRY", "trace_analyst").post(
        "/consents", bodies.consent(transfer["firearm"]["record"])
    )
    report = police.post("/reports", bodies.report(firearm=stolen)).json["id"]
    seizure = police.post("/seizures", bodies.seizure()).json["id"]
    hello = {"to": "PRY", "title": "Lot L77", "text": "Could you look at lot L77 again?"}
    report_of_year = [
        client(state, "trace_analyst").post("/annual-reports", {"year": 2025}).json["id"]
        for state in ("PRY", "BRA")
    ][-1]
    conversation = client("BRA", "trace_analyst").post("/conversations", hello).json["id"]
    given = {"from": "BRA-POLICE", "to": "Store 4", "occurred_on": "2026-03-05"}
    given |= {"occurred_at": "2026-03-05T15:00:00Z"}
    custody = police.post(f"/seizures/{seizure}/handovers", given).json["items"][0]
    match = police.get(f"/matches?record={_record_of(police, seizure)}").json["items"][0]["id"]
    trace = police.post("/traces", bodies.trace_of(seizure)).json
    client("PRY", "trace_analyst").post("/traces", bodies.trace())
    request = client("BRA", "trace_analyst").get("/requests?from=PRY").json["items"][0]["id"]
    _tell()
    _write(app)
    notification = licensing.get("/notifications").json["items"][0]["id"]
    licensing.post(f"/notifications/{notification}/read", expect=200)
    notices = partner.get("/notifications").json["items"][0]["id"]
    partner.post(f"/notifications/{notices}/read", expect=200)
    of_seizure = f"seizure:{seizure}"
    attachment = files.attach(police, of_seizure, files.photograph(), kind="photograph").json["id"]
    files.attach(partner, f"shipment:{shipment}", files.pdf())
    check = police.post("/checks", bodies.check()).json["id"]
    call = _call(border, client("PRY", "border_officer"))
    alert, hit = _seek(police, client("PRY", "police_officer"))
    police.post("/traces", bodies.trace(draft=True, hidden_from=["BRA-POLICE"]))
    stored = bodies.trace(draft=True, hidden_from=["BRA-POLICE"])
    client("PRY", "police_officer").post("/traces", stored)
    licensing.post(f"/permits/{permit}/shipments", bodies.shipment(number="A-9"))  # the same guns
    planted = {"serial": "KNY882117"}
    client("PRY", "auditor").post("/canaries", planted)
    canary = client("BRA", "auditor").post("/canaries", planted).json["id"]
    jobs.run_due(app, "lookup_samples", clock=FixedClock(NOW + timedelta(days=7)))
    lookup = client("BRA", "supervisor").get("/lookups").json["items"][0]["id"]
    asked, hold = _ask_about_persons(client, transfer["id"])
    leaving = {"username": "bra.leaving", "role": "auditor", "agency": "BRA-POLICE"}
    administrator = client("BRA", "state_administrator")
    account = administrator.post("/accounts", leaving).json["id"]
    contact = administrator.get("/contacts?state=BRA").json["items"][0]["id"]
    receiver = {"url": "https://192.0.2.1/hook", "kinds": ["seizure"]}
    webhook = administrator.post("/webhooks", receiver).json["id"]
    administrator.post(f"/webhooks/{webhook}/test", expect=200)
    [delivery] = administrator.get(f"/webhooks/{webhook}/deliveries").json["items"]
    partners = client("PRY", "state_administrator")
    other = partners.post("/webhooks", receiver).json["id"]
    partners.post(f"/webhooks/{other}/test", expect=200)
    return {
        "annual_report_id": report_of_year,
        "webhook_id": webhook,
        "delivery_id": delivery["id"],
        "permit_id": permit,
        "discrepancy_id": discrepancy,
        "shipment_id": shipment,
        "transfer_id": transfer["id"],
        "record_id": transfer["firearm"]["record"],
        "report_id": report,
        "seizure_id": seizure,
        "conversation_id": conversation,
        "entry_id": custody["handovers"][0]["id"],
        "check_id": check,
        "canary_id": canary,
        "lookup_id": lookup,
        "trace_id": trace["id"],
        "leg_id": trace["legs"][-1]["id"],
        "request_id": request,
        "attachment_id": attachment,
        "account_id": account,
        "contact_id": contact,
        "licensee_id": licensee,
        "notification_id": notification,
        "match_id": match,
        "consent_id": consent.json["id"],
        "alert_id": alert,
        "hit_id": hit,
        "call_id": call,
        "subject_request_id": asked,
        "hold_id": hold,
    }


def _ask_about_persons(client: Any, transfer: str) -> tuple[str, str]:
    """Let a person ask each state for erasure, and each hold a document; returns Brazil's ids."""
    person = {"name": "Eva Ejemplo", "country": "PRY"}
    body = {"kind": "erasure", "person": person, "received_on": "2026-03-02"}
    asked = [
        client(state, "auditor").post("/subject-requests", body).json["id"]
        for state in ("PRY", "BRA")
    ]
    stored = {"document_kind": "transfer", "document": transfer, "reason": "Order 7"}
    hold = client("BRA", "auditor").post("/legal-holds", stored).json["id"]
    sold = client("PRY", "licensing_officer").get("/transfers").json["items"][0]["id"]
    client("PRY", "auditor").post("/legal-holds", stored | {"document": sold})
    return asked[1], hold


def _seek(police: actors.Client, partner: actors.Client) -> tuple[str, str]:
    """Let each state seek a gun that the other meets; returns an alert and a hit of the first one."""
    sought = [bodies.firearm(serial=serial) for serial in ("SBK440177", "SPK882941")]
    alert = police.post("/alerts", bodies.alert(firearm=sought[0], visible_to=["PRY"])).json["id"]
    partner.post("/alerts", bodies.alert(firearm=sought[1], visible_to=["BRA"]))
    police.post("/checks", bodies.check(serial=sought[1]["serial"]))
    found = partner.post("/checks", bodies.check(serial=sought[0]["serial"])).json
    return str(alert), str(found["hits"][0]["id"])


def _call(officer: actors.Client, partner: actors.Client) -> str:
    """Let each side of a post ask the other to call, and each answer; returns the call to the first one."""
    path, made = "/posts/ciudad-del-este-foz-do-iguacu/calls", []
    for asking, asked in ((officer, partner), (partner, officer)):
        made.append(str(asking.post(path, {}).json["id"]))
        asked.post(f"/calls/{made[-1]}/answer", expect=200)
    return made[-1]


def _record_of(police: actors.Client, seizure: str) -> str:
    """Return the record of the first item of a seizure."""
    return str(police.get(f"/seizures/{seizure}").json["items"][0]["record"])


def _disagree(licensing: actors.Client, partner: actors.Client) -> str:
    """Let the two certificates of one export name different consignees; returns the discrepancy."""
    texts = {"import_permit": {"state": "PRY", "number": "I-2"}}
    other = bodies.party("Otra Armería")
    partner.post("/permits", bodies.import_permit(number="I-2", final_consignee=other))
    export = licensing.post("/permits", bodies.permit(number="E-2", **texts))
    result = {"reason": "Under review"}
    licensing.post(
        f"/permits/{export.json['id']}/suspend", result, 200, If_Match=export.headers["ETag"]
    )
    found = licensing.get("/discrepancies?number=E-2").json["items"][0]["id"]
    for client, state in ((licensing, "BRA"), (partner, "PRY")):
        address, who = f"/discrepancies/{found}", f"{state.lower()}.licensing"
        etag = client.get(address).headers["ETag"]
        client.post(f"{address}/explain", {"text": "Two branches of one firm"}, 200, If_Match=etag)
        _open(state, who)
        client.post(f"{address}/assign", {"username": who}, 200)
    return str(found)


def _open(state: str, username: str) -> None:
    acting = operator(state, clock=FixedClock(NOW))
    with transaction(acting):
        data = AccountData(username, "licensing_officer", f"{state}-LICENSING")
        accounts.open_account(actor=acting, data=data)


def _tell() -> None:
    """Tell both states of a permit of Brazil."""
    bra = operator("BRA", clock=FixedClock(NOW))
    with transaction(bra):
        notification_commands.notify_many(
            bra,
            [
                Notice(
                    state,
                    "permit_posted",
                    Subject(new_id(), "BRA", "E-1"),
                    roles=(*ROLE_PERMISSIONS,),
                )
                for state in ("BRA", "PRY")
            ],
        )


def _write(app: Flask) -> None:
    """Let each of the two states say something that nobody handles."""
    for state, other in (("BRA", "PRY"), ("PRY", "BRA")):
        acting = operator(state, clock=FixedClock(NOW), vault=app.config["VAULT"])
        with app.app_context(), transaction(acting):
            outbox.send_many(
                acting, [EnvelopeData("test.said", "BR-1", other, {"said": "Something"})]
            )
            factor = {"account_id": new_id(), "sealed": b"x", "last_step": 1}
            insert_many(SecondFactor, [factor | {"owner_state": state}])
            passkey = {"id": new_id(), "account_id": factor["account_id"], "name": "Key"}
            passkey |= {"credential_id": state.encode(), "public_key": b"", "sign_count": 0}
            insert_many(Passkey, [passkey | {"owner_state": state, "created_at": NOW}])
        with app.app_context():
            jobs.deliver_envelopes(acting.clock)
    with patch.object(lead_jobs, "LARGE_REGISTER", 1):
        jobs.run_due(app, "leads")
    lead = {"id": new_id(), "with_others": False, "kind": "shared_lot", "score": 1.0}
    of_none = {"states": ["PRY"], "record_ids": [], "record_states": [], "seized_on": NOW.date()}
    with app.app_context(), jobs.as_worker(operator("PRY")):  # which seized nothing
        insert_many(StoredLead, [{"owner_state": "PRY", "rarity": None} | lead | of_none])


def _register() -> None:
    bra, pry = (operator(state, clock=FixedClock(NOW)) for state in ("BRA", "PRY"))
    with transaction(pry):
        data = ImportData("test", {}, "a.csv", b"0", "loaded")
        run_id = imports.begin_run(actor=pry, data=data)
        imports.store_profile(actor=pry, name="test", definition={}, permissions=[])
        imports.add_rejects(pry, run_id, {2: {"cells": [], "problems": []}})
        document = {"subject": "seizures", "number": "1", "document_id": new_id(), "version": 1}
        run = {"digest": b"0", "profile": "test", "run_id": run_id, "seen_in": run_id}
        imports.add_imported(pry, [document | run])
        licensing = AgencyData("PRY-LICENSING", "licensing", "Licencias", "America/Asuncion")
        agencies.register_agency(actor=pry, data=licensing)
    with transaction(bra):
        zone = "America/Sao_Paulo"
        licensing = AgencyData("BRA-LICENSING", "licensing", "Licenças", zone)
        police = AgencyData("BRA-POLICE", "police", "Polícia Exemplo", zone)
        agencies.register_missing(actor=bra, batch=[licensing, police])
        duty = ContactData("BRA-POLICE", "duty_24h", ("pt", "es"), "24 h", "+55 45 00000000")
        agencies.add_contact(actor=bra, data=duty)
