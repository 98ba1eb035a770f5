"""What a page says."""

import re

SIGNS = {
    "check": "✓",
    "x": "✕",
    "triangle-alert": "▲",
    "circle-dashed": "○",
    "pause": "■",
    "circle-alert": "!",
    "clock": "◔",
    "circle-dot": "●",
    "hourglass": "◐",
    "play": "▷",
    "undo-2": "↩",
    "redo-2": "↷",
    "equal-not": "≠",
    "equal-approximately": "≈",
    "minus": "–",
    "search-x": "∅",
}
"""Letters that look like the icons of a page."""
ICON = re.compile(r'<use href="[^"]*#([a-z0-9-]+)">')


def text(page: str) -> str:
    """Return the words of a page's main part, without its tags; an icon as a letter like it."""
    main = ICON.sub(lambda icon: SIGNS.get(icon[1], ""), page[page.index("<main") :])
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())
