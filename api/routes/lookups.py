"""Routes of canaries, and of samples of look-ups that supervisors review."""

from api.http.pagination import ListQuery
from api.http.resource import Item, Resource
from api.schemas.lookups import (
    CanaryRequest,
    CanaryResponse,
    LookupQuery,
    LookupQuestionRequest,
    SampledLookupResponse,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.lookups import reviews

LOOKUP = "/lookups/<uuid:lookup_id>"
CANARY = "/canaries/<uuid:canary_id>"

canaries_blueprint = Resource(
    "canaries",
    "Serials that nobody has, to find out who looks them up",
    Item(CanaryResponse, reviews.get_canary, lambda *_: 1),
)
canaries_blueprint.listing(
    "/canaries", ListQuery, CanaryResponse, reviews.list_canaries, Permission.CANARY_MANAGE
)
canaries_blueprint.reading(CANARY, CanaryResponse, reviews.get_canary, Permission.CANARY_MANAGE)
canaries_blueprint.action(
    "/canaries",
    CanaryRequest,
    reviews.plant_canary,
    Permission.CANARY_MANAGE,
    "Plant a serial that nobody has; each look-up of it is notified, silently to who asks.",
    name="create_canary",
    location="/canaries/{id}",
)
canaries_blueprint.action(
    f"{CANARY}/remove", None, reviews.remove_canary, Permission.CANARY_MANAGE, "Remove a canary."
)

blueprint = Resource(
    "lookups",
    "Samples of what officers looked up, for their supervisors to review",
    Item(
        SampledLookupResponse,
        reviews.load_review,
        lambda actor, lookup_id: reviews.load_review(actor, lookup_id).version,
    ),
)
blueprint.listing(
    "/lookups",
    LookupQuery,
    SampledLookupResponse,
    reviews.list_reviews,
    Permission.AUDIT_READ,
    name="list_lookups",
)
blueprint.reading(
    LOOKUP, SampledLookupResponse, reviews.get_review, Permission.AUDIT_READ, name="get_lookup"
)
blueprint.action(
    f"{LOOKUP}/justify",
    None,
    reviews.justify_lookup,
    Permission.LOOKUP_REVIEW,
    "Mark a look-up of your agency as justified.",
)
blueprint.action(
    f"{LOOKUP}/question",
    LookupQuestionRequest,
    reviews.question_lookup,
    Permission.LOOKUP_REVIEW,
    "Question a look-up of your agency; its officer and the auditors are notified.",
)
