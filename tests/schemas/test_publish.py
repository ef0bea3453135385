"""The published JSON Schemas say what the code takes, and are fresh."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas import publish
from schemas.event import Event
from schemas.signal import Signal


def read(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((publish.DIRECTORY / f"{name}.schema.json").read_text(encoding="utf-8"))
    return schema


def references(node: Any) -> set[str]:
    if isinstance(node, list):
        return set().union(*map(references, node))
    if not isinstance(node, dict):
        return set()
    found = {node["$ref"]} if "$ref" in node else set()
    return found.union(*map(references, node.values()))


def test_the_files_are_fresh() -> None:
    assert publish.stale() == [], "run: python -m schemas.publish"


@pytest.mark.parametrize("name", publish.PUBLISHED)
def test_each_stands_alone(name: str) -> None:
    schema = read(name)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == publish.PUBLISHED[name].__name__
    assert schema["description"].endswith((".", "drop repeats by it.")), "the docstring's first part"
    assert "Attributes:" not in schema["description"] or name == "pane-update"
    assert references(schema) <= {f"#/$defs/{part}" for part in schema.get("$defs", {})}


def test_times_have_a_format() -> None:
    assert read("event")["properties"]["time"] == {"type": "string", "format": "date-time"}
    signal = read("signal")["properties"]
    assert {name for name, field in signal.items() if field.get("format") == "date-time"} == {
        "opened_at",
        "at",
        "first_mention",
        "last_mention",
    }
    assert signal["resolved_at"]["anyOf"][0]["format"] == "date-time"


def test_personal_data_is_marked() -> None:
    properties = read("event")["properties"]
    marked = {name for name, field in properties.items() if '"x-pii": true' in json.dumps(field)}
    assert {"customer", "agent"} <= marked


def test_an_event_may_hold_more() -> None:
    schema = read("event")
    assert schema.get("additionalProperties", True) is True
    assert schema["required"] == ["id", "time"]
    assert schema["anyOf"] == [{"required": ["theme"]}, {"required": ["themes"]}, {"required": ["text"]}]


def test_every_field_is_there_and_what_the_docstring_says_of_it() -> None:
    assert tuple(read("event")["properties"]) == Event.__struct_fields__
    properties = read("signal")["properties"]
    assert tuple(properties) == Signal.__struct_fields__
    assert properties["reason"]["description"] == "why, in words a person reads."
    assert properties["threshold"]["description"] == properties["observed"]["description"] != ""


def test_parameters_of_a_detector_may_be_anything() -> None:
    assert read("signal")["$defs"]["DetectorRef"]["properties"]["parameters"]["additionalProperties"] == {
        "description": "any JSON value"
    }


def test_writing_twice_gives_the_same_bytes() -> None:
    assert publish.files() == publish.files()


def test_check_tells_and_writing_repairs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(publish, "DIRECTORY", tmp_path / "json")
    assert publish.main(["--check"]) == 1
    assert not (tmp_path / "json").exists()
    assert publish.main([]) == 0
    assert publish.main(["--check"]) == 0
    (tmp_path / "json" / "event.schema.json").write_text("{}")
    (tmp_path / "json" / "gone.schema.json").write_text("{}")
    capsys.readouterr()
    assert publish.main(["--check"]) == 1
    assert capsys.readouterr().out == "event.schema.json: stale\ngone.schema.json: stale\n"
    assert publish.main([]) == 0
    assert publish.stale() == []
    assert not (tmp_path / "json" / "gone.schema.json").exists()


def test_an_unknown_argument_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert publish.main(["--chekc"]) == 2
    assert "usage" in capsys.readouterr().err
