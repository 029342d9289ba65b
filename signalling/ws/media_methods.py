"""The methods about one's own media: negotiate, publish, unpublish, mute, unmute, limit-slots."""

from collections.abc import Sequence

from signalling.domain import media
from signalling.live.negotiation import MediaEntry
from signalling.ws.client import Client, Services
from signalling.ws.params import LimitSlotsParams, MediaEntryParams, NegotiateParams, SourceParams, TrackParams
from signalling.ws.results import Done, NegotiateResult, negotiate_result


async def negotiate(services: Services, client: Client, params: NegotiateParams) -> NegotiateResult:
    session, member = client.joined()
    agreement = await session.negotiate(member, params.offer, entries_of(params.media))
    session, member = client.joined()
    return negotiate_result(session, member, agreement)


async def publish(services: Services, client: Client, params: TrackParams) -> Done:
    session, member = client.joined()
    session.apply(media.Publish(member.client_id, params.track_id))
    return Done()


async def unpublish(services: Services, client: Client, params: TrackParams) -> Done:
    session, member = client.joined()
    session.apply(media.Unpublish(member.client_id, params.track_id))
    return Done()


async def mute(services: Services, client: Client, params: SourceParams) -> Done:
    session, member = client.joined()
    session.apply(media.Mute(member.client_id, params.source))
    return Done()


async def unmute(services: Services, client: Client, params: SourceParams) -> Done:
    session, member = client.joined()
    session.apply(media.Unmute(member.client_id, params.source))
    return Done()


async def limit_slots(services: Services, client: Client, params: LimitSlotsParams) -> Done:
    session, member = client.joined()
    session.apply(media.ChangeSlotLimits(member.client_id, params.max_heights))
    return Done()


def entries_of(params: Sequence[MediaEntryParams]) -> list[MediaEntry]:
    return [MediaEntry(one.mid, one.use, one.max_height, one.muted, one.published) for one in params]
