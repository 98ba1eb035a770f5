"""Someone at the keyboard alone: Tab until a field has the focus, then typing."""

import pytest
from playwright.sync_api import Locator, Page

MOST = 120


def tab_to(page: Page, target: str | Locator) -> None:
    """Press Tab until an element has the focus, once its page is there; fails where it is not reached."""
    wanted = page.locator(target) if isinstance(target, str) else target
    wanted.first.wait_for(state="attached")
    for _ in range(MOST):
        page.keyboard.press("Tab")
        if wanted.and_(page.locator(":focus")).count():
            return
    pytest.fail(f"{target} is not reached by Tab")


def fill(page: Page, **fields: str) -> None:
    """Go from field to field by Tab and type; a select takes the first name that begins so.

    `a__b` stands for the field `a-b`, in the order of the page.
    """
    for name, text in fields.items():
        tab_to(page, f"#{name.replace('__', '-')}")
        page.keyboard.type(text)
