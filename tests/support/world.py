"""What stands around a session, as it is by the effects alone: clients, the media node, the database, a recorder."""

from signalling.domain import effects, events
from signalling.domain.effects import Effect
from tests.support.belief import Belief


class World:
    """`recorded` are those whose coming was stored, `left` those whose leaving was. `segments` are those that are being
    recorded, `begun` the last ones that were begun, by kind."""

    def surround(self) -> None:
        """Begin with nothing."""
        self.beliefs: dict[str, Belief] = {}
        self.on_node: dict[str, effects.PutTransport] = {}
        self.paused: dict[str, bool] = {}
        self.arrangement = effects.ArrangeStage((), ())
        self.left: set[str] = set()
        self.recorded: set[str] = set()
        self.waiting: set[str] = set()
        self.segments: dict[str, int] = {}
        self.begun: dict[str, int] = {}
        self.ended = False

    def carry_out(self, effect: Effect, now: float) -> None:
        """Do what an effect says, and fail where that makes no sense."""
        match effect:
            case effects.Notify(to, event):
                for client_id in to:
                    if isinstance(event, events.RoomAllowed):
                        self.waiting.remove(client_id)
                        self.beliefs[client_id] = Belief(event.session)
                    elif isinstance(event, events.RoomInterrupted):
                        assert client_id in self.beliefs or client_id in self.waiting
                    else:
                        self.beliefs[client_id].hear(event)
            case effects.Disconnect(client_id):
                assert client_id in self.beliefs or client_id in self.waiting
            case effects.RecordJoin(client_id):
                assert client_id not in self.recorded
                self.recorded.add(client_id)
            case effects.Forget(client_id):
                self.waiting.remove(client_id)
            case effects.PutTransport():
                self.on_node[effect.transport_id] = effect
                self.paused.update({track.track_id: track.paused for track in effect.tracks})
            case effects.DeleteTransport(_, transport_id):
                self.on_node.pop(transport_id, None)
            case effects.PauseTracks(_, transport_id, paused):
                assert transport_id in self.on_node
                self.paused.update(paused)
            case effects.LimitSlots(_, transport_id, max_heights):
                assert max_heights.keys() <= {slot.slot_id for slot in self.on_node[transport_id].slots}
            case effects.ArrangeStage():
                self.arrangement = effect
            case effects.RecordLeave(client_id, left_at):
                assert client_id in self.recorded - self.left
                assert left_at <= now
                self.left.add(client_id)
                del self.beliefs[client_id]
            case effects.BeginRecording(kind, segment):
                assert segment == self.begun.get(kind, 0) + 1
                self.begun[kind] = self.segments[kind] = segment
            case effects.FinishRecording(kind):
                del self.segments[kind]
            case effects.EndSession():
                assert not self.ended and not self.segments
                self.ended = True
