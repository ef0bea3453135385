"""Reads the configuration. A mistake in it names the file, the key path and what was expected."""

import hashlib
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from detectors.rules import RuleSet
from schemas.duration import parse_duration
from sinks.deadlines import Deadlines
from sinks.ownership import Ownership
from streams.ingest.enrich import Enricher
from streams.ingest.tagger import Tagger, TaxonomyError, load_taxonomy
from streams.settings import Settings


class ConfigError(ValueError):
    """A configuration that cannot be used; the message is for the person who wrote it."""


# Their durations stay text: the struct that owns them parses them and knows the better message.
_TEXT_SECTIONS = frozenset({"deadlines", "ownership"})
_DURATIONS = frozenset(
    {
        "window", "usual", "baseline", "min_baseline", "resolve_after", "checkpoint", "session_timeout", "lateness",
        "flush",
        "behind_flush", "max_flush", "behind_flush", "tick", "idle", "dedupe", "max_future", "max_past", "chunk",
    }
)  # fmt: skip


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
    decided = {name: raw[name] for name in ("rules", "ownership", "deadlines", "detect") if name in raw}
    digest = hashlib.blake2b(msgspec.json.encode(decided, order="deterministic"), digest_size=6).hexdigest()
    try:
        prepared = {**_seconds(raw, ""), "directory": str(directory), "digest": digest}
        settings = msgspec.convert(prepared, Settings, dec_hook=_hook)
        _check_names(settings)
        Ownership(settings.ownership)
        Deadlines(settings.deadlines)
    except msgspec.ValidationError as error:
        raise ConfigError(_by_key(str(error))) from None
    except ValueError as error:
        raise ConfigError(str(error)) from None
    return settings


def rule_set(settings: Settings) -> RuleSet:
    """The detectors' rules of a configuration."""
    return RuleSet(list(settings.rules), settings.digest)


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
            raise ConfigError(str(error)) from None
        except OSError as error:
            raise ConfigError(f"ingest.taxonomy: {path} cannot be read: {error.strerror}") from None
    return Enricher(tagger, settings.ingest.min_confidence)


def _check_names(settings: Settings) -> None:
    seen: set[str] = set()
    for index, rule in enumerate(settings.rules):
        if rule.name in seen:
            raise ConfigError(f'rules[{index}].name: "{rule.name}" is used twice')
        seen.add(rule.name)


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
            out[f"{key}_s"] = int(seconds) if key == "chunk" else seconds
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
    """msgspec says ``Expected `int`, got `str` - at `$.kafka.partitions```; people look for the key first."""
    what, found, where = message.rpartition(" - at `$")
    if not found:
        return message
    key = where.rstrip("`").lstrip(".")
    if what.startswith("Object contains unknown field"):
        name = what.split("`")[1]
        return f"{key + '.' if key else ''}{name}: unknown key"
    return f"{key}: {what[0].lower()}{what[1:]}" if key else what
