"""The parts of the protocol that need no connection."""

import json
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalling.domain.events import MessageReceived, UserReconnected
from signalling.live.encoding import encode_event
from signalling.live.outbox import Outbox
from signalling.settings import SignallingSettings
from signalling.ws.addresses import client_address
from signalling.ws.errors import CODES, RpcError
from signalling.ws.jsonrpc import MalformedRequestError, failure, parse_request, success
from signalling.ws.token_bucket import TokenBucket
from tests.support.mutation import mutated

REQUESTS = [
    b'{"jsonrpc":"2.0","id":1,"method":"ping"}',
    b'{"jsonrpc":"2.0","id":"a","method":"mute","params":{"source":"microphone"}}',
    b'{"jsonrpc":"2.0","id":3,"method":"send-user-data","params":{"data":{"a":[1,2.5,null,"\\u00e9"]}}}',
]


class Recorder:
    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, text: str, *, hurried: bool = True) -> None:
        self.sent.append(text)

    def close(self, code: int, reason: str) -> None:
        raise AssertionError("nobody asked for that")


# JSON-RPC


@given(st.text() | mutated(REQUESTS).map(lambda data: data.decode(errors="replace")))
def test_any_text_is_a_request_or_a_refusal(text: str) -> None:
    try:
        request = parse_request(text)
    except MalformedRequestError as error:
        answer = json.loads(failure(error.request_id, error))
        assert answer["error"]["code"] == CODES[error.reason]
    else:
        assert request.method is not None
        assert json.loads(success(request.request_id, "{}"))["id"] == request.request_id


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_any_json_is_a_request_or_a_refusal(value: object) -> None:
    with pytest.raises(MalformedRequestError):
        parse_request(json.dumps(value))


def test_every_reason_has_a_code_of_its_own() -> None:
    assert len(set(CODES.values())) == len(CODES)
    assert json.loads(failure(1, RpcError("bad-offer", "No.", detail="no-ice")))["error"] == {
        "code": CODES["bad-offer"],
        "message": "No.",
        "data": {"reason": "bad-offer", "detail": "no-ice"},
    }


# Rates


def test_a_bucket_gives_its_capacity_at_once_and_then_its_rate() -> None:
    bucket = TokenBucket(rate=2.0, capacity=3, now=0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert not bucket.take(0.4)
    assert bucket.take(0.5)
    assert not bucket.take(0.5)
    assert [bucket.take(100.0) for _ in range(4)] == [True, True, True, False]


@given(st.lists(st.floats(0, 10), max_size=100), st.floats(0.1, 50), st.integers(1, 20))
def test_nobody_gets_more_than_capacity_and_rate_allow(gaps: list[float], rate: float, capacity: int) -> None:
    bucket, now, taken = TokenBucket(rate, capacity, 0.0), 0.0, 0
    for gap in gaps:
        now += gap
        taken += bucket.take(now)
    assert taken <= capacity + rate * now + 1e-6


# Addresses


@pytest.mark.parametrize(
    ("peer", "headers", "expected"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["198.51.100.7"], "192.0.2.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["1.2.3.4, 198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["1.2.3.4", "198.51.100.7, 10.0.0.9"], "198.51.100.7"),
        ("10.0.0.1", ["nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.7, nonsense, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["2001:db8::1"], "2001:db8::1"),
        ("::ffff:10.0.0.1", ["[2001:db8::1]"], "2001:db8::1"),
        ("", ["1.2.3.4"], ""),
    ],
)
def test_only_trusted_proxies_are_believed(peer: str, headers: list[str], expected: str) -> None:
    assert client_address(peer, headers, [ip_network("10.0.0.0/8")]) == expected


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="link_secret"):
        SignallingSettings(link_secret="")
    with pytest.raises(ValueError, match="nonsense"):
        SignallingSettings(link_secret="x", trusted_proxies=("nonsense",))


# Events


def test_an_event_is_a_notification_with_its_number_and_the_protocols_names() -> None:
    event = encode_event(MessageReceived("ann", 'a "b"', None, broadcast=True, at="now"))
    assert json.loads(event.text(7)) == {
        "jsonrpc": "2.0",
        "method": "message-received",
        "params": {"seq": 7, "from": "ann", "text": 'a "b"', "to": None, "broadcast": True, "at": "now"},
    }


def sequence_numbers(sink: Recorder) -> list[int]:
    return [json.loads(text)["params"]["seq"] for text in sink.sent]


@given(st.integers(0, 30), st.integers(1, 20), st.data())
def test_a_resume_gets_exactly_what_it_missed_as_far_as_remembered(
    events: int, memory: int, data: st.DataObject
) -> None:
    outbox = Outbox(max_events=memory, max_size=10**6)
    for number in range(events):
        outbox.put(encode_event(UserReconnected(str(number))))
    after = data.draw(st.integers(0, events))
    lost = outbox.forgotten_after(after)
    sink = Recorder()
    outbox.attach(sink, after)
    outbox.put(encode_event(UserReconnected("new")))
    assert sequence_numbers(sink) == list(range(after + lost + 1, events + 2))
    assert lost == max(events - memory - after, 0)


def test_large_events_are_forgotten_sooner() -> None:
    outbox = Outbox(max_events=100, max_size=1000)
    for _ in range(10):
        outbox.put(encode_event(MessageReceived("ann", "x" * 300, None, broadcast=True, at="now")))
    assert outbox.forgotten_after(0) == 8


def test_a_sink_that_was_replaced_has_no_say_any_more() -> None:
    outbox = Outbox(max_events=10, max_size=1000)
    old, new = Recorder(), Recorder()
    outbox.attach(old, 0)
    outbox.attach(new, 0)
    assert not outbox.detach(old)
    outbox.put(encode_event(UserReconnected("ann")))
    assert (len(old.sent), len(new.sent)) == (0, 1)
    assert outbox.detach(new)
