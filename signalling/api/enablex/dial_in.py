"""The endpoint of dial-in numbers, as the operator has configured them."""

import hashlib
from typing import Any

from signalling.api.enablex.answers import DialInAnswer, DialInSettings, NumberShown, SipServer
from signalling.api.enablex.backend import Backend
from signalling.api.enablex.operations import Call, Nothing, Operation


def operations(backend: Backend) -> list[Operation[Any, Any]]:
    async def show(_call: Call[Nothing, Nothing]) -> DialInAnswer:
        return _shown(backend)

    return [Operation("GET", "/dialin/", "Get dial-in phone numbers", show, DialInAnswer, Nothing, Nothing)]


def _shown(backend: Backend) -> DialInAnswer:
    dial_in = backend.dial_in
    return DialInAnswer(
        # An id of the account, for which this application stands.
        id=hashlib.sha256(backend.app_id.encode()).hexdigest()[:24],
        app_key=backend.app_id,
        settings=DialInSettings(sip=bool(dial_in.server_url)),
        sip=SipServer(
            server_url=dial_in.server_url,
            username=dial_in.username,
            password=dial_in.password,
            sig_servers=list(dial_in.signalling_servers),
            media_servers=list(dial_in.media_servers),
        ),
        dialin=[
            NumberShown(country=one.country, country_code=one.country_code, phone=one.phone, toll=one.toll)
            for one in dial_in.numbers
        ],
    )
