"""Registration of a state's agencies, their border posts and contacts."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_, select

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import AGENCY_KINDS, CONTACT_KINDS
from salsa_ext.core.errors import Duplicate, NotFound, message
from salsa_ext.core.field_checks import Problems, check_agency
from salsa_ext.core.ids import new_id
from salsa_ext.core.occurrence import is_time_zone
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import db
from salsa_ext.reference import names
from salsa_ext.reference.agencies import agency_codes
from salsa_ext.reference.calendars import today
from salsa_ext.reference.models import Agency, Contact, Post

CODE_PATTERN = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)*")
TELEPHONE_PATTERN = re.compile(r"\+?(?: *[0-9]){5,15}")  # E.164 has at most 15 digits
EMAIL_PATTERN = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
ORI_PATTERN = re.compile(r"[A-Z0-9]{9}")
LANGUAGE_PATTERN = re.compile(r"[a-z]{2,3}")
STATELESS_KINDS = ("secretariat", "regional_body")


@dataclass(frozen=True)
class AgencyData:
    """Authority; `code` is unique among all states, `time_zone` applies to its dates."""

    code: str
    kind: str
    name: str
    time_zone: str
    posts: tuple[str, ...] = ()


@dataclass(frozen=True)
class AgencyChange:
    """What may change of an agency; its code stays, since documents name it."""

    kind: str
    name: str
    time_zone: str


@dataclass(frozen=True)
class ContactData:
    """Office to call, never a person; `ori` and `mou_user` are its number and user with eTrace."""

    agency: str
    kind: str
    languages: tuple[str, ...]
    hours: str
    telephone: str | None = None
    email: str | None = None
    address: str | None = None
    ori: str | None = None
    mou_user: str | None = None


def register_agency(*, actor: Actor, data: AgencyData) -> UUID:
    """Register an agency of the own state; raises Invalid or Duplicate."""
    require(actor, Permission.AGENCY_MANAGE)
    _check_agency(data, actor.state)
    agency_id = new_id()
    row = {"id": agency_id, "owner_state": actor.state} | vars(data) | {"posts": [*data.posts]}
    insert_many(Agency, [row])
    append(
        actor, AuditEvent(Action.AGENCY_REGISTERED, "agency", agency_id, data={"code": data.code})
    )
    return agency_id


def correct_agency(*, actor: Actor, code: str, data: AgencyChange) -> UUID:
    """Correct the name, kind or time zone of an own agency; raises Invalid or NotFound."""
    require(actor, Permission.AGENCY_MANAGE)
    agency = _lock_agency(actor, code)
    _check_agency(AgencyData(code, **vars(data)), actor.state)
    for name, value in vars(data).items():
        setattr(agency, name, value)
    append(actor, AuditEvent(Action.AGENCY_CORRECTED, "agency", agency.id, data={"code": code}))
    return agency.id


def _lock_agency(actor: Actor, code: str) -> Agency:
    own = select(Agency).where(Agency.code == code, Agency.owner_state == actor.state)
    agency = db.session.scalars(own.with_for_update()).first()
    if agency is None:
        raise NotFound("agency", code)
    return agency


def set_agency_posts(*, actor: Actor, code: str, posts: Sequence[str]) -> UUID:
    """Set the border posts of an own agency; raises Invalid or NotFound."""
    require(actor, Permission.AGENCY_PLACE)
    agency = _lock_agency(actor, code)
    problems = Problems()
    _check_posts(problems, posts, actor.state)
    problems.raise_any()
    _update_posts(actor, agency, posts)
    return agency.id


def set_post_agencies(*, actor: Actor, post: str, codes: Collection[str]) -> None:
    """Set the own agencies of a border post; raises Invalid."""
    require(actor, Permission.AGENCY_PLACE)
    problems = Problems()
    _check_posts(problems, [post], actor.state)
    own = select(Agency).where(Agency.owner_state == actor.state).order_by(Agency.code)
    agencies = {agency.code: agency for agency in db.session.scalars(own.with_for_update())}
    for code in sorted({*codes} - agencies.keys()):
        check_agency(problems, "codes", code, frozenset(agencies))
    problems.raise_any()
    for code, agency in agencies.items():
        _update_posts(
            actor, agency, {*agency.posts} - {post} | ({post} if code in codes else set())
        )


def register_missing(*, actor: Actor, batch: Iterable[AgencyData]) -> None:
    """Register those agencies of a batch that are not registered."""
    require(actor, Permission.AGENCY_MANAGE)
    known = agency_codes(actor.state)
    for data in batch:
        if data.code not in known:
            register_agency(actor=actor, data=data)


def add_contact(*, actor: Actor, data: ContactData) -> UUID:
    """Register a contact of the own state; raises Invalid or Duplicate."""
    require(actor, Permission.AGENCY_MANAGE)
    return _insert_contact(actor, data, Action.CONTACT_REGISTERED)


def correct_contact(*, actor: Actor, contact_id: UUID, data: ContactData) -> UUID:
    """Replace a contact of the own state by a new one; raises NotFound, Invalid or Duplicate.

    The former stays in the history. Returns the id of the new one.
    """
    require(actor, Permission.AGENCY_MANAGE)
    contact = _lock_contact(actor, contact_id)
    new_contact_id = _insert_contact(actor, data, Action.CONTACT_CORRECTED)
    contact.valid_to = today(actor)
    return new_contact_id


def close_contact(*, actor: Actor, contact_id: UUID) -> None:
    """Close a contact of the own state: nobody is to call it from today; raises NotFound."""
    require(actor, Permission.AGENCY_MANAGE)
    contact = _lock_contact(actor, contact_id)
    contact.valid_to = today(actor)
    kind = {"kind": contact.kind}
    append(actor, AuditEvent(Action.CONTACT_CLOSED, "contact", contact_id, data=kind))


def _lock_contact(actor: Actor, contact_id: UUID) -> Contact:
    own = select(Contact).where(
        Contact.id == contact_id,
        Contact.owner_state == actor.own_state(),
        Contact.valid_to.is_(None),
    )
    contact = db.session.scalars(own.with_for_update()).first()
    if contact is None:
        raise NotFound("contact", contact_id)
    return contact


def _insert_contact(actor: Actor, data: ContactData, action: Action) -> UUID:
    _check_contact(data, actor.own_state())
    _check_not_registered(data, actor.own_state())
    contact_id = new_id()
    insert_many(
        Contact,
        [
            {
                "id": contact_id,
                "owner_state": actor.own_state(),
                "valid_from": today(actor),
                "valid_to": None,
            }
            | vars(data)
            | {"languages": list(data.languages)}
        ],
    )
    append(actor, AuditEvent(action, "contact", contact_id, data={"kind": data.kind}))
    return contact_id


def _update_posts(actor: Actor, agency: Agency, posts: Collection[str]) -> None:
    if sorted(posts) != agency.posts:
        agency.posts = sorted(posts)
        audit_data = {"code": agency.code, "posts": agency.posts}
        append(actor, AuditEvent(Action.AGENCY_PLACED, "agency", agency.id, data=audit_data))


def _check_agency(data: AgencyData, state: str | None) -> None:
    problems = Problems()
    if not is_time_zone(data.time_zone):
        problems.add("time_zone", message("Not an IANA time zone; for example America/Asuncion."))
    kinds = [kind for kind in AGENCY_KINDS if (kind in STATELESS_KINDS) == (state is None)]
    if data.kind not in kinds:
        problems.add("kind", message("One of: {kinds}.", kinds=", ".join(kinds)))
    _check_code(problems, data.code, state)
    _check_posts(problems, data.posts, state)
    problems.raise_any()


def _check_posts(problems: Problems, posts: Sequence[str], state: str | None) -> None:
    """Check that each post has the state as a side, without repeats."""
    sides = select(Post.code).where(or_(Post.state_a == state, Post.state_b == state))
    known = {*db.session.scalars(sides)} if posts else set()
    for index, post in enumerate(posts):
        if post not in known:
            problems.add(f"posts.{index}", message("Your state is not a side of this post."))
        elif post in posts[:index]:
            problems.add(f"posts.{index}", message("{value} appears twice.", value=post))


def _check_code(problems: Problems, code: str, state: str | None) -> None:
    """Check the state's prefix, so that codes are unique among states."""
    if not CODE_PATTERN.fullmatch(code):
        problems.add("code", message("Capital letters and digits, in parts joined by hyphens."))
    elif state is not None and not code.startswith(f"{state}-"):
        problems.add(
            "code",
            message(
                "A code of your state begins with {prefix}, such as {prefix}POLICE.",
                prefix=f"{state}-",
            ),
        )
    elif state is None and names.is_state(code.partition("-")[0]):
        problems.add("code", message("A code that begins so is one of a state."))


def _check_contact(data: ContactData, state: str) -> None:
    problems = Problems()
    if data.kind not in CONTACT_KINDS:
        problems.add("kind", message("One of: {kinds}.", kinds=", ".join(CONTACT_KINDS)))
    if not data.languages or not all(map(LANGUAGE_PATTERN.fullmatch, data.languages)):
        problems.add("languages", message("Languages are written as ISO 639 has them, such as es."))
    if not (data.telephone or data.email):
        problems.add("telephone", message("Give a telephone number or an e-mail address."))
    if data.telephone and not TELEPHONE_PATTERN.fullmatch(data.telephone):
        problems.add(
            "telephone",
            message(
                "A telephone number has 5 to 15 digits, with spaces where they help,"
                " such as +595 21 000000."
            ),
        )
    if data.email and not EMAIL_PATTERN.fullmatch(data.email):
        problems.add("email", message("An e-mail address is written as duty@example.org."))
    if data.ori and not ORI_PATTERN.fullmatch(data.ori):
        problems.add("ori", message("An ORI has nine capital letters and digits."))
    check_agency(problems, "agency", data.agency, agency_codes(state))
    problems.raise_any()


def _check_not_registered(data: ContactData, state: str) -> None:
    values = vars(data) | {
        "languages": list(data.languages),
        "owner_state": state,
        "valid_to": None,
    }
    same = (getattr(Contact, name).is_not_distinct_from(value) for name, value in values.items())
    if db.session.scalar(select(Contact.id).where(*same).limit(1)) is not None:
        raise Duplicate(message("This contact is registered already, with nothing different."))
