"""The configuration as people read it: every option with its value and its reason."""

import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from roomcast.config import PREFIX, Options

# URLs may hold passwords.
_SECRETS = frozenset({"link_secret", "sip_password", "webhook_secret", "webhook_urls", "database_url", "archive_url"})
_HIDDEN = "(set, not shown)"


@dataclass(frozen=True, slots=True)
class OptionInfo:
    """What `roomcast config` shows of one option; the value of a secret is not shown."""

    name: str
    variable: str
    default: str
    value: str
    reason: str
    changed: bool


def describe(options: Options) -> Iterator[OptionInfo]:
    """Every option in the order of its definition."""
    values, defaults = options.model_dump(mode="json"), Options().model_dump(mode="json")
    for name, field in Options.model_fields.items():
        changed = values[name] != defaults[name]
        yield OptionInfo(
            name=name,
            variable=PREFIX + name.upper(),
            default=_text(defaults[name]),
            value=_HIDDEN if changed and name in _SECRETS else _text(values[name]),
            reason=field.description or "",
            changed=changed,
        )


def as_yaml(options: Options) -> str:
    """A commented file with every option; those at their default, and secrets, are commented out."""
    values, defaults = options.model_dump(mode="json"), Options().model_dump(mode="json")
    blocks = []
    for option in describe(options):
        shown = option.changed and option.name not in _SECRETS
        reason = textwrap.fill(option.reason, 100, initial_indent="# ", subsequent_indent="# ")
        # A value written as JSON is YAML too, on one line.
        value = json.dumps((values if shown else defaults)[option.name], ensure_ascii=False)
        blocks.append(f"{reason}\n{'' if shown else '# '}{option.name}: {value}\n")
    return "\n".join(blocks)


def _text(value: object) -> str:
    """A value of JSON for people."""
    match value:
        case None:
            return ""
        case list():
            return ", ".join(map(str, value))
        case bool():
            return str(value).lower()
        case _:
            return str(value)
