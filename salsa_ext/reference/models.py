"""Reference data: states, posts, agencies, contacts, firearm codes, settings of states."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CHAR, REAL, CheckConstraint, Date, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.session import Base


class State(Base):
    """State of ISO 3166-1, or a former one."""

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
    """Name of a code in one language."""

    __tablename__ = "label"
    kind: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]


class Alias(Base):
    """Spelling of a make, calibre or type; `folded` is compared.

    With a kind such as `make remark` the code describes text that is no name: `craft`, `unknown`.
    """

    __tablename__ = "alias"
    kind: Mapped[str] = mapped_column(primary_key=True)
    folded: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    confidence: Mapped[float] = mapped_column(REAL)


class Post(Base):
    """Border post with its two sides, and the coordinates of the crossing."""

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
    state_b: Mapped[str | None] = mapped_column(CHAR(3))
    place_b: Mapped[str | None]
    zone_b: Mapped[str | None]


class Agency(Base):
    """Authority of a state; its zone applies to its dates."""

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
    """Office to call, with history; never a person.

    `ori` is its number with eTrace, `mou_user` its user name there, which only its state reads.
    """

    __tablename__ = "contact"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3), index=True)
    agency: Mapped[str]
    kind: Mapped[str]
    languages: Mapped[list[str]]
    hours: Mapped[str]
    telephone: Mapped[str | None]
    email: Mapped[str | None]
    address: Mapped[str | None]
    ori: Mapped[str | None]
    mou_user: Mapped[str | None] = mapped_column(info={"pii": "link"})
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class Make(Base):
    """Maker, brand or importer; `parent` is the owning firm."""

    __tablename__ = "make"
    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    country: Mapped[str] = mapped_column(CHAR(3))
    parent: Mapped[str | None]
    kind: Mapped[str]


class Calibre(Base):
    """Cartridge; one `family` is interchangeable, `related` fits the same guns."""

    __tablename__ = "calibre"
    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    family: Mapped[str]
    kind: Mapped[str]
    related: Mapped[str | None]


class FirearmType(Base):
    """Type of firearm, part or munition, with its HS chapter 93 heading."""

    __tablename__ = "firearm_type"
    code: Mapped[str] = mapped_column(primary_key=True)
    category: Mapped[str]
    hs: Mapped[str | None]
    iafq: Mapped[str]
    ncic: Mapped[str | None]


class Offence(Base):
    """Legal ground or criminal context, with its ICCS class if any."""

    __tablename__ = "offence"
    code: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    iccs: Mapped[str | None]


class StateSetting(Base):
    """Settings of one state, one row, readable by all states."""

    __tablename__ = "state_setting"
    __table_args__ = (
        CheckConstraint("counterpart_days BETWEEN 1 AND 366", name="counterpart_days"),
        CheckConstraint("overdue_hours BETWEEN 0 AND 720", name="overdue_hours"),
        CheckConstraint("flash_minutes BETWEEN 1 AND 60", name="flash_minutes"),
        CheckConstraint("urgent_hours BETWEEN 1 AND 24", name="urgent_hours"),
        CheckConstraint("priority_days BETWEEN 1 AND 14", name="priority_days"),
        CheckConstraint("routine_days BETWEEN 1 AND 30", name="routine_days"),
        CheckConstraint(
            "cardinality(weekdays) > 0 AND weekdays <@ ARRAY[1,2,3,4,5,6,7]::SMALLINT[]",
            name="weekdays",
        ),
        CheckConstraint("trace_approval IN ('none', 'own', 'alone')", name="trace_approval"),
        CheckConstraint("lookup_percent BETWEEN 10 AND 10000", name="lookup_percent"),
        CheckConstraint("equivalent_years BETWEEN 1 AND 10", name="equivalent_years"),
    )
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    version: Mapped[int]
    counterpart_days: Mapped[int]
    overdue_hours: Mapped[int]
    electronic_copies_with: Mapped[list[str]] = mapped_column(ARRAY(CHAR(3)))
    changed_at: Mapped[datetime]
    answers_automatically: Mapped[bool]
    flash_minutes: Mapped[int]
    urgent_hours: Mapped[int]
    priority_days: Mapped[int]
    routine_days: Mapped[int]
    weekdays: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    closed_on: Mapped[list[date]] = mapped_column(ARRAY(Date))
    open_on: Mapped[list[date]] = mapped_column(ARRAY(Date))
    trace_approval: Mapped[str]
    authority_name: Mapped[str]
    lookup_percent: Mapped[int]
    equivalent_years: Mapped[int]
    published_roles: Mapped[list[str]]
    yearly_totals: Mapped[bool]
    second_person: Mapped[list[str]]
