"""Reference data: states, posts, agencies, contacts, and what guns are called."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import CHAR, REAL, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base


class State(Base):
    """A country of ISO 3166-1, or one that a gun may come from though it is no more."""

    __tablename__ = "state"
    code: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    alpha2: Mapped[str | None] = mapped_column(CHAR(2))
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    successors: Mapped[list[str]]
    is_oas_member: Mapped[bool]
    is_cifta_party: Mapped[bool]
    is_cifta_signatory_only: Mapped[bool]
    is_participant: Mapped[bool]


class Label(Base):
    """The name of a code in one language; a language is data."""

    __tablename__ = "label"
    kind: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]


class Alias(Base):
    """A way to write a make, calibre or type; `folded` is what is compared.

    Of a kind such as `make remark` the code is no name but what is said instead: `craft`, `unknown`.
    """

    __tablename__ = "alias"
    kind: Mapped[str] = mapped_column(primary_key=True)
    folded: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    sureness: Mapped[float] = mapped_column(REAL)


class Post(Base):
    """A border post with its two sides; the coordinates are those of the crossing."""

    __tablename__ = "post"
    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    latitude: Mapped[float]
    longitude: Mapped[float]
    radius_km: Mapped[int]
    state_a: Mapped[str] = mapped_column(CHAR(3))
    place_a: Mapped[str]
    zone_a: Mapped[str]
    state_b: Mapped[str] = mapped_column(CHAR(3))
    place_b: Mapped[str]
    zone_b: Mapped[str]


class Agency(Base):
    """An authority of a state; its zone is that of the dates it writes.

    `posts` are the border posts at which it stands, by their codes; none says nothing.
    """

    __tablename__ = "agency"
    __table_args__ = (UniqueConstraint("code"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    owner_state: Mapped[str | None] = mapped_column(CHAR(3))
    kind: Mapped[str]
    name: Mapped[str]
    time_zone: Mapped[str]
    posts: Mapped[list[str]] = mapped_column(server_default="{}")


class Contact(Base):
    """Whom to call, with history: an office, never a person."""

    __tablename__ = "contact"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3), index=True)
    agency: Mapped[str]
    kind: Mapped[str]
    languages: Mapped[list[str]]
    hours: Mapped[str]
    telephone: Mapped[str | None]
    email: Mapped[str | None]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class Make(Base):
    """A maker, a brand or an importer; `parent` is the firm that it belongs to."""

    __tablename__ = "make"
    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    country: Mapped[str] = mapped_column(CHAR(3))
    parent: Mapped[str | None]
    kind: Mapped[str]


class Calibre(Base):
    """A cartridge; those of one family are taken for each other, `related` ones are chambered alike."""

    __tablename__ = "calibre"
    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    family: Mapped[str]
    kind: Mapped[str]
    related: Mapped[str | None]


class FirearmType(Base):
    """A type of firearm, part or munition, with its heading in HS chapter 93."""

    __tablename__ = "firearm_type"
    code: Mapped[str] = mapped_column(primary_key=True)
    category: Mapped[str]
    hs: Mapped[str | None]
    iafq: Mapped[str]
    ncic: Mapped[str | None]


class Offence(Base):
    """A reason in law or a criminal context, with its class in ICCS where it has one."""

    __tablename__ = "offence"
    code: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    iccs: Mapped[str | None]
