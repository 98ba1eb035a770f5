"""Messages of SDMX 3.0: structures, and data as SDMX-ML and SDMX-CSV 2.0."""

import csv
import io
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from api.http.tables import escape_formula
from api.i18n.messages import language, translate, use_language
from api.sdmx.dataflows import (
    CONCEPTS,
    DATAFLOWS,
    DIMENSIONS,
    GENERIC_CODES,
    PUBLISHED,
    WITHHELD,
    Dataflow,
    Observation,
)
from salsa_ext.core.codes import LANGUAGES
from salsa_ext.core.errors import Message, NotFound, message
from salsa_ext.reference import names

AGENCY: Final = "SALSA"
VERSION: Final = "1.0"
LATEST: Final = ("*", "all", "~", "+", "latest")
"""Versions that clients ask for, where each structure has one."""
CROSS_DOMAIN: Final[Mapping[str, tuple[str, Mapping[str, Message]]]] = {
    "frequency": (
        "SDMX:CL_FREQ(2.1)",
        {"A": message("Yearly"), "M": message("Monthly"), "Q": message("Quarterly")},
    ),
    "OBS_STATUS": (
        "SDMX:CL_OBS_STATUS(2.2)",
        {"A": message("Normal value"), "Q": message("Missing value; suppressed")},
    ),
    "CONF_STATUS": (
        "SDMX:CL_CONF_STATUS(1.2)",
        {"C": message("Confidential"), "F": message("Free for publication")},
    ),
}
"""Code lists of SDMX by kind, with the codes that are used."""
SCHEMES: Final = "http://www.sdmx.org/resources/sdmxml/schemas/v3_0"
MESSAGE, STRUCTURE, COMMON = (
    f"{{{SCHEMES}/{name}}}" for name in ("message", "structure", "common")
)
PREFIXES: Final = {"message": "mes", "structure": "str", "common": "com"}
CONCEPT_SCHEME: Final = "CS_FIGURES"
PACKAGES: Final = {
    "Dataflow": "datastructure",
    "DataStructure": "datastructure",
    "ConceptScheme": "conceptscheme",
    "Concept": "conceptscheme",
    "Codelist": "codelist",
}
for _name, _prefix in PREFIXES.items():
    ElementTree.register_namespace(_prefix, f"{SCHEMES}/{_name}")


@dataclass(frozen=True)
class Artefact:
    """A structure that has an address: its class, `agency:id(version)`, and what it refers to."""

    kind: str
    reference: str
    build: Callable[[Element], None]
    children: tuple[str, ...] = ()

    @property
    def urn(self) -> str:
        """Return the name that other artefacts refer to it by."""
        return urn(self.kind, self.reference)

    @property
    def identity(self) -> tuple[str, str, str]:
        """Return agency, id and version."""
        agency, _, rest = self.reference.partition(":")
        id, _, version = rest.rstrip(")").partition("(")
        return agency, id, version


def urn(kind: str, reference: str) -> str:
    """Return the name of an artefact of the information model."""
    return f"urn:sdmx:org.sdmx.infomodel.{PACKAGES[kind]}.{kind}={reference}"


def own(id: str) -> str:
    """Return the reference of an artefact of this service."""
    return f"{AGENCY}:{id}({VERSION})"


def code_list(kind: str) -> str:
    """Return the reference of the code list of a kind of labels."""
    return CROSS_DOMAIN[kind][0] if kind in CROSS_DOMAIN else own(f"CL_{kind.upper()}")


def has_codes(kind: str) -> bool:
    """Return whether values of a kind are in a list, and not any text."""
    return kind not in ("", "calibre")


@cache
def list_artefacts() -> Mapping[str, Artefact]:
    """Return all structures by URN, each with what it is made of."""
    kinds = [
        *CROSS_DOMAIN,
        *sorted({kind for kind in DIMENSIONS.values() if has_codes(kind)} - CROSS_DOMAIN.keys()),
    ]
    artefacts = [
        *(Artefact("Codelist", code_list(kind), partial(_build_codes, kind)) for kind in kinds),
        Artefact("ConceptScheme", own(CONCEPT_SCHEME), _build_concepts),
    ]
    for flow in DATAFLOWS.values():
        listed = (*filter(has_codes, flow.dimensions.values()), "OBS_STATUS", "CONF_STATUS")
        used = dict.fromkeys(urn("Codelist", code_list(kind)) for kind in listed)
        structure = urn("DataStructure", own(flow.id))
        parts = (urn("ConceptScheme", own(CONCEPT_SCHEME)), *used)
        artefacts += [
            Artefact("Dataflow", own(flow.id), partial(_build_dataflow, flow), (structure,)),
            Artefact("DataStructure", own(flow.id), partial(_build_structure, flow), parts),
        ]
    return {each.urn: each for each in artefacts}


def find_artefacts(kind: str, agency: str, id: str, version: str) -> list[Artefact]:
    """Return artefacts of a kind; `*` is any. Raises NotFound."""
    artefacts = [
        each
        for each in list_artefacts().values()
        if kind in ("*", each.kind.lower())
        and _matches(agency, each.identity[0])
        and _matches(id, each.identity[1])
        and version in (*LATEST, each.identity[2])
    ]
    if not artefacts:
        raise NotFound("dataset", id)
    return artefacts


def _matches(pattern: str, id: str) -> bool:
    return pattern in ("*", "all") or id in pattern.split(",")


def add_references(artefacts: Collection[Artefact], references: str) -> list[Artefact]:
    """Return artefacts with those that they refer to, or that refer to them."""
    every = list_artefacts()

    def below(urns: Collection[str]) -> set[str]:
        return {child for each in urns for child in every[each].children}

    def above(urns: Collection[str]) -> set[str]:
        return {each.urn for each in every.values() if not set(each.children).isdisjoint(urns)}

    chosen = {each.urn for each in artefacts}
    up = {"parents": 1, "parentsandsiblings": 1, "ancestors": 2, "all": 2}.get(references, 0)
    down = {"children": 1, "descendants": 2, "all": 2}.get(references, 0)
    level = chosen
    for _ in range(up):
        chosen = chosen | (level := above(level))
    level = chosen
    for _ in range(down or (references == "parentsandsiblings")):
        chosen = chosen | (level := below(level))
    return [every[each] for each in every if each in chosen]


def write_structures(artefacts: Sequence[Artefact], prepared: datetime) -> bytes:
    """Return a structure message of SDMX-ML 3.0."""
    root = Element(f"{MESSAGE}Structure")
    add_header(root, prepared)
    body = SubElement(root, f"{MESSAGE}Structures")
    for kind in ("Dataflow", "Codelist", "ConceptScheme", "DataStructure"):
        of_kind = [each for each in artefacts if each.kind == kind]
        if of_kind:
            group = SubElement(body, f"{STRUCTURE}{kind}s")
        for each in of_kind:
            group.append(_build_element(each.urn))
    return write_xml(root)


@cache
def _build_element(urn: str) -> Element:
    artefact = list_artefacts()[urn]
    agency, id, version = artefact.identity
    attributes = {"agencyID": agency, "id": id, "version": version, "urn": urn}
    element = Element(f"{STRUCTURE}{artefact.kind}", attributes)
    artefact.build(element)
    return element


def write_xml(root: Element) -> bytes:
    """Return a document."""
    written: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return written


def add_header(root: Element, prepared: datetime) -> Element:
    """Add the header of a message."""
    header = SubElement(root, f"{MESSAGE}Header")
    SubElement(header, f"{MESSAGE}ID").text = f"{AGENCY}-{prepared:%Y%m%dT%H%M%SZ}"
    SubElement(header, f"{MESSAGE}Test").text = "false"
    SubElement(header, f"{MESSAGE}Prepared").text = f"{prepared:%Y-%m-%dT%H:%M:%SZ}"
    SubElement(header, f"{MESSAGE}Sender", id=AGENCY)
    return header


def _add_names(element: Element, name: Callable[[], str]) -> None:
    for code in LANGUAGES:
        with use_language(code):
            xml_name = SubElement(element, f"{COMMON}Name")
            xml_name.set("{http://www.w3.org/XML/1998/namespace}lang", code)
            xml_name.text = name()


def _add_items(parent: Element, tag: str, items: Mapping[str, Callable[[], str]]) -> None:
    for id, name in items.items():
        _add_names(SubElement(parent, f"{STRUCTURE}{tag}", id=id), name)


def _name_of(kind: str, code: str) -> Callable[[], str]:
    return lambda: names.label(kind, code, language.get())


def _message_name(text: Message) -> Callable[[], str]:
    return lambda: translate(text)


def _build_codes(kind: str, element: Element) -> None:
    element.set("isPartial", str(kind in CROSS_DOMAIN).lower())
    if kind in CROSS_DOMAIN:
        _add_names(element, lambda: code_list(kind).partition(":")[2].partition("(")[0])
        codes = {code: _message_name(text) for code, text in CROSS_DOMAIN[kind][1].items()}
    else:
        dimension = next(id for id, each in DIMENSIONS.items() if each == kind)
        _add_names(element, _concept_name(dimension))
        codes = {code: _name_of(kind, code) for code in names.labels(kind, "en")}
        codes |= {code: _message_name(text) for code, text in GENERIC_CODES.items()}
    _add_items(element, "Code", codes)


def _concept_name(id: str) -> Callable[[], str]:
    return _message_name(CONCEPTS[id]) if id in CONCEPTS else _name_of("dimension", id.lower())


def _build_concepts(element: Element) -> None:
    _add_names(element, lambda: translate(message("Figures")))
    _add_items(element, "Concept", {id: _concept_name(id) for id in [*CONCEPTS, *DIMENSIONS]})


def _build_dataflow(flow: Dataflow, element: Element) -> None:
    _add_names(element, flow.name)
    SubElement(element, f"{STRUCTURE}Structure").text = urn("DataStructure", own(flow.id))


def _build_structure(flow: Dataflow, element: Element) -> None:
    _add_names(element, flow.name)
    components = SubElement(element, f"{STRUCTURE}DataStructureComponents")
    dimensions = SubElement(components, f"{STRUCTURE}DimensionList", id="DimensionDescriptor")
    for position, (id, kind) in enumerate(flow.dimensions.items(), start=1):
        dimension = _add_component(dimensions, "Dimension", id, kind)
        dimension.set("position", str(position))
    _add_component(dimensions, "TimeDimension", "TIME_PERIOD", text_type="ObservationalTimePeriod")
    attributes = SubElement(components, f"{STRUCTURE}AttributeList", id="AttributeDescriptor")
    for id in PUBLISHED | WITHHELD:
        attribute = _add_component(attributes, "Attribute", id, id)
        attribute.set("usage", "mandatory")
        related = SubElement(attribute, f"{STRUCTURE}AttributeRelationship")
        SubElement(related, f"{STRUCTURE}Observation")
    measures = SubElement(components, f"{STRUCTURE}MeasureList", id="MeasureDescriptor")
    _add_component(measures, "Measure", "OBS_VALUE", text_type="Integer")


def _add_component(
    parent: Element, tag: str, id: str, kind: str = "", text_type: str = "String"
) -> Element:
    component = SubElement(parent, f"{STRUCTURE}{tag}", id=id)
    concept = f"{own(CONCEPT_SCHEME)}.{id}"
    SubElement(component, f"{STRUCTURE}ConceptIdentity").text = urn("Concept", concept)
    local = SubElement(component, f"{STRUCTURE}LocalRepresentation")
    if has_codes(kind):
        enumeration = urn("Codelist", code_list(kind))
        SubElement(local, f"{STRUCTURE}Enumeration").text = enumeration
    else:
        SubElement(local, f"{STRUCTURE}TextFormat", textType=text_type)
    return component


DATA_XML: Final = "application/vnd.sdmx.data+xml;version=3.0.0"
DATA_CSV: Final = "application/vnd.sdmx.data+csv;version=2.0.0"
SPECIFIC: Final = f"{{{SCHEMES}/data/structurespecific}}"
INSTANCE: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
ElementTree.register_namespace("ss", SPECIFIC[1:-1])


def write_data(flow: Dataflow, observations: Sequence[Observation], prepared: datetime) -> bytes:
    """Return a data message of SDMX-ML 3.0."""
    usage = urn("Dataflow", own(flow.id))
    root = Element(
        f"{MESSAGE}StructureSpecificData", {"xmlns:ns1": f"{usage}:ObsLevelDim:AllDimensions"}
    )
    attributes = {
        "structureID": flow.id,
        "namespace": usage,
        "dimensionAtObservation": "AllDimensions",
    }
    structure = SubElement(add_header(root, prepared), f"{MESSAGE}Structure", attributes)
    SubElement(structure, f"{COMMON}StructureUsage").text = usage
    attributes = {
        f"{SPECIFIC}structureRef": flow.id,
        f"{INSTANCE}type": "ns1:DataSetType",
        "action": "Information",
    }
    dataset = SubElement(root, f"{MESSAGE}DataSet", attributes)
    for each in observations:
        SubElement(dataset, "Obs", dict(each))
    return write_xml(root)


def write_csv(flow: Dataflow, observations: Sequence[Observation]) -> bytes:
    """Return SDMX-CSV 2.0."""
    columns = [*flow.dimensions, "TIME_PERIOD", "OBS_VALUE", *PUBLISHED]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(["STRUCTURE", "STRUCTURE_ID", "ACTION", *columns])
    for each in observations:
        cells = (escape_formula(each.get(column, "")) for column in columns)
        writer.writerow(["dataflow", own(flow.id), "I", *cells])
    return buffer.getvalue().encode()
