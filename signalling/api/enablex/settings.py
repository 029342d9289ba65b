"""The settings of a room in the words of the video API, to and from those of the domain."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from pydantic import JsonValue, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import ErrorDetails

from signalling.api.enablex.errors import ApiError, ErrorCode, from_validation, unknown_field
from signalling.domain.room import Kind, Room, RoomSettings

# In the order in which the API shows them: its name, the domain's.
_SAME_VALUE = MappingProxyType(
    {
        "description": "description",
        "mode": "mode",
        "audio_only": "audio_only",
        "duration": "duration",
        "moderators": "moderators",
        "participants": "participants",
        "audiences": "audiences",
        "billing_code": "billing_code",
        "auto_recording": "auto_recording",
        "quality": "quality",
        "screen_share": "screen_share",
        "canvas": "canvas",
        "knock": "knock",
        "wait_for_moderator": "wait_for_moderator",
        "abwd": "bandwidth_detection",
        "max_active_talkers": "max_active_talkers",
        "media_zone": "media_zone",
        "single_file_recording": "single_file_recording",
        "role_based_recording": "role_based_recording",
        "watermark": "watermark",
        "rtmp_streaming": "rtmp_streaming",
    }
)
_KINDS: dict[tuple[JsonValue, JsonValue], Kind] = {
    (False, False): "permanent",
    (True, False): "scheduled",
    (False, True): "adhoc",
}
_NAMES = (*_SAME_VALUE, "scheduled", "scheduled_time", "adhoc")
_NUMBERS = frozenset({"duration", "moderators", "participants", "audiences", "max_active_talkers"})
# The document shows these as text where it shows a room, so a room whose creator did not name them shows them so too.
_TEXT_UNLESS_SAID = frozenset({"moderators", "participants", "audiences"})
_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}", re.ASCII)

Settings = dict[str, JsonValue]


def to_settings(given: Settings) -> tuple[RoomSettings, frozenset[str]]:
    """The domain's settings, and the names of those whose numbers are shown as text.

    Raises ApiError for unknown names, wrong types, values out of range and settings that contradict each other.
    """
    for name in given:
        if name not in _NAMES:
            raise unknown_field(f"settings.{name}", _NAMES)
    values: Settings = {_SAME_VALUE[name]: value for name, value in given.items() if name in _SAME_VALUE}
    values |= {name: _number(name, given[name]) for name in _NUMBERS if name in given}
    values["kind"] = _kind(given)
    if "scheduled_time" in given:
        values["starts_at"] = _instant(given["scheduled_time"])
    text_numbers = {name for name in _NUMBERS if isinstance(given.get(name), str)}
    text_numbers |= _TEXT_UNLESS_SAID - given.keys()
    try:
        return RoomSettings.model_validate(values), frozenset(text_numbers)
    except ValidationError as error:
        raise _error(error) from error


def merged(room: Room, changes: Settings) -> Settings:
    """The settings of the room with some of them changed; of those made of parts, parts may be changed."""
    settings = from_settings(room)
    for name, value in changes.items():
        before = settings.get(name)
        settings[name] = {**before, **value} if isinstance(before, dict) and isinstance(value, dict) else value
    return settings


def from_settings(room: Room) -> Settings:
    """What the API shows: every setting, but for the times that the room does not have."""
    values: Mapping[str, JsonValue] = room.settings.model_dump(mode="json")
    shown: Settings = {}
    for name, domain_name in _SAME_VALUE.items():
        value = values[domain_name]
        if name == "duration":
            shown["scheduled"] = room.settings.kind == "scheduled"
            if room.settings.starts_at is not None:
                starts = datetime.fromtimestamp(room.settings.starts_at, UTC).replace(tzinfo=None)
                shown["scheduled_time"] = starts.isoformat(sep=" ", timespec="seconds")
            shown["adhoc"] = room.settings.kind == "adhoc"
        if value is not None:
            shown[name] = str(value) if name in room.text_numbers else value
    return shown


def given_schema() -> JsonSchemaValue:
    """The JSON Schema of settings as applications send them."""
    properties = _properties()
    when_scheduled = {
        "if": {"properties": {"scheduled": {"const": True}}, "required": ["scheduled"]},
        "then": {"properties": {"adhoc": {"const": False}}, "required": ["scheduled_time", "duration"]},
    }
    return {"type": "object", "properties": properties, "additionalProperties": False, **when_scheduled}


def shown_schema() -> JsonSchemaValue:
    """The JSON Schema of settings as rooms are shown: everything is there, but for the times that a room lacks."""
    properties = _properties()
    required = [name for name in properties if name not in ("scheduled_time", "duration")]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _properties() -> dict[str, JsonSchemaValue]:
    """Every setting by the API's name, with the rules of the domain's model."""
    schema = RoomSettings.model_json_schema()
    properties = {}
    for name, inner in _SAME_VALUE.items():
        rules = schema["properties"][inner]
        if "$ref" in rules:
            rules = schema["$defs"][rules["$ref"].rpartition("/")[2]]
        if "anyOf" in rules:
            # A duration is a number or not there.
            rules = rules["anyOf"][0]
        properties[name] = {key: value for key, value in rules.items() if key not in ("title", "description")}
        if name in _NUMBERS:
            properties[name] = {"anyOf": [properties[name], {"type": "string", "pattern": "^[0-9]{1,9}$"}]}
    return properties | {
        "scheduled": {"type": "boolean", "default": False},
        "scheduled_time": {
            "type": "string",
            "pattern": f"^{_TIME.pattern}$",
            "description": "UTC, YYYY-MM-DD HH:MM:SS",
        },
        "adhoc": {"type": "boolean", "default": False},
    }


def _kind(given: Settings) -> Kind:
    chosen = (given.get("scheduled", False), given.get("adhoc", False))
    for name, value in zip(("scheduled", "adhoc"), chosen, strict=True):
        if not isinstance(value, bool):
            raise ApiError(ErrorCode.INVALID_VALUE, f"settings.{name} must be true or false.")
    if chosen not in _KINDS:
        raise ApiError(
            ErrorCode.INVALID_VALUE, "settings.scheduled and settings.adhoc must not both be true: choose one."
        )
    return _KINDS[chosen]


def _number(name: str, value: JsonValue) -> JsonValue:
    """A number as it is or written as text. Text that is no number stays, for the model to refuse."""
    if isinstance(value, str):
        if not re.fullmatch(r"\d{1,9}", value, re.ASCII):
            raise ApiError(ErrorCode.INVALID_VALUE, f'settings.{name} must be a whole number, such as 10 or "10".')
        return int(value)
    return value


def _instant(value: JsonValue) -> float:
    try:
        if not isinstance(value, str) or not _TIME.fullmatch(value):
            raise ValueError("not in the form of the API")
        return datetime.fromisoformat(value).replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise ApiError(
            ErrorCode.INVALID_VALUE,
            "settings.scheduled_time must be a time in UTC written as YYYY-MM-DD HH:MM:SS.",
        ) from error


def _error(error: ValidationError) -> ApiError:
    detail: ErrorDetails = error.errors(include_url=False, include_input=False)[0]
    if detail["type"] == "schedule-incomplete":
        return ApiError(
            ErrorCode.MISSING_FIELD,
            "settings.scheduled_time and settings.duration are required when settings.scheduled is true.",
        )
    if detail["type"] == "too-many-participants":
        return ApiError(ErrorCode.INVALID_VALUE, f"settings.participants is too large: {detail['msg']}.")
    return from_validation(error, ("settings",), names={inner: name for name, inner in _SAME_VALUE.items()})
