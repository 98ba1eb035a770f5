"""Charts as SVG: bars by period, flows, the graph of a lead, the timeline of a gun."""

import math
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from salsa_ext.firearms.records.event_kinds import LAWFUL, SEIZED

WIDTH, HEIGHT = 640, 260
TOP_MARGIN, BOTTOM_MARGIN = 38, 42
"""Above the highest bar its figure is shown, below all bars the days."""
LABEL_WIDTH: Final = 132
"""How wide a label may be."""
DIGIT_WIDTH: Final = 15
GAP_SHARE: Final = 0.25
"""Of the place of a period that is left between it and the next."""


@dataclass(frozen=True)
class Bar:
    """A bar: its series, box and value, which is written where it has room."""

    series: int
    x: int
    y: int
    width: int
    height: int
    value: int
    has_room: bool

    @property
    def middle(self) -> int:
        """Return the x of its value."""
        return self.x + self.width // 2


@dataclass(frozen=True)
class Chart:
    """Bars of one or more series over the same periods.

    `labels` are (x, text) below the bars. `names` are those of series, by their colours.
    """

    bars: Sequence[Bar]
    labels: Sequence[tuple[int, str]]
    names: Mapping[int, str]
    width: int = WIDTH
    height: int = HEIGHT
    foot: int = HEIGHT - BOTTOM_MARGIN


def draw_bars(
    names: Sequence[str],
    series: Sequence[Sequence[int]],
    labels: Sequence[str],
    colours: Sequence[int] | None = None,
) -> Chart | None:
    """Return a chart of series on one scale; None if all zero."""
    colours = colours or range(len(series))
    most = max((value for values in series for value in values), default=0)
    if not most:
        return None
    place = WIDTH / len(labels)
    wide = place * (1 - GAP_SHARE) / len(series)
    has_room = len(str(most)) * DIGIT_WIDTH <= wide
    bars = [
        _draw_bar(
            colours[number],
            place * at + place * GAP_SHARE / 2 + wide * number,
            wide,
            value,
            most,
            has_room or value == most,
        )
        for number, values in enumerate(series)
        for at, value in enumerate(values)
    ]
    labels_x = [(_label_x(place * (at + 0.5), text), text) for at, text in enumerate(labels)]
    named = dict(zip(colours, names, strict=True))
    return Chart(bars, labels_x[-1 :: -math.ceil(LABEL_WIDTH / place)], named)


def _label_x(x: float, text: str) -> int:
    """Return the x of a label, moved inside the chart."""
    half = min(LABEL_WIDTH, len(text) * DIGIT_WIDTH) / 2
    return round(min(max(x, half), WIDTH - half))


def _draw_bar(series: int, x: float, wide: float, value: int, most: int, has_room: bool) -> Bar:
    height = round((HEIGHT - TOP_MARGIN - BOTTOM_MARGIN) * value / most)
    top = HEIGHT - BOTTOM_MARGIN - height
    return Bar(series, round(x), top, round(wide) - 2, height, value, has_room)


MAX_GUNS: Final = 12
"""Guns that are drawn; the table has the others."""
ROW_HEIGHT: Final = 56
LINE_LENGTH: Final = 13
"""Of a line in the middle, and next to a gun's serial number half as many again."""


@dataclass(frozen=True)
class GraphGun:
    """A gun of the graph: y, serial number, last seizure. `is_sure` if all its matches are confirmed."""

    y: int
    serial: str
    seized: Mapping[str, Any]
    is_sure: bool


@dataclass(frozen=True)
class LeadGraph:
    """The shared feature of a lead, and its guns. `words` are lines of text; `more` guns are not drawn."""

    height: int
    words: Sequence[str]
    guns: Sequence[GraphGun]
    more: int

    @property
    def middle(self) -> int:
        """Return the y of the shared feature."""
        return self.height // 2


def draw_lead(shared: str, lead: Mapping[str, Any]) -> LeadGraph:
    """Return the graph of a lead as the API gives it. `shared` is the name of its kind."""
    guns = lead["guns"][:MAX_GUNS]
    drawn = [_draw_gun(at, gun) for at, gun in enumerate(guns)]
    words = textwrap.wrap(shared, LINE_LENGTH)
    height = max(ROW_HEIGHT * len(drawn), 20 * len(words) + 24)
    return LeadGraph(height, words, drawn, lead["gun_count"] - len(drawn))


def _draw_gun(at: int, gun: Mapping[str, Any]) -> GraphGun:
    seized = [record for record in gun["records"] if record["event"] in SEIZED]
    last = (seized or gun["records"])[-1]
    serial = textwrap.shorten(last["serial"] or "–", LINE_LENGTH * 3 // 2, placeholder="…")
    is_sure = all(match["confirmed"] for match in gun["matches"])
    return GraphGun(ROW_HEIGHT * at + ROW_HEIGHT // 2, serial, last, is_sure)


TIMELINE_WIDTH, LANE_HEIGHT = 420, 56
MAX_EVENTS: Final = 12
"""Events of a gun that are drawn, the latest; the table has the others."""


@dataclass(frozen=True)
class TimelineEvent:
    """An event of a gun: its place, its number in the table, its record and kind.

    `kind` is `lawful`, `seized` or `missing`.
    """

    x: int
    y: int
    number: int
    record: Mapping[str, Any]
    kind: str


@dataclass(frozen=True)
class Timeline:
    """A gun's events from left to right, each state a lane; `more` earlier ones are not drawn."""

    lanes: Sequence[tuple[int, str]]
    events: Sequence[TimelineEvent]
    more: int
    width: int = TIMELINE_WIDTH

    @property
    def height(self) -> int:
        """Return the height of all lanes."""
        return LANE_HEIGHT * len(self.lanes)

    @property
    def path(self) -> str:
        """Return the corners of the line through all events."""
        return " ".join(f"{event.x},{event.y}" for event in self.events)


def draw_timeline(records: Sequence[Mapping[str, Any]]) -> Timeline:
    """Return the timeline of a gun's records, which are in order of events."""
    more = max(len(records) - MAX_EVENTS, 0)
    drawn = records[more:]
    states = list(dict.fromkeys(record["state"] for record in drawn))
    step = TIMELINE_WIDTH / len(drawn)
    events = []
    for at, record in enumerate(drawn):
        event = record["event"]
        kind = "lawful" if event in LAWFUL else "seized" if event in SEIZED else "missing"
        y = LANE_HEIGHT * states.index(record["state"]) + LANE_HEIGHT * 2 // 3
        events.append(TimelineEvent(round(step * (at + 0.5)), y, more + at + 1, record, kind))
    lanes = [(LANE_HEIGHT * at, state) for at, state in enumerate(states)]
    return Timeline(lanes, events, more)


FLOW_WIDTH, FLOW_HEIGHT = 800, 380
FLOW_MARGIN: Final = 230
"""Next to the first and last stage, for names."""
NODE_WIDTH, NODE_GAP = 10, 14
FLOW_SERIES: Final = 4
MAX_NODES: Final = 7
"""Of a stage; the smallest are drawn as one."""


@dataclass(frozen=True)
class FlowNode:
    """A state of a stage: its box, name and amount; `anchor` is where its name has room."""

    x: int
    y: float
    height: float
    name: str
    amount: int
    anchor: str


@dataclass(frozen=True)
class FlowBand:
    """What flows from a node to the next stage: outline, width, series and description."""

    path: str
    width: float
    series: int
    title: str


@dataclass(frozen=True)
class Flows:
    """Nodes in stages from left to right, with bands as wide as their amounts."""

    nodes: Sequence[FlowNode]
    bands: Sequence[FlowBand]
    width: int = FLOW_WIDTH
    height: int = FLOW_HEIGHT


def draw_flows(amounts: Mapping[tuple[str, ...], int], others: str) -> Flows | None:
    """Return a drawing of amounts by the names of their stages; None without any."""
    total = sum(amounts.values())
    if not total:
        return None
    stages = len(next(iter(amounts)))
    sums = [_largest(amounts, stage, others) for stage in range(stages)]
    scale = (FLOW_HEIGHT - NODE_GAP * (max(map(len, sums)) - 1)) / total
    nodes: list[dict[str, FlowNode]] = []
    for stage, by_name in enumerate(sums):
        x = FLOW_MARGIN + round((FLOW_WIDTH - 2 * FLOW_MARGIN) * stage / (stages - 1))
        anchor = "before" if not stage else "after" if stage == stages - 1 else "above"
        top, placed = 0.0, {}
        for name, amount in by_name.items():
            placed[name] = FlowNode(x, top, amount * scale, name, amount, anchor)
            top += amount * scale + NODE_GAP
        nodes.append(placed)
    bands = [band for stage in range(stages - 1) for band in _draw_bands(amounts, nodes, stage)]
    return Flows([node for placed in nodes for node in placed.values()], bands)


def _largest(amounts: Mapping[tuple[str, ...], int], stage: int, others: str) -> dict[str, int]:
    """Return the amounts of a stage by name, the largest first, what is left over last."""
    sums = Counter[str]()
    for names, amount in amounts.items():
        sums[names[stage]] += amount
    most = dict(sums.most_common(MAX_NODES if len(sums) <= MAX_NODES else MAX_NODES - 1))
    left = sum(sums.values()) - sum(most.values())
    return most | ({others: left} if left else {})


def _draw_bands(
    amounts: Mapping[tuple[str, ...], int], nodes: Sequence[Mapping[str, FlowNode]], stage: int
) -> Iterator[FlowBand]:
    pairs = Counter[tuple[FlowNode, FlowNode]]()
    for names, amount in amounts.items():
        ends = (
            placed.get(name) or [*placed.values()][-1]
            for placed, name in zip(nodes[stage : stage + 2], names[stage : stage + 2], strict=True)
        )
        start, end = ends
        pairs[start, end] += amount
    order = [*nodes[stage].values()]
    used: dict[FlowNode, float] = defaultdict(float)
    for (start, end), amount in sorted(
        pairs.items(), key=lambda pair: (pair[0][0].y, pair[0][1].y)
    ):
        width = start.height * amount / start.amount
        y, to = start.y + used[start] + width / 2, end.y + used[end] + width / 2
        used[start] += width
        used[end] += width
        x, across = start.x + NODE_WIDTH, (start.x + NODE_WIDTH + end.x) / 2
        path = f"M{x} {y:.1f}C{across:.0f} {y:.1f} {across:.0f} {to:.1f} {end.x} {to:.1f}"
        title = f"{start.name} → {end.name}: {amount}"
        yield FlowBand(path, round(max(width, 1), 1), order.index(start) % FLOW_SERIES, title)
