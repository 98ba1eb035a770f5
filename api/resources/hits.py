"""Hits: an alert was met, and its state says whether it is true."""

from __future__ import annotations

from uuid import UUID

from flask import g

from api.resource import Resource
from api.schemas.hits import (
    HitConfirmRequest,
    HitDenyRequest,
    HitExtendRequest,
    HitQuery,
    HitResponse,
)
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import hits as reading
from salsa_ext.readmodels.hits import HitView
from salsa_ext.services import hit_answers, hit_sides
from salsa_ext.values.actor import Actor
from salsa_ext.values.alerts import Answering

PATH = "/hits/<uuid:hit_id>"

blueprint = Resource("hits", "Alerts that were met, for their states to confirm")
blueprint.listing("/hits", HitQuery, HitResponse, reading.list_hits, Permission.HIT_READ)


def _get(actor: Actor, hit_id: UUID) -> HitView:
    """Return one hit, with the two guns to be compared as far as your state is given them."""
    return hit_sides.read_hit(actor=actor, hit_id=hit_id)


blueprint.reading(PATH, HitResponse, _get, Permission.HIT_READ)


@blueprint.posting(
    f"{PATH}/confirm", HitConfirmRequest, HitResponse, Permission.HIT_DECIDE,
    status=200, standing=reading.version,
)  # fmt: skip
def confirm_hit(actor: Actor, data: Answering, hit_id: UUID) -> HitView:
    """Say for the state of the alert that it stands and is of that very gun."""
    hit_answers.confirm(actor=actor, hit_id=hit_id, seen=g.seen, data=data)
    return reading.read(actor, hit_id)


@blueprint.posting(
    f"{PATH}/deny", HitDenyRequest, HitResponse, Permission.HIT_DECIDE,
    status=200, standing=reading.version,
)  # fmt: skip
def deny_hit(actor: Actor, data: Answering, hit_id: UUID) -> HitView:
    """Say that it is another gun, or that the alert is no longer true, and why."""
    hit_answers.deny(actor=actor, hit_id=hit_id, seen=g.seen, data=data)
    return reading.read(actor, hit_id)


@blueprint.posting(
    f"{PATH}/extend", HitExtendRequest, HitResponse, Permission.HIT_DECIDE,
    status=200, standing=reading.version,
)  # fmt: skip
def extend_hit(actor: Actor, data: Answering, hit_id: UUID) -> HitView:
    """Say how many more hours the answer needs, and why."""
    hit_answers.extend(actor=actor, hit_id=hit_id, seen=g.seen, data=data)
    return reading.read(actor, hit_id)
