"""What tests of hits do: enter an alert, list and answer hits, and let the watch look later."""

from datetime import timedelta

from salsa_ext.access.rules import operator
from salsa_ext.alerts import jobs as alert_jobs
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import transaction
from tests.conftest import NOW
from tests.support import bodies
from tests.support.jobs import jobs_to_idle


def enter(client, **changes):
    return client.post("/alerts", bodies.alert(**changes)).json


def hits(client, query=""):
    return client.get(f"/hits{query}").json["items"]


def answer(client, hit, action, expect=200, **body):
    etag = client.get(f"/hits/{hit['id']}").headers["ETag"]
    return client.post(f"/hits/{hit['id']}/{action}", body, expect, If_Match=etag).json


def notices(client, code):
    return [item for item in client.get("/notifications").json["items"] if item["code"] == code]


def watch(state, **later):
    jobs_to_idle()
    actor = operator(state, clock=FixedClock(NOW + timedelta(**later)))
    with transaction(actor):
        return alert_jobs.review_alerts(actor=actor)
