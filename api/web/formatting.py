"""Text of codes, dates and numbers for templates, in the page's language."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from math import inf
from types import SimpleNamespace
from typing import Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from babel import Locale, dates, lists, numbers, units
from flask import g, request, url_for
from markupsafe import Markup

from api.http.auth import SESSION_COOKIE, cookie_name
from api.i18n.messages import date_locale, format_day, translate
from api.web.access import current_path
from api.web.areas import areas
from api.web.forms import error_summary
from importers.load import CHANGED_BY_FILE
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.core.batches import group_by
from salsa_ext.core.codes import LANGUAGES
from salsa_ext.core.dates import parse_date
from salsa_ext.core.errors import Message, message
from salsa_ext.firearms.records.event_kinds import LAWFUL
from salsa_ext.firearms.search.values import MarkHit
from salsa_ext.reference import agencies, names
from salsa_ext.reference.calendars import reader_zone
from salsa_ext.reference.participation.declarations import describe_coverage
from salsa_ext.reference.participation.rules import Declaration
from salsa_ext.tracing.traces.leg_views import leg_label

ALL_AGENCIES: Final = 1000
ICONS: Final = "vendor/lucide/icons.svg"
"""A sprite with a symbol for each name of `icon`."""
WEEKDAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
"""Days as OpenStreetMap writes them in opening hours."""
WEEKDAY_PATTERN: Final = re.compile(rf"\b(?:{'|'.join(WEEKDAYS)})\b")
LAWFUL_RECORDS_ONLY: Final = message("In lawful records only")
VERDICT_SIGNS: Final = {
    "hit": "triangle-alert",
    "possible": "diamond",
    "no_hit": "circle-dashed",
    "on_record": "circle-dot",
}
MARK_LOCATIONS: Final = {
    "frame": message("frame"),
    "receiver": message("receiver"),
    "slide": message("slide"),
    "barrel": message("barrel"),
    "cylinder": message("cylinder"),
    "upper_receiver": message("upper receiver"),
    "lower_receiver": message("lower receiver"),
    "under_grips": message("under the grips"),
    "bolt": message("bolt"),
    "crane": message("crane"),
    "magazine": message("magazine"),
    "trigger_guard": message("trigger guard"),
    "stock": message("stock"),
    "grip": message("grip"),
    "chamber": message("chamber"),
    "forend": message("fore-end"),
    "side_plate": message("side plate"),
}
"""Places of a mark on a gun; other words stay as typed."""
SUBJECT_PAGES: Final = {
    "alert": "investigation.alert_page",
    "permit": "licensing.permit_page",
    "shipment": "licensing.shipment_page",
    "discrepancy": "licensing.discrepancy_page",
    "match": "investigation.match_page",
    "hit": "investigation.hit_page",
    "consent": "tracing.consent_page",
    "request": "tracing.request_page",
    "trace": "tracing.trace_page",
    "record": "investigation.gun_page",
    "seizure": "investigation.seizure_page",
    "account": "account.account_page",
    "report": "investigation.report_page",
    "transfer": "licensing.transfer_page",
    "lookup": "investigation.lookup_page",
    "subject_request": "account.subject_request_page",
    "conversation": "tracing.conversation_page",
    "webhook": "account.webhook_page",
}
"""The page of each kind of object that has one."""
READ_BY: Final = {
    "account": Permission.ACCOUNT_CONFIRM,
    "lookup": Permission.AUDIT_READ,
    "subject_request": Permission.PERSONAL_DATA_MANAGE,
    "conversation": Permission.CONVERSATION_WRITE,
    "webhook": Permission.WEBHOOK_MANAGE,
}
"""The permission that opens a page, where it is not named after the kind."""
EVENT_KINDS: Final = ("seizure_kind", "report_kind", "transfer_kind")
SPANISH_AND: Final = re.compile(r" y (?=h?[ií](?![aeo]))", re.IGNORECASE)
"""“And” before the sound of an i, where it is “e”."""


def sentence(text: Message | str, **params: Any) -> str:
    """Translate a message with its data; `_` in templates."""
    return translate(text if isinstance(text, Message) else Message(text, params))


def icon(name: str) -> Markup:
    """Return a drawn sign, hidden from screen readers: it repeats the text next to it."""
    if "icons" not in g:
        g.icons = url_for("static", filename=ICONS)
    return Markup('<svg class="i" aria-hidden="true"><use href="{}#{}"></use></svg>').format(
        g.icons, name
    )


def label(kind: str, code: str | None) -> str:
    """Return the name of a code."""
    return names.label(kind, code, g.language)


def make_name(code: str | None) -> str | None:
    """Return the name of a make; unlisted text is returned unchanged."""
    return names.display_name("make", code, g.language) if code else None


def join_names(kind: str, codes: Iterable[str]) -> str:
    """Return the names of several codes as one list."""
    text = lists.format_list([label(kind, code) for code in codes], locale=g.language)
    return SPANISH_AND.sub(" e ", text) if g.language == "es" else text


def coverage_text(declaration: Declaration) -> str:
    """Return for which makes and years of manufacture a register is complete."""
    return sentence(describe_coverage(declaration))


def register_lines(registers: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the registers of an answer of the API, those alike on one line."""
    declared = [Declaration(**row) for row in registers]
    alike = group_by(declared, lambda each: (coverage_text(each), each.mode))
    return [
        f"{join_names('register', [each.register for each in some])}: {coverage}"
        f" · {label('register_mode', mode)}"
        for (coverage, mode), some in alike.items()
    ]


def opening_hours(text: str) -> str:
    """Return opening hours with translated weekdays: `Mo-Fr 08:00-17:00`."""
    named = dates.get_day_names("abbreviated", locale=g.language)
    return WEEKDAY_PATTERN.sub(lambda match: named[WEEKDAYS.index(match[0])], text)


def agency_name(code: str | None) -> str:
    """Return an agency's name; its code if not visible."""
    known = _known_agencies().get(code)
    return known.name if known else code or ""


def agency_with_state(code: str) -> str:
    """Return an agency's name, with its state if foreign."""
    known, name = _known_agencies().get(code), agency_name(code)
    if known and known.owner_state not in (None, g.actor.state):
        return f"{name}, {label('state', known.owner_state)}"
    return name


def join_agencies(codes: Iterable[str]) -> str:
    """Join agencies by semicolons; their names contain commas."""
    return "; ".join(agency_with_state(code) for code in codes)


def _known_agencies() -> dict[str | None, Any]:
    if "agencies" not in g:
        registered = agencies.list_agencies(g.actor, {}, ALL_AGENCIES, None).items
        g.agencies = {agency.code: agency for agency in registered}
    known: dict[str | None, Any] = g.agencies
    return known


def location(text: str | None) -> str | None:
    """Return the name of a mark's location, else the typed text."""
    known = MARK_LOCATIONS.get((text or "").strip().lower())
    return translate(known) if known else text


def verdict(answer: Mapping[str, Any]) -> SimpleNamespace:
    """Return code, sign and name of a check's result.

    `on_record` replaces `hit` if there are no alert hits and all strong candidates are lawful
    records.
    """
    strong = [
        candidate["event"]
        for candidate in answer["candidates"]
        if candidate["strength"] == "strong"
    ]
    is_lawful = answer["verdict"] == "hit" and not answer["hits"] and {*strong} <= LAWFUL
    code = "on_record" if is_lawful else answer["verdict"]
    name = translate(LAWFUL_RECORDS_ONLY) if is_lawful else label("verdict", code)
    return SimpleNamespace(code=code, sign=VERDICT_SIGNS[code], name=name)


def event_name(code: str) -> str:
    """Return the name of an event. An event of a transfer, report, seizure or shipment."""
    kind = next(
        (kind for kind in EVENT_KINDS if code in names.labels(kind, g.language)), "event_kind"
    )
    return label(kind, code)


def gun_name(goods: Any) -> str:
    """Return type, make, model and calibre of goods in one line. Accepts a row or JSON."""
    if isinstance(goods, Mapping):
        goods = SimpleNamespace(**goods)
    kind = label("type", goods.type) if goods.type else goods.type_text
    parts = (
        kind or label("category", goods.category),
        goods.make_text,
        goods.model,
        calibre_name(goods.calibre_text),
    )
    return " · ".join(part for part in parts if part)


def calibre_name(text: str | None) -> str | None:
    """Return a calibre as written; the standard name of one that languages name differently."""
    named = names.labels("calibre", g.language)
    return next((named[c] for c in named if names.display_name("calibre", c, "en") == text), text)


def mark_gun_name(hit: MarkHit) -> str:
    """Return type, make and model of the gun with a mark in one line."""
    kind = label("type", hit.type) if hit.type else None
    return " · ".join(filter(None, (kind, make_name(hit.make), hit.model and hit.model.upper())))


def has_permission(permission: str) -> bool:
    """Return whether the signed-in user has a permission. False on pages without an actor."""
    actor = g.get("actor")
    return actor is not None and permission in actor.permissions


def subject_address(kind: str, key: UUID | str) -> str | None:
    """Return the address of an object's page; None without one or without permission."""
    if kind not in SUBJECT_PAGES or not has_permission(READ_BY.get(kind, f"{kind}:read")):
        return None
    path: dict[str, Any] = {f"{kind}_id": key}
    return url_for(SUBJECT_PAGES[kind], **path)


def capitalise(text: str) -> str:
    """Return text with its first letter capitalised."""
    return text[:1].upper() + text[1:]


def action_name(action: str) -> str:
    """Return the name of an audited action: subject and verb."""
    if action == Action.DOCUMENT_READ:
        return sentence(message("Opened the record"))
    subject, _, verb = action.partition(":")
    return f"{capitalise(label('object', subject))} · {label('act', verb)}"


def reason_text(reason: str | None) -> str | None:
    """Return the reason of a version; that of an imported file in the reader's language."""
    match = re.fullmatch(CHANGED_BY_FILE.text.format(date=r"(\d{4}-\d\d-\d\d)"), reason or "")
    if match is None:
        return reason
    return translate(Message(CHANGED_BY_FILE.text, {"date": parse_date(match[1])}))


def languages() -> dict[str, str]:
    """Return the name of each language in that language."""
    named = {code: str(Locale(code).get_display_name()) for code in LANGUAGES}
    return {code: capitalise(name) for code, name in named.items()}


def is_signed_in() -> bool:
    """Return whether a user is signed in. Pages without an actor, such as errors, judge by the cookie."""
    return bool(g.actor if "actor" in g else request.cookies.get(cookie_name(SESSION_COOKIE)))


def day(on: date) -> str:
    """Return a date with the month as a word: 3/9 is ambiguous."""
    return format_day(on)


def short_day(on: date) -> str:
    """Return a date without its year."""
    return dates.format_skeleton("MMMd", on, locale=date_locale(g.language))


def iso_day(on: str | None) -> str | None:
    """Return a date stored as ISO text."""
    return day(parse_date(on)) if on else None


def period(label: str) -> str:
    """Return a period of figures, such as 2025, 2025-Q4 or 2025-11."""
    year, _, part = label.partition("-")
    if not part:
        return year
    month = 3 * int(part[1]) - 2 if part[0] == "Q" else int(part)
    pattern = "QQQ y" if part[0] == "Q" else "MMM y"
    return dates.format_date(date(int(year), month, 1), pattern, locale=date_locale(g.language))


def months(numbers: Iterable[int]) -> str:
    """Return months of a year by their short names."""
    locale = date_locale(g.language)
    return ", ".join(dates.format_date(date(2000, each, 1), "LLL", locale) for each in numbers)


def weekday(at: datetime, zone: str) -> str:
    """Return weekday and date of a time in a zone."""
    return dates.format_skeleton("MMMEd", at, tzinfo=ZoneInfo(zone), locale=date_locale(g.language))


def clock(at: datetime, zone: str) -> str:
    """Return the time of day in a zone, 24 hours."""
    return dates.format_time(at, "HH:mm", tzinfo=ZoneInfo(zone), locale=g.language)


def moment(at: datetime, zone: str) -> str:
    """Return date and time in a zone."""
    return f"{day(at.astimezone(ZoneInfo(zone)).date())}, {clock(at, zone)}"


def colon() -> str:
    """Return the colon of the page's language: French has a space before it."""
    return "\u00a0:" if g.language == "fr" else ":"


def city(zone: str) -> str:
    """Return the city of an IANA time zone."""
    if "/" not in zone or zone.startswith("Etc/"):
        return zone
    named: str = dates.get_timezone_location(zone, locale=g.language, return_city=True)
    named = named.rpartition("/")[2]  # Argentina/Buenos Aires
    return {"Sao Paulo": "São Paulo", "Bogota": "Bogotá"}.get(named, named)


def offset(at: datetime, zone: str) -> str:
    """Return the UTC offset of a zone at a time: UTC−03:00."""
    written = at.astimezone(ZoneInfo(zone)).strftime("%z")
    return f"UTC{written[0].replace('-', '−')}{written[1:3]}:{written[3:5]}"


def user_zone() -> str:
    """Return the IANA zone of the signed-in user."""
    return reader_zone(g.actor)


def iso_moment(at: str, zone: str) -> str:
    """Return a time stored as ISO text, in a zone."""
    return moment(datetime.fromisoformat(at), zone)


Unit = Literal["day", "hour", "minute"]


def duration(time: timedelta) -> str:
    """Return a duration in two units at most, rounded down."""
    hours, minutes = divmod(int(time.total_seconds()) // 60, 60)
    days, rest = divmod(hours, 24)
    if not days and not hours and not minutes:
        return sentence(message("less than a minute"))
    parts: list[tuple[Unit, int]] = [("day", days), ("hour", rest)]
    if not days:
        parts = [("hour", hours), ("minute", minutes)]
    named_parts = [part for part in parts if part[1]] or parts[1:]
    texts = [_format_unit(count, unit) for unit, count in named_parts]
    return lists.format_list(texts, locale=g.language)


def days(count: int) -> str:
    """Return a number of days."""
    return _format_unit(count, "day")


def day_range(least: int, most: int) -> str:
    """Return a number of days, or the range in which it lies."""
    text, last = days(most), number(most)
    return text if least == most else text.replace(last, f"{number(least)}–{last}", 1)


def _format_unit(count: int, unit: Unit) -> str:
    """Format days, hours or minutes; Babel's unit list has no Portuguese days."""
    time = timedelta(**{f"{unit}s": count})
    text: str = dates.format_timedelta(time, granularity=unit, threshold=inf, locale=g.language)
    return text.replace(str(count), number(count), 1)


def number(value: float) -> str:
    """Return a number in the language's format."""
    return _format_number(value, g.language)


@lru_cache(maxsize=10_000)
def _format_number(value: float, language: str) -> str:
    return numbers.format_decimal(value, locale=language)


def percent(value: float) -> str:
    """Return a percentage; 50 is 50 %."""
    return numbers.format_percent(value / 100, locale=g.language)


def likelihood_ratio(bits: float) -> str:
    """Return a weight of evidence as a ratio; below one as a fraction: 1/32."""
    ratio = number(round(2 ** abs(bits)) if abs(bits) >= 3 else round(2 ** abs(bits), 1))
    return ratio if bits >= 0 else f"1/{ratio}"


def kilometres(value: float) -> str:
    """Return a distance in kilometres."""
    return units.format_unit(value, "length-kilometer", "short", locale=g.language)


TEMPLATE_GLOBALS: Final[dict[str, Callable[..., Any]]] = {
    "_": sentence,
    "icon": icon,
    "areas": areas,
    "label": label,
    "leg_label": leg_label,
    "languages": languages,
    "is_signed_in": is_signed_in,
    "current_path": current_path,
    "day": day,
    "weekday": weekday,
    "clock": clock,
    "moment": moment,
    "offset": offset,
    "city": city,
    "colon": colon,
    "duration": duration,
    "number": number,
    "kilometres": kilometres,
    "make_name": make_name,
    "join_names": join_names,
    "coverage_text": coverage_text,
    "register_lines": register_lines,
    "calibre_name": calibre_name,
    "gun_name": gun_name,
    "mark_gun_name": mark_gun_name,
    "has_permission": has_permission,
    "iso_day": iso_day,
    "iso_moment": iso_moment,
    "user_zone": user_zone,
    "error_summary": error_summary,
    "event_name": event_name,
    "likelihood_ratio": likelihood_ratio,
    "agency_name": agency_name,
    "post_name": lambda code: names.post_names().get(code),
    "join_agencies": join_agencies,
    "days": days,
    "day_range": day_range,
    "short_day": short_day,
    "percent": percent,
    "opening_hours": opening_hours,
    "verdict": verdict,
    "location": location,
    "subject_address": subject_address,
    "action_name": action_name,
    "reason_text": reason_text,
}
