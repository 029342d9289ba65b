from aioice import stun

from bench.client.checks import MOST_OPEN, Checks
from bench.client.description import Local, Remote

REMOTE = Remote("theirs", "password-of-the-server", [], [], [])


def checks() -> Checks:
    return Checks(Local("ours", "password-of-ours", "00"), REMOTE)


def response(request: bytes, kind: stun.Class = stun.Class.RESPONSE) -> bytes:
    return bytes(stun.Message(stun.Method.BINDING, kind, transaction_id=stun.parse_message(request).transaction_id))


def test_a_check_is_what_aioice_takes_for_one_that_nominates():
    made = checks()
    one, other = stun.parse_message(made.next()), stun.parse_message(made.next())
    assert one.transaction_id != other.transaction_id
    assert one.check_message_integrity(REMOTE.pwd.encode())
    assert one.attributes["USERNAME"] == "theirs:ours"
    assert one.attributes["ICE-CONTROLLING"] == other.attributes["ICE-CONTROLLING"]
    assert "USE-CANDIDATE" in one.attributes


def test_only_the_first_success_response_to_an_open_check_answers_it():
    made = checks()
    request = made.next()
    assert not made.answered(response(request, stun.Class.ERROR))
    assert not made.answered(response(request)[:-1])
    assert not made.answered(response(checks().next()))
    assert made.answered(response(request))
    assert not made.answered(response(request))


def test_old_checks_are_forgotten():
    made = checks()
    first, *others = [made.next() for _ in range(MOST_OPEN + 1)]
    assert not made.answered(response(first))
    assert all(made.answered(response(one)) for one in others)
