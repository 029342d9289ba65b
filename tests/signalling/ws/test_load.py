"""A room full of people: what a moderator does reaches everyone."""

from bench.websocket import measure


def test_what_a_moderator_does_reaches_everyone_in_a_full_room() -> None:
    figures = measure(60, rounds=1)
    assert [one.what for one in figures] == ["61 join", "hard mute", "hard unmute", "lock", "unlock", "chat to all"]
