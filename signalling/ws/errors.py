"""Error answers of the protocol. Programs go by the reason; the number is what JSON-RPC 2.0 wants beside it."""

from collections.abc import Mapping

from signalling.domain.errors import Reason

CODES: Mapping[str, int] = {
    # JSON-RPC 2.0 section 5.1
    "parse-error": -32700,
    "invalid-request": -32600,
    "unknown-method": -32601,
    "invalid-params": -32602,
    "internal-error": -32603,
    # of the connection
    "message-too-large": 1001,
    "rate-limited": 1002,
    "not-joined": 1003,
    Reason.ALREADY_JOINED: 1004,
    "resume-failed": 1005,
    Reason.STILL_AWAITED: 1006,
    # of tokens and rooms
    "token-invalid": 1101,
    "token-expired": 1102,
    "token-used": 1103,
    "token-wrong-room": 1104,
    "room-not-found": 1105,
    "room-not-open": 1106,
    "room-over": 1107,
    Reason.ROOM_FULL: 1108,
    Reason.SESSION_ENDED: 1109,
    Reason.ROOM_LOCKED: 1110,
    # of what was asked
    Reason.ROLE_FORBIDDEN: 1201,
    Reason.UNKNOWN_PARTICIPANT: 1202,
    Reason.UNKNOWN_TRACK: 1203,
    Reason.UNKNOWN_SLOT: 1204,
    Reason.SCREEN_SHARE_DISABLED: 1205,
    Reason.CANVAS_DISABLED: 1206,
    Reason.AUDIO_ONLY: 1207,
    Reason.TOO_MANY_TRACKS: 1208,
    Reason.TOO_MANY_SLOTS: 1209,
    Reason.HARD_MUTED: 1210,
    Reason.TOO_MANY_PINNED: 1211,
    Reason.TOO_MANY_SPOTLIGHTED: 1212,
    Reason.FLOOR_REQUIRED: 1213,
    Reason.NOT_LECTURE_MODE: 1214,
    Reason.NO_FLOOR_REQUEST: 1215,
    Reason.NO_FLOOR: 1216,
    Reason.EXTENSION_CLOSED: 1217,
    Reason.NO_RECORDER: 1218,
    Reason.ALREADY_RECORDING: 1219,
    Reason.NOT_RECORDING: 1220,
    # of media
    "bad-offer": 1301,
    "no-media-node": 1302,
}


class RpcError(Exception):
    """The answer to a request that is refused; `detail` adds a more exact code where there is one."""

    def __init__(self, reason: str, sentence: str, detail: str | None = None) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence
        self.detail = detail
        self.code = CODES[reason]
