"""The methods that say something to others: send-message, send-user-data, set-data; and ping."""

from signalling.domain import messages
from signalling.ws.client import Client, Services
from signalling.ws.params import NoParams, SendMessageParams, SendUserDataParams, SetDataParams
from signalling.ws.results import Done, SentResult


async def send_message(services: Services, client: Client, params: SendMessageParams) -> SentResult:
    session, member = client.joined()
    at = services.sessions.around.clock.wall_text()
    session.apply(messages.SendMessage(member.client_id, params.text, _recipients(params.to), at))
    return SentResult(at)


async def send_user_data(services: Services, client: Client, params: SendUserDataParams) -> Done:
    session, member = client.joined()
    session.apply(messages.SendUserData(member.client_id, params.data, _recipients(params.to)))
    return Done()


async def set_data(services: Services, client: Client, params: SetDataParams) -> Done:
    session, member = client.joined()
    session.apply(messages.SetData(member.client_id, params.data))
    return Done()


async def ping(services: Services, client: Client, params: NoParams) -> Done:
    """Nothing; for clients that want to know whether the connection works."""
    return Done()


def _recipients(to: list[str] | None) -> tuple[str, ...] | None:
    return None if to is None else tuple(to)
