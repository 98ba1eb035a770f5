"""Data of SDMX 3.0: SDMX-ML, each observation by itself, and SDMX-CSV 2.0."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from api.http.tables import escape_formula
from api.sdmx.dataflows import PUBLISHED, Dataflow, Observation
from api.sdmx.structures import COMMON, MESSAGE, SCHEMES, add_header, own, urn, write_xml

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
