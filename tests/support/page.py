"""What the tests ask of a page of either browser."""

import asyncio
import time
from typing import Any, Protocol


class Page(Protocol):
    """A page that evaluates JavaScript: playwright's, or `tests.support.firefox.FirefoxPage`."""

    async def evaluate(self, expression: str, /) -> Any: ...


async def eventually(
    page: Page, expression: str, what: str, *, timeout: float = 60.0, every: float = 0.1, otherwise: str = ""
) -> Any:
    """Evaluates until the value is truthy and returns it; fails with `what` and the last value after `timeout` seconds,
    or with that of `otherwise`, which may tell more.

    For things that take as long as they take. What must be fast is measured by the page's own clock instead.
    """
    give_up = time.monotonic() + timeout
    while True:
        value = await page.evaluate(expression)
        if value:
            return value
        if time.monotonic() > give_up:
            told = otherwise or expression
            raise AssertionError(f"{what}: not within {timeout:g} s; `{told}` is {await page.evaluate(told)!r}")
        await asyncio.sleep(every)
