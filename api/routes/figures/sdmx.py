"""Routes of SDMX (REST API 2.1): structures of figures for all, data for who may read them."""

import re
from typing import Any, Final

from flask import Response, request
from marshmallow import post_load
from werkzeug.exceptions import NotAcceptable

from api.http import tables
from api.http.fields.scalars import Code, Text
from api.http.fields.schemas import RequestSchema
from api.http.resource import Resource
from api.sdmx.dataflows import (
    DATAFLOWS,
    DIMENSIONS,
    Selection,
    period_days,
    read_observations,
    select_by_key,
)
from api.sdmx.structures import (
    AGENCY,
    DATA_CSV,
    DATA_XML,
    LATEST,
    VERSION,
    add_references,
    find_artefacts,
    write_csv,
    write_data,
    write_structures,
)
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, NotFound, message

STRUCTURE_XML: Final = "application/vnd.sdmx.structure+xml;version=3.0.0"
REFERENCES: Final = (
    "none",
    "children",
    "descendants",
    "parents",
    "parentsandsiblings",
    "ancestors",
    "all",
)


class StructureQuery(RequestSchema):
    """Which other structures come with those of the address."""

    references = Code(REFERENCES)


class DataQuery(
    RequestSchema.from_dict(  # type: ignore[misc]
        {
            f"c[{id}]": Text(most=500, metadata={"description": f"Values of {id}, with commas."})
            for id in (*DIMENSIONS, "TIME_PERIOD")
        },
        name="Components",
    )
):
    """Which observations of a dataflow, in which format."""

    format = Code(("xml", "csv"))
    start_period = Text(most=10, data_key="startPeriod")
    end_period = Text(most=10, data_key="endPeriod")

    @post_load
    def gather(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Gather the components in `where`, their periods as first and last."""
        where = {name[2:-1]: data.pop(name) for name in [*data] if name.startswith("c[")}
        for part in re.split("[+ ]", where.pop("TIME_PERIOD", "")):
            bound, period = (part[:2], part[3:]) if part[2:3] == ":" else ("", part)
            if period and bound != "le":
                data["start_period"] = period
            if period and bound != "ge":
                data["end_period"] = period
        return data | {"where": {id: text.split(",") for id, text in where.items()}}


def get_structure(actor: Actor, query: str, references: str = "none") -> Response:
    """Return structures of figures: `codelist/SALSA/CL_STATE/1.0`, `*` for any."""
    artefact, agency, id, version = _split(query, "* * * +")
    artefacts = add_references(find_artefacts(artefact, agency, id, version), references)
    body = write_structures(artefacts, actor.now())
    return Response(body, content_type=_negotiate({STRUCTURE_XML: ""}, None))


def get_data(
    actor: Actor,
    query: str,
    where: dict[str, list[str]],
    format: str | None = None,
    start_period: str | None = None,
    end_period: str | None = None,
) -> Response:
    """Return figures: `dataflow/SALSA/SEIZURES/1.0/*`; withheld ones have the status Q."""
    context, agency, id, version, key = _split(query, "* SALSA * + *")
    flow = DATAFLOWS.get(id)
    if (
        context != "dataflow"
        or agency != AGENCY
        or flow is None
        or version not in (*LATEST, VERSION)
    ):
        raise NotFound("dataset", query)
    kind = _negotiate({DATA_XML: "xml", DATA_CSV: "csv"}, format)
    if unknown := where.keys() - flow.dimensions.keys():
        known = ", ".join(flow.dimensions)
        problem = message("This is no dimension of it. One of: {choices}.", choices=known)
        raise Invalid({f"c[{id}]": [problem] for id in unknown})
    days = _read_period("startPeriod", start_period)[0], _read_period("endPeriod", end_period)[1]
    observations = read_observations(
        actor, flow, Selection(select_by_key(flow, key) | where, *days)
    )
    if not observations:
        raise NotFound("dataset", query)
    body = (
        write_csv(flow, observations)
        if kind == DATA_CSV
        else write_data(flow, observations, actor.now())
    )
    return Response(body, content_type=kind)


def _split(query: str, defaults: str) -> list[str]:
    """Return the parts of an address, with defaults for those that are left out."""
    parts, missing = query.strip("/").split("/"), defaults.split()
    if len(parts) > len(missing):
        raise NotFound("dataset", query)
    return [*parts, *missing[len(parts) :]]


def _read_period(name: str, period: str | None) -> Any:
    try:
        return period_days(period) if period else (None, None)
    except ValueError:
        problem = message("A period is written 2026, 2026-Q1, 2026-03 or 2026-03-14.")
        raise Invalid({name: [problem]}) from None


def _negotiate(forms: dict[str, str], form: str | None) -> str:
    """Return the media type that is asked for by query or header; raises NotAcceptable."""
    if form:
        return next(kind for kind, name in forms.items() if name == form)
    offered = {each: kind for kind in forms for each in (kind, kind.partition(";")[0])}
    first, last = next(iter(forms)), [*forms][-1]
    offered |= {"application/xml": first, "text/xml": first, tables.OCTETS: first}
    if forms[last] == "csv":
        offered["text/csv"] = last
    accepted = request.accept_mimetypes
    best = accepted.best_match([*offered]) if accepted else first
    if best is None:
        raise NotAcceptable
    return offered[best]


blueprint = Resource("sdmx", "Figures as SDMX 3.0, for programs of statistics offices")
blueprint.reading(
    "/sdmx/3.0/structure/<path:query>",
    None,
    get_structure,
    None,
    StructureQuery,
    media_types=(STRUCTURE_XML,),
    is_public=True,
)
blueprint.reading(
    "/sdmx/3.0/data/<path:query>",
    None,
    get_data,
    None,
    DataQuery,
    media_types=(DATA_XML, DATA_CSV),
    is_public=True,
)
