"""Agencies and contacts that a state registers for itself."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_, select

from salsa_ext.audit import Act, Action, append
from salsa_ext.db import db, insert_many
from salsa_ext.errors import Duplicate, NotFound, say
from salsa_ext.models import Agency, Contact, Post
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import names
from salsa_ext.readmodels.contacts import agency_codes
from salsa_ext.readmodels.days import today
from salsa_ext.services.fields import Problems, check_agency
from salsa_ext.values.actor import Actor
from salsa_ext.values.codes import AGENCY_KINDS, CONTACT_KINDS
from salsa_ext.values.ids import new_id
from salsa_ext.values.zones import is_zone

CODE = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)*")
TELEPHONE = re.compile(r"\+?(?: *[0-9]){5,15}")  # E.164 has at most 15 digits
EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
LANGUAGE = re.compile(r"[a-z]{2,3}")
WITHOUT_STATE = ("secretariat", "regional_body")


@dataclass(frozen=True)
class AgencyData:
    """An authority; `code` is its own everywhere, `time_zone` that of the dates it writes.

    `posts` are the border posts at which it stands.
    """

    code: str
    kind: str
    name: str
    time_zone: str
    posts: tuple[str, ...] = ()


@dataclass(frozen=True)
class ContactData:
    """An office to be called, never a person."""

    agency: str
    kind: str
    languages: tuple[str, ...]
    hours: str
    telephone: str | None = None
    email: str | None = None


def register(*, actor: Actor, data: AgencyData) -> UUID:
    """Register an agency of the own state; raises Invalid or Duplicate."""
    require(actor, Permission.AGENCY_MANAGE)
    _check(data, actor.state)
    agency_id = new_id()
    row = {"id": agency_id, "owner_state": actor.state} | vars(data) | {"posts": [*data.posts]}
    insert_many(Agency, [row])
    append(actor, Act(Action.AGENCY_REGISTERED, "agency", agency_id, data={"code": data.code}))
    return agency_id


def place(*, actor: Actor, code: str, posts: Sequence[str]) -> UUID:
    """Say at which border posts an agency of the own state stands; raises Invalid, or NotFound.

    Calls of the other sides of these posts are told to its officers there.
    """
    require(actor, Permission.AGENCY_PLACE)
    mine = select(Agency).where(Agency.code == code, Agency.owner_state == actor.state)
    agency = db.session.scalars(mine.with_for_update()).first()
    if agency is None:
        raise NotFound("agency", code)
    problems = Problems()
    _check_posts(problems, posts, actor.state)
    problems.raise_any()
    _place(actor, agency, posts)
    return agency.id


def stand(*, actor: Actor, post: str, codes: Collection[str]) -> None:
    """Say which agencies of the own state stand at a border post; raises Invalid.

    All others stand there no more; at other posts nothing changes.
    """
    require(actor, Permission.AGENCY_PLACE)
    problems = Problems()
    _check_posts(problems, [post], actor.state)
    own = select(Agency).where(Agency.owner_state == actor.state).order_by(Agency.code)
    agencies = {agency.code: agency for agency in db.session.scalars(own.with_for_update())}
    for code in sorted({*codes} - agencies.keys()):
        check_agency(problems, "codes", code, frozenset(agencies))
    problems.raise_any()
    for code, agency in agencies.items():
        _place(actor, agency, {*agency.posts} - {post} | ({post} if code in codes else set()))


def register_missing(*, actor: Actor, batch: Iterable[AgencyData]) -> None:
    """Register those of some agencies of the own state that it has not registered yet."""
    require(actor, Permission.AGENCY_MANAGE)
    known = agency_codes(actor.state)
    for data in batch:
        if data.code not in known:
            register(actor=actor, data=data)


def add_contact(*, actor: Actor, data: ContactData) -> UUID:
    """Register whom to call in the own state; raises Invalid, or Duplicate for the same again."""
    require(actor, Permission.AGENCY_MANAGE)
    _check_contact(data, actor.own_state())
    _check_new(data, actor.own_state())
    contact_id = new_id()
    insert_many(Contact, [{
        "id": contact_id, "owner_state": actor.own_state(),
        "valid_from": today(actor), "valid_to": None,
    } | vars(data) | {"languages": list(data.languages)}])  # fmt: skip
    append(actor, Act(Action.CONTACT_REGISTERED, "contact", contact_id, data={"kind": data.kind}))
    return contact_id


def _place(actor: Actor, agency: Agency, posts: Collection[str]) -> None:
    if sorted(posts) != agency.posts:
        agency.posts = sorted(posts)
        said = {"code": agency.code, "posts": agency.posts}
        append(actor, Act(Action.AGENCY_PLACED, "agency", agency.id, data=said))


def _check(data: AgencyData, state: str | None) -> None:
    problems = Problems()
    if not is_zone(data.time_zone):
        problems.add("time_zone", say("Not an IANA time zone; for example America/Asuncion."))
    kinds = [kind for kind in AGENCY_KINDS if (kind in WITHOUT_STATE) == (state is None)]
    if data.kind not in kinds:
        problems.add("kind", say("One of: {kinds}.", kinds=", ".join(kinds)))
    _check_code(problems, data.code, state)
    _check_posts(problems, data.posts, state)
    problems.raise_any()


def _check_posts(problems: Problems, posts: Sequence[str], state: str | None) -> None:
    """Each is a post of which the state is a side, named once."""
    sides = select(Post.code).where(or_(Post.state_a == state, Post.state_b == state))
    known = {*db.session.scalars(sides)} if posts else set()
    for index, post in enumerate(posts):
        if post not in known:
            problems.add(f"posts.{index}", say("Your state is not a side of this post."))
        elif post in posts[:index]:
            problems.add(f"posts.{index}", say("{value} appears twice.", value=post))


def _check_code(problems: Problems, code: str, state: str | None) -> None:
    """Codes are unique among all states, so each keeps to names that begin as its own."""
    if not CODE.fullmatch(code):
        problems.add("code", say("Capital letters and digits, in parts joined by hyphens."))
    elif state is not None and not code.startswith(f"{state}-"):
        problems.add("code", say("A code of your state begins with {prefix}, such as {prefix}POLICE.",
                                 prefix=f"{state}-"))  # fmt: skip
    elif state is None and names.is_state(code.partition("-")[0]):
        problems.add("code", say("A code that begins so is one of a state."))


def _check_contact(data: ContactData, state: str) -> None:
    problems = Problems()
    if data.kind not in CONTACT_KINDS:
        problems.add("kind", say("One of: {kinds}.", kinds=", ".join(CONTACT_KINDS)))
    if not data.languages or not all(map(LANGUAGE.fullmatch, data.languages)):
        problems.add("languages", say("Languages are written as ISO 639 has them, such as es."))
    if not (data.telephone or data.email):
        problems.add("telephone", say("Give a telephone number or an e-mail address."))
    if data.telephone and not TELEPHONE.fullmatch(data.telephone):
        problems.add("telephone", say("A telephone number has 5 to 15 digits, with spaces where they help,"
                                      " such as +595 21 000000."))  # fmt: skip
    if data.email and not EMAIL.fullmatch(data.email):
        problems.add("email", say("An e-mail address is written as duty@example.org."))
    check_agency(problems, "agency", data.agency, agency_codes(state))
    problems.raise_any()


def _check_new(data: ContactData, state: str) -> None:
    told = vars(data) | {"languages": list(data.languages), "owner_state": state, "valid_to": None}
    same = (getattr(Contact, name).is_not_distinct_from(value) for name, value in told.items())
    if db.session.scalar(select(Contact.id).where(*same).limit(1)) is not None:
        raise Duplicate(say("This contact is registered already, with nothing different."))
