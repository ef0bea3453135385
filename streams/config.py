"""Reads the configuration. A mistake in it names the file, the key path and what was expected."""

import hashlib
import os
import re
import tomllib
import typing
from pathlib import Path
from typing import Any

import msgspec

from detectors.calendar import Calendars
from detectors.rules import Rule, RuleSet
from schemas.duration import parse_duration
from schemas.signal import Severity
from sinks.assigning import Assigner
from sinks.connectors import ConnectorConfig
from sinks.deadlines import Deadlines
from sinks.escalation import Escalation
from sinks.impact.scoring import Impact
from sinks.impact.section import TierConfig
from sinks.inbound.section import SourceConfig
from sinks.ownership import Ownership
from sinks.triage.desk import Policy
from streams.calendars import CalendarError, calendars, check_section
from streams.declaring.section import CalendarSection, TenantCalendar
from streams.ingest.enrich import Enricher
from streams.ingest.tagger import Tagger, TaxonomyError, load_taxonomy
from streams.settings import Kafka, Settings
from streams.topics import Topics


class ConfigError(ValueError):
    """A configuration that cannot be used; the message is for the person who wrote it."""


# Their durations stay text: the struct that owns them parses them and knows the better message.
_TEXT_SECTIONS = frozenset({"calendar", "contacts", "deadlines", "escalation", "impact", "ownership", "texts"})
_DURATIONS = frozenset(
    {
        "window", "usual", "baseline", "min_baseline", "resolve_after", "checkpoint", "session_timeout", "lateness",
        "flush", "max_flush", "behind_flush", "tick", "idle", "dedupe", "max_future", "max_past", "chunk",
        "stalled", "recovering", "joining", "pane", "settle", "group_wait", "group_interval",
        "patience", "together", "remember", "timeout", "give_up_after", "reopen_within", "begin", "replay_window",
    }
)  # fmt: skip
# Lists whose tables are told apart by ``kind``.
_KINDS: dict[str, Any] = {"connectors": ConnectorConfig, "inbound.sources": SourceConfig}
_WHOLE = frozenset({"chunk", "pane"})

# What Kafka takes in the name of a topic, a group or a member.
_LEGAL = re.compile(r"[a-zA-Z0-9._-]*").fullmatch
_LONGEST_NAME = 249
_TABLES = frozenset({"themes", "metrics", "attributes"})
_PERSONAL = frozenset({"id", "customer", "agent", "text"})


def load_settings(path: Path) -> Settings:
    """The configuration in ``path``.

    Raises:
        ConfigError: naming the file, the key path and what was expected.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    try:
        return parse_settings(raw, path.parent)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def parse_settings(raw: dict[str, Any], directory: Path) -> Settings:
    """The configuration from the content of a file.

    Raises:
        ConfigError: naming the key path and what was expected.
    """
    for key in ("directory", "digest"):
        if key in raw:
            raise ConfigError(f"{key}: unknown key")
    _check_no_secrets(raw)
    tables = ("rules", "ownership", "deadlines", "escalation", "impact", "detect", "calendar", "triage")
    decided = {name: raw[name] for name in tables if name in raw}
    digest = hashlib.blake2b(msgspec.json.encode(decided, order="deterministic"), digest_size=6).hexdigest()
    try:
        prepared = {**_seconds(raw, ""), "directory": str(directory), "digest": digest}
        _check_named(raw, "calendar", "tenants", TenantCalendar)
        _check_named(raw, "impact", "tiers", TierConfig)
        settings = msgspec.convert(prepared, Settings, dec_hook=_hook)
        _check_names(settings)
        _check_kafka(settings.kafka)
        _check_dimensions(settings.ingest.counting.dimensions)
        assigner(settings)
        _check_connectors(settings)
        check_section(settings.calendar)
    except msgspec.ValidationError as error:
        raise ConfigError(_by_key(str(error))) from None
    except ValueError as error:
        raise ConfigError(str(error)) from None
    return _counting_values(settings)


def rule_set(settings: Settings) -> RuleSet:
    """The detectors' rules of a configuration, its calendars read.

    Raises:
        ConfigError: if a file of the calendars cannot be used.
    """
    known = None if settings.calendar == CalendarSection() else read_calendars(settings)
    return RuleSet(list(settings.rules), settings.digest, known)


def triage_policy(settings: Settings) -> Policy:
    """What triage decides by, with each tenant's clock.

    Raises:
        ConfigError: if a file of the calendars cannot be used.
    """
    known = read_calendars(settings)
    return Policy(
        settings.triage, Ownership(settings.ownership), lambda tenant, at: float(known.of(tenant).local.offset(at))
    )


def assigner(settings: Settings) -> Assigner:
    """What gives signals their owners.

    Raises:
        ValueError: an owner, a deadline, an escalation or the impact cannot be used; the message begins with the key.
    """
    chains = {rule.name: rule.escalate for rule in settings.ownership.rules}
    return Assigner(
        Ownership(settings.ownership),
        Deadlines(settings.deadlines),
        Escalation(settings.escalation, chains),
        Impact(settings.impact),
    )


def enricher(settings: Settings) -> Enricher:
    """The enricher of a configuration, its taxonomy read.

    Raises:
        ConfigError: if the taxonomy cannot be used.
    """
    tagger = None
    if settings.ingest.taxonomy is not None:
        path = settings.directory / settings.ingest.taxonomy
        try:
            tagger = Tagger(load_taxonomy(path))
        except TaxonomyError as error:
            raise ConfigError(f"ingest.taxonomy: {error}") from None
    return Enricher(tagger, settings.ingest.min_confidence)


def read_calendars(settings: Settings) -> Calendars:
    """The calendars of a configuration, their files read.

    Raises:
        ConfigError: naming the key and, for a file, the line and the field.
    """
    try:
        return calendars(settings.calendar, settings.directory)
    except CalendarError as error:
        raise ConfigError(str(error)) from None


def member_id(kafka: Kafka) -> str:
    """The name under which a worker joins the group, from the file or from the environment; empty for none.

    Raises:
        ConfigError: naming the key.
    """
    if not kafka.member_id_env:
        return kafka.member_id
    value = os.environ.get(kafka.member_id_env)
    if not value:
        raise ConfigError(f"kafka.member_id_env: the environment has no {kafka.member_id_env}")
    try:
        _check_kafka(msgspec.structs.replace(kafka, member_id=value, member_id_env=""))
    except ConfigError as error:
        raise ConfigError(f"kafka.member_id_env: {kafka.member_id_env}: {error}") from None
    return value


def _check_no_secrets(raw: dict[str, Any]) -> None:
    """Said before anything else, and without the value: the file may be in a repository, the message in a log."""
    security: Any = raw
    for table in ("kafka", "security"):
        security = security.get(table) if isinstance(security, dict) else None
    for key in ("password", "key_password"):
        if isinstance(security, dict) and key in security:
            other = f", or a file with {key}_file" if key == "password" else ""
            raise ConfigError(
                f"kafka.security.{key}: does not belong in the file; name an environment variable with {key}_env{other}"
            )


def _counting_values(settings: Settings) -> Settings:
    """The settings with those dimensions counted as series that a rule asks for."""
    counting = settings.ingest.counting
    asked = dict.fromkeys(counting.series_of)
    for index, rule in enumerate(settings.rules):
        if rule.dimension:
            asked[rule.dimension] = None
            if rule.dimension not in counting.dimensions:
                known = ", ".join(counting.dimensions)
                raise ConfigError(f'rules[{index}].of: "{rule.dimension}" is not counted; expected one of {known}')
    for index, name in enumerate(counting.series_of):
        if name not in counting.dimensions:
            raise ConfigError(f'ingest.counting.series_of[{index}]: "{name}" is none of the dimensions')
    if tuple(asked) == counting.series_of:
        return settings
    counting = msgspec.structs.replace(counting, series_of=tuple(asked))
    return msgspec.structs.replace(settings, ingest=msgspec.structs.replace(settings.ingest, counting=counting))


def _check_names(settings: Settings) -> None:
    seen: set[str] = set()
    for index, rule in enumerate(settings.rules):
        if rule.name in seen:
            raise ConfigError(f'rules[{index}].name: "{rule.name}" is used twice')
        seen.add(rule.name)


def _check_connectors(settings: Settings) -> None:
    seen: set[str] = set()
    for index, connector in enumerate(settings.connectors):
        if connector.name in seen:
            raise ConfigError(f'connectors[{index}].name: "{connector.name}" is used twice')
        seen.add(connector.name)


def _check_named(raw: dict[str, Any], section: str, key: str, kind: type) -> None:
    """msgspec does not tell the name of a table that the user has named."""
    held = raw.get(section)
    tables = held.get(key) if isinstance(held, dict) else None
    for name, table in tables.items() if isinstance(tables, dict) else ():
        where = f"{section}.{key}.{name}"
        if not isinstance(table, dict):
            raise ConfigError(f"{where}: expected a table, got {table!r}")
        try:
            msgspec.convert(table, kind)
        except msgspec.ValidationError as error:
            raise ConfigError(f"{where}.{_by_key(str(error))}") from None


def _check_kafka(kafka: Kafka) -> None:
    if not kafka.group:
        raise ConfigError("kafka.group: is empty")
    member = f"{kafka.group}-{kafka.member_id}"
    topics = Topics(kafka)
    made = {
        "prefix": max((topics.assignments, topics.theme_panes, topics.dead_letters), key=len),
        "group": max((topics.series_log, topics.assigned_log), key=len),
        "member_id": member if kafka.member_id else "",
    }
    for key, longest in made.items():
        value = getattr(kafka, key)
        if not _LEGAL(value):
            raise ConfigError(f'kafka.{key}: "{value}" holds more than letters, digits, ".", "_" and "-"')
        if len(longest) > _LONGEST_NAME:
            room = _LONGEST_NAME - len(longest) + len(value)
            raise ConfigError(f"kafka.{key}: {len(value)} characters; Kafka's names leave room for {room}")


def _check_dimensions(dimensions: tuple[str, ...]) -> None:
    for index, name in enumerate(dimensions):
        where = f"ingest.counting.dimensions[{index}]"
        if not name.isidentifier() or name.startswith("_"):
            raise ConfigError(f'{where}: "{name}" is no name: expected letters, digits and "_", a letter first')
        if name in _TABLES:
            raise ConfigError(f'{where}: "{name}" has no single value; name what is in it, such as os_version')
        if name in _PERSONAL:
            raise ConfigError(f'{where}: "{name}" tells of a person, and slices are shown to many')
        if name in dimensions[:index]:
            raise ConfigError(f'{where}: "{name}" is listed twice')


def _seconds(node: Any, path: str) -> Any:
    """``window = "5h"`` becomes ``window_s = 18000.0``; numbers are refused, for nobody knows their unit."""
    if isinstance(node, list):
        return [_seconds(item, f"{path}[{index}]") for index, item in enumerate(node)]
    if not isinstance(node, dict):
        return node
    out: dict[str, Any] = {}
    for key, value in node.items():
        where = f"{path}.{key}" if path else key
        if not path and key in _TEXT_SECTIONS:
            out[key] = value
        elif key in _DURATIONS:
            if not isinstance(value, str):
                raise ConfigError(f'{where}: expected a duration such as "5h" or "90s", got {value!r}')
            try:
                seconds = parse_duration(value)
            except ValueError as error:
                raise ConfigError(f"{where}: {error}") from None
            out[f"{key}_s"] = int(seconds) if key in _WHOLE else seconds
        elif key.endswith("_s") and key[:-2] in _DURATIONS:
            raise ConfigError(f'{where}: unknown key; write {key[:-2]} = "5h", with a unit')
        else:
            out[key] = _seconds(value, where)
    return out


def _hook(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise NotImplementedError(kind)


def _by_key(message: str) -> str:
    """msgspec says ``Expected `int`, got `str` - at `$.kafka.partitions```; people look for the key first.

    >>> _by_key("Expected `int`, got `str` - at `$.kafka.partitions`")
    'kafka.partitions: expected `int`, got `str`'
    >>> _by_key("levels: expected thresholds above 0 - at `$.rules[0]`")
    'rules[0].levels: expected thresholds above 0'
    """
    found = re.fullmatch(r"(.*) - at (`key` in )?`\$\.?(.*)`", message, re.DOTALL)
    what, in_key, where = found.groups() if found else (message, None, "")
    if named := re.fullmatch(r"Object (contains unknown|missing required) field `(.*)`", what):
        # Durations are read as seconds; the file calls them without.
        name = named[2].removesuffix("_s") if named[2].removesuffix("_s") in _DURATIONS else named[2]
        return f"{_joined(where, name)}: {'unknown key' if named[1] == 'contains unknown' else 'is missing'}"
    if in_key and (value := re.fullmatch(r"Invalid enum value '(.*)'", what, re.DOTALL)):
        return f'{where}: "{value[1]}" is no severity; there are {", ".join(Severity)}'
    if where.endswith(".detector") and (value := re.fullmatch(r"Invalid value '(.*)'", what, re.DOTALL)):
        kinds = ", ".join(sorted(kind.kind for kind in typing.get_args(Rule)))
        return f'{where}: there is no "{value[1]}"; there are {kinds}'
    if where.endswith(".kind") and (value := re.fullmatch(r"Invalid value '(.*)'", what, re.DOTALL)):
        union = typing.get_args(_KINDS[where.partition("[")[0]])
        known = ", ".join(sorted(str(kind.__struct_config__.tag) for kind in union))
        return f'{where}: there is no "{value[1]}"; there are {known}'
    if own := re.fullmatch(r"([a-z_]+(?:\[\d+\])?(?:\.[a-z_]+)?): (.*)", what, re.DOTALL):
        return f"{_joined(where, own[1])}: {own[2]}"
    return f"{where}: {what[0].lower()}{what[1:]}" if where else what


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
