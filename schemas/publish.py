"""Publishes what crosses a topic as JSON Schema (draft 2020-12), for services that do not import this code.

``python -m schemas.publish`` writes ``schemas/json``; ``--check`` only says whether it is fresh.
"""

import inspect
import json
import re
import sys
from pathlib import Path
from typing import Any

import msgspec

from schemas.action import Action
from schemas.assignment import Assignment
from schemas.event import Event
from schemas.panes import PaneUpdate
from schemas.signal import Signal

DIRECTORY = Path(__file__).parent / "json"
DRAFT = "https://json-schema.org/draft/2020-12/schema"
PUBLISHED: dict[str, type[msgspec.Struct]] = {
    "event": Event,
    "pane-update": PaneUpdate,
    "signal": Signal,
    "assignment": Assignment,
    "action": Action,
}
"""Name of the file, without its suffix -> what it describes."""

_REFERENCE = "#/$defs/{name}"
_FIELD = re.compile(r" {4}([a-z_, ]+): ")


def schema_of(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON Schema of a struct; what it is made of stands under ``$defs``.

    >>> schema_of(Action)["properties"]["at"]
    {'type': 'string', 'format': 'date-time'}
    """
    _, components = msgspec.json.schema_components([kind], ref_template=_REFERENCE, schema_hook=_anything)
    for component in components.values():
        _describe(component)
    schema = {"$schema": DRAFT, **components.pop(kind.__name__)}
    if kind is Event:
        # The decoder asks for one of them, which the types cannot say.
        schema["anyOf"] = [{"required": [name]} for name in ("theme", "themes", "text")]
    if components:
        schema["$defs"] = dict(sorted(components.items()))
    return schema


def _anything(kind: type) -> dict[str, Any]:
    if kind is object:
        return {"description": "any JSON value"}
    raise NotImplementedError(kind)


def _describe(component: dict[str, Any]) -> None:
    """Move what the docstring says of a field to that field; in an array, whose fields have no names, it stays."""
    text = inspect.cleandoc(component.get("description", "")).replace("``", "`")
    text = re.sub(r":[a-z]+:`([^`]*)`", r"`\1`", text)
    head, _, fields = text.partition("\n\nAttributes:\n")
    properties = component.get("properties")
    if properties is None:
        component["description"] = text
        return
    component["description"] = head
    names: list[str] = []
    for line in fields.splitlines():
        if (found := _FIELD.match(line)) is not None:
            names = found[1].split(", ")
            line = line[found.end() :]
        for name in names:
            if name in properties:
                before = properties[name].get("description")
                properties[name]["description"] = f"{before} {line.strip()}" if before else line.strip()


def files() -> dict[Path, str]:
    """What the directory must hold, byte for byte."""
    return {
        DIRECTORY / f"{name}.schema.json": json.dumps(schema_of(kind), indent=2, ensure_ascii=False) + "\n"
        for name, kind in PUBLISHED.items()
    }


def stale() -> list[Path]:
    """Files that are missing, differ, or describe nothing any more."""
    wanted = files()
    differing = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    return sorted([*differing, *(path for path in DIRECTORY.glob("*.schema.json") if path not in wanted)])


def main(arguments: list[str]) -> int:
    """Write the files, or with ``--check`` only compare; return the exit status."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python -m schemas.publish [--check]\n")
        return 2
    changed = stale()
    if not arguments:
        wanted = files()
        DIRECTORY.mkdir(exist_ok=True)
        for path in changed:
            if path in wanted:
                path.write_text(wanted[path], encoding="utf-8")
            else:
                path.unlink()
    for path in changed:
        sys.stdout.write(f"{path.name}: {'stale' if arguments else 'written'}\n")
    return 1 if arguments and changed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
