"""How templates write sentences, names, dates and numbers, all in the language of the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from math import inf
from types import SimpleNamespace
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel import Locale, dates, lists, numbers, units
from flask import g, request

from api.auth import COOKIE
from api.i18n import translate
from api.web.access import here
from api.web.typed import summary
from salsa_ext.errors import Message, say
from salsa_ext.matching.events import LAWFUL
from salsa_ext.readmodels import contacts, names
from salsa_ext.values.codes import LANGUAGES

ALL_AGENCIES: Final = 1000
WEEK: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
"""Days as OpenStreetMap writes them in opening hours."""
DAY: Final = re.compile(rf"\b(?:{'|'.join(WEEK)})\b")
ON_RECORD: Final = say("In lawful records only")
SIGNS: Final = {"hit": "▲", "possible": "◆", "no_hit": "○", "on_record": "●"}
LOCATIONS: Final = {
    "frame": say("frame"), "receiver": say("receiver"), "slide": say("slide"), "barrel": say("barrel"),
}  # fmt: skip
"""Where on a gun a mark stands; other words stay as they were typed."""
MOVED: Final = {"export": say("Export"), "import": say("Import")}
EVENT_KINDS: Final = ("seizure_kind", "report_kind", "transfer_kind")


def sentence(text: Message | str, **params: Any) -> str:
    """Return a sentence with its data; templates call this `_`."""
    return translate(text if isinstance(text, Message) else Message(text, params))


def label(kind: str, code: str | None) -> str:
    """Return the name of a code."""
    return names.label(kind, code, g.language)


def make_name(code: str | None) -> str | None:
    """Return the name of a make, which is the same in all languages; what is typed of one on no list."""
    return names.title("make", code, g.language) if code else None


def names_of(kind: str, codes: Iterable[str]) -> str:
    """Return the names of several codes as one list."""
    return lists.format_list([label(kind, code) for code in codes], locale=g.language)


def hours(text: str) -> str:
    """Return opening hours with their days in the reader's language: `Mo-Fr 08:00-17:00`."""
    named = dates.get_day_names("abbreviated", locale=g.language)
    return DAY.sub(lambda found: named[WEEK.index(found[0])], text)


def agency_name(code: str | None) -> str:
    """Return what an agency is called; its code where the register does not say it to the reader."""
    known = _agencies().get(code)
    return known.name if known else code or ""


def agency_of(code: str) -> str:
    """Return the same, with the name of its state where that is another than the reader's."""
    known, name = _agencies().get(code), agency_name(code)
    is_another = known and known.owner_state not in (None, g.actor.state)
    return f"{name}, {label('state', known.owner_state)}" if is_another else name


def agencies_of(codes: Iterable[str]) -> str:
    """Return several agencies as one text: names hold commas."""
    return "; ".join(agency_of(code) for code in codes)


def _agencies() -> dict[str | None, Any]:
    if "agencies" not in g:
        found = contacts.list_agencies(g.actor, {}, ALL_AGENCIES, None).items
        g.agencies = {agency.code: agency for agency in found}
    known: dict[str | None, Any] = g.agencies
    return known


def location(typed: str | None) -> str | None:
    """Return where on a gun a mark stands, by its name where that is known."""
    known = LOCATIONS.get((typed or "").strip().lower())
    return translate(known) if known else typed


def verdict(answer: Mapping[str, Any]) -> SimpleNamespace:
    """Return the code, the sign and the name of what a check found.

    What met no alert, and is surely of lawful records alone, is no hit in the words of a page.
    """
    strong = [one["event"] for one in answer["candidates"] if one["strength"] == "strong"]
    is_lawful = answer["verdict"] == "hit" and not answer["hits"] and {*strong} <= LAWFUL
    code = "on_record" if is_lawful else answer["verdict"]
    name = translate(ON_RECORD) if is_lawful else label("verdict", code)
    return SimpleNamespace(code=code, sign=SIGNS[code], name=name)


def event_name(code: str) -> str:
    """Return what a record tells of: an event of a transfer, a report, a seizure or a shipment."""
    if code in MOVED:
        return translate(MOVED[code])
    kind = next(
        (kind for kind in EVENT_KINDS if code in names.labels(kind, g.language)), "event_kind"
    )
    return label(kind, code)


def gun_name(described: Any) -> str:
    """Return in a line what a firearm or other goods are, a row or JSON: type, make, model, calibre."""
    if isinstance(described, Mapping):
        described = SimpleNamespace(**described)
    kind = label("type", described.type) if described.type else described.type_text
    parts = (kind or label("category", described.category), described.make_text, described.model,
             described.calibre_text)  # fmt: skip
    return " · ".join(part for part in parts if part)


def may(permission: str) -> bool:
    """Tell whether who is signed in may do something; nobody may on a page that has not looked."""
    actor = g.get("actor")
    return actor is not None and permission in actor.permissions


def capital(text: str) -> str:
    """Return a name as it begins a line."""
    return text[:1].upper() + text[1:]


def languages() -> dict[str, str]:
    """Return every language's name in itself."""
    named = {code: str(Locale(code).get_display_name()) for code in LANGUAGES}
    return {code: capital(name) for code, name in named.items()}


def is_signed_in() -> bool:
    """Tell it of a page that has not looked (an error's, say) by its cookie alone."""
    return bool(g.actor if "actor" in g else request.cookies.get(COOKIE))


def day(on: date) -> str:
    """Return a date, with the month in letters: no two countries agree on 3/9."""
    return dates.format_date(on, "medium", locale=g.language)


def short_day(on: date) -> str:
    """Return a date without its year, as short as it can be said without a mistake."""
    return dates.format_skeleton("MMMd", on, locale=g.language)


def iso_day(on: str | None) -> str | None:
    """Return a date that is kept as text."""
    return day(date.fromisoformat(on)) if on else None


def weekday(at: datetime, zone: str) -> str:
    """Return the weekday and the date of a moment at a place."""
    return dates.format_skeleton("MMMEd", at, tzinfo=ZoneInfo(zone), locale=g.language)


def clock(at: datetime, zone: str) -> str:
    """Return the time of day at a place, always of 24 hours."""
    return dates.format_time(at, "HH:mm", tzinfo=ZoneInfo(zone), locale=g.language)


def moment(at: datetime, zone: str) -> str:
    """Return the date and the time of a moment at a place."""
    return f"{day(at.astimezone(ZoneInfo(zone)).date())}, {clock(at, zone)}"


def city(zone: str) -> str:
    """Return the place whose clock a zone of the IANA database is, as people call it."""
    if "/" not in zone or zone.startswith("Etc/"):
        return zone
    named: str = dates.get_timezone_location(zone, locale=g.language, return_city=True)
    return named.rpartition("/")[2]  # Argentina/Buenos Aires


def offset(at: datetime, zone: str) -> str:
    """Return how far a place's clock is from UTC at a moment, as UTC−03:00."""
    written = at.astimezone(ZoneInfo(zone)).strftime("%z")
    return f"UTC{written[0].replace('-', '−')}{written[1:3]}:{written[3:5]}"


def iso_moment(at: str, zone: str) -> str:
    """Return a moment that is kept as text, at a place."""
    return moment(datetime.fromisoformat(at), zone)


def span(time: timedelta) -> str:
    """Return a length of time in days and hours, or hours and minutes, never rounded up."""
    hours, minutes = divmod(int(time.total_seconds()) // 60, 60)
    days, rest = divmod(hours, 24)
    parts = [("day", days), ("hour", rest)] if days else [("hour", hours), ("minute", minutes)]
    told = [part for part in parts if part[1]] or parts[1:]
    said = [_counted(count, unit) for unit, count in told]
    return lists.format_list(said, locale=g.language)


def days(count: int) -> str:
    """Return a number of days."""
    return _counted(count, "day")


def _counted(count: int, unit: str) -> str:
    """Return a number of days, hours or minutes; Babel's own list of units has no days in Portuguese."""
    time = timedelta(**{f"{unit}s": count})
    said: str = dates.format_timedelta(time, granularity=unit, threshold=inf, locale=g.language)
    return said.replace(str(count), number(count), 1)


def number(value: float) -> str:
    """Return a number with the language's own signs."""
    return numbers.format_decimal(value, locale=g.language)


def percent(value: float) -> str:
    """Return a share that is given in percent."""
    return numbers.format_percent(value / 100, locale=g.language)


def signed(value: float) -> str:
    """Return a number with its sign, zero without one."""
    return f"{'−' if value < 0 else '+' if value else ''}{number(abs(value))}"


def kilometres(value: float) -> str:
    """Return a distance."""
    return units.format_unit(value, "length-kilometer", "short", locale=g.language)


GLOBALS: Final[dict[str, Callable[..., Any]]] = {
    "_": sentence, "label": label, "languages": languages, "is_signed_in": is_signed_in,
    "here": here, "day": day, "weekday": weekday, "clock": clock, "moment": moment,
    "offset": offset, "city": city, "span": span, "number": number, "kilometres": kilometres,
    "make_name": make_name, "names": names_of, "gun_name": gun_name, "may": may, "iso_day": iso_day,
    "iso_moment": iso_moment, "wrongs": summary, "event_name": event_name, "signed": signed,
    "agency": agency_name, "agencies": agencies_of, "days": days, "short_day": short_day, "percent": percent,
    "hours": hours, "verdict": verdict, "location": location,
}  # fmt: skip
