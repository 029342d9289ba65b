"""The sender of webhooks: takes what is due from the queue and posts it, each URL at its own pace."""

import random
from collections.abc import Callable
from functools import partial
from typing import Literal

import aiohttp
import structlog
from sqlalchemy.exc import SQLAlchemyError

from signalling.clock import Clock
from signalling.repeated import Repeated
from signalling.store.webhooks import Delivery, Webhooks
from signalling.webhooks.backoff import next_attempt
from signalling.webhooks.signature import HEADER, sign

log = structlog.get_logger()

Outcome = Literal["delivered", "failed", "given-up"]

POLL_PERIOD = 1.0
"""Seconds between looks into the queue while it is empty."""
BATCH = 20
TIMEOUT = aiohttp.ClientTimeout(total=10)
MAX_ERROR = 200
"""Characters kept of why a delivery failed."""


class WebhookSender:
    """Deliveries to one URL go one after the other, in the order in which things happened; one that fails steps back
    and lets the others pass. A URL that hangs holds up no other."""

    def __init__(self, webhooks: Webhooks, secret: bytes, clock: Clock, count: Callable[[Outcome], None]) -> None:
        """`secret` signs, `count` is called for each attempt."""
        self._webhooks = webhooks
        self._secret = secret
        self._clock = clock
        self._count = count
        self._http: aiohttp.ClientSession | None = None
        self._passes: list[Repeated] = []
        self._stopping = False

    def start(self) -> None:
        self._http = aiohttp.ClientSession(timeout=TIMEOUT)
        self._passes = [Repeated(partial(self._send_due, url), POLL_PERIOD) for url in self._webhooks.urls]
        for each in self._passes:
            each.start()

    async def stop(self) -> None:
        """A delivery that is cut off by this is made again at the next start."""
        self._stopping = True
        if self._http is not None:
            await self._http.close()
        for each in self._passes:
            await each.stop()

    async def _send_due(self, url: str) -> None:
        try:
            while deliveries := await self._webhooks.due(url, self._clock.wall(), BATCH):
                for delivery in deliveries:
                    if self._http is None or self._stopping:
                        return
                    await self._deliver(self._http, delivery)
        except (SQLAlchemyError, OSError) as error:
            log.warning("the queue of webhooks cannot be reached", error=str(error))

    async def _deliver(self, http: aiohttp.ClientSession, delivery: Delivery) -> None:
        error = await self._post(http, delivery)
        now = self._clock.wall()
        if error is None:
            self._count("delivered")
            await self._webhooks.delivered(delivery, now)
            return
        if self._stopping:
            return
        again_at = next_attempt(delivery.attempts + 1, delivery.created_at, now, random.random())  # noqa: S311
        self._count("given-up" if again_at is None else "failed")
        log.warning(
            "a webhook was not delivered",
            event_name=delivery.name,
            error=error,
            again_in_seconds=None if again_at is None else round(again_at - now),
        )
        await self._webhooks.failed(delivery, error, again_at)

    async def _post(self, http: aiohttp.ClientSession, delivery: Delivery) -> str | None:
        """Why the receiver did not take it; None when it did."""
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "roomcast",
            "Roomcast-Event": delivery.name,
            HEADER: sign(self._secret, delivery.body, self._clock.wall()),
        }
        try:
            # Not followed: a redirect would turn the POST into a GET, and send a body where nobody asked for it.
            async with http.post(
                delivery.url, data=delivery.body.encode(), headers=headers, allow_redirects=False
            ) as answer:
                return None if 200 <= answer.status < 300 else f"the receiver answered {answer.status}"
        except TimeoutError:
            return f"no answer within {TIMEOUT.total:g} seconds"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return f"{type(error).__name__}: {error}"[:MAX_ERROR]
