"""A truck at the post of the tests, and what is looked up of it."""

import io

from PIL import Image

from tests.support import bodies
from tests.support.movements import act
from tests.web.scenes import POST

SCRIPT = {"Accept": "application/json"}
"""What the desk's own script asks for."""
TRUCK = {"document_kind": "mic_dta", "document_number": "BR-2026-118", "plates": ["BRA2E19"]}


def picture():
    made = io.BytesIO()
    Image.new("RGB", (60, 40), "gray").save(made, "JPEG")
    return io.BytesIO(made.getvalue()), "mark.jpg"


def released(as_actor):
    """A truck that Brazil released, due at the post today, with two pistols and a seal."""
    exporter = as_actor("BRA", "licensing_officer")
    as_actor("PRY", "licensing_officer").post("/permits", bodies.import_permit())
    permit = exporter.post("/permits", bodies.permit()).json
    expected = [{"stage": "entry", "post": POST, "at": "2026-03-09T20:00:00Z"}]
    body = bodies.shipment(transport=TRUCK, expected=expected, seals=["S-77"])
    shipment = exporter.post(f"/permits/{permit['id']}/shipments", body).json
    act(exporter, shipment, "release")
    return shipment


def ticks(as_actor, truck):
    return as_actor("PRY", "border_officer").get(f"/shipments/{truck['id']}").json["checkpoints"]


def attached(as_actor, subject):
    listed = as_actor("PRY", "border_officer").get(f"/attachments?subject={subject}").json
    return [item["kind"] for item in listed["items"]]
