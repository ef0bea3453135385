"""What stands beside the program: the README, the container, the alert rules and the example configurations."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from schemas.action import Action
from schemas.codec import decode_assignment, decode_event
from streams.cli.mapping import Columns, check
from streams.config import enricher, load_settings, parse_settings
from streams.metrics import Metrics
from streams.settings import Kafka
from streams.topics import Topics

REPO = Path(__file__).resolve().parents[2]
DEPLOY = REPO / "deploy"
README = (REPO / "README.md").read_text(encoding="utf-8")
YAML = sorted([*DEPLOY.glob("*.yml"), *DEPLOY.glob("*.yaml")])


def blocks(language: str) -> list[str]:
    """The README's fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def shell_lines() -> list[str]:
    return [line.partition("#")[0].strip() for block in blocks("sh") for line in block.splitlines()]


def metric_names() -> set[str]:
    """Every name under which the worker's metrics are exposed."""
    names: set[str] = set()
    for metric in Metrics(CollectorRegistry()).registry.collect():
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(metric.type, ("",))
        names.update(metric.name + suffix for suffix in suffixes)
    return names


@pytest.mark.parametrize("file", YAML, ids=lambda file: file.name)
def test_yaml_is_laid_out_as_yaml(file: Path) -> None:
    """No parser is among our dependencies; this finds what a slip of the keyboard does."""
    depths = [0]
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        assert "\t" not in line, f"line {number} has a tab"
        assert line == line.rstrip(), f"line {number} ends in spaces"
        content = line.strip()
        if not content or content.startswith("#"):
            continue
        assert re.match(r"(- )?([\w.<-]+:( .+)?|\./\S+:\S+|[\w./:-]+|\".*\")$", content), f"line {number}: {content}"
        assert content.count('"') % 2 == 0, f"line {number} has an odd number of quotes"
        assert (content.count("[") - content.count("]"), content.count("{") - content.count("}")) == (0, 0)
        depth = len(line) - len(line.lstrip())
        assert depth % 2 == 0, f"line {number} is indented by {depth}"
        assert depth <= depths[-1] + 4, f"line {number} is indented too far"
        depths.append(depth)


def test_alerts_ask_for_metrics_that_exist() -> None:
    expressions = re.findall(r"^ +expr: (.*)$", (DEPLOY / "alerts.yml").read_text(encoding="utf-8"), re.MULTILINE)
    asked = {name for text in expressions for name in re.findall(r"\b(?:groundswell|kafka)_\w+", text)}
    assert len(expressions) >= 6
    assert asked
    assert asked <= metric_names()


def test_each_alert_is_whole() -> None:
    rules = (DEPLOY / "alerts.yml").read_text(encoding="utf-8").split("- alert: ")[1:]
    names = [rule.splitlines()[0] for rule in rules]
    assert len(set(names)) == len(names)
    for rule in rules:
        assert all(f" {key}: " in rule for key in ("expr", "for", "severity", "summary", "description")), rule


def test_the_readme_names_metrics_that_exist() -> None:
    assert set(re.findall(r"`((?:groundswell|kafka)_\w+)`", README)) <= metric_names()


def test_prometheus_and_compose_agree() -> None:
    prometheus = (DEPLOY / "prometheus.yml").read_text(encoding="utf-8")
    settings = load_settings(DEPLOY / "compose.toml")
    assert f"port: {settings.web.port}" in prometheus
    assert 'names: ["worker"]' in prometheus
    assert "job_name: groundswell" in prometheus
    compose = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    assert re.search(r"^  worker:$", compose, re.MULTILINE)
    assert f"//{settings.kafka.bootstrap}" in compose
    assert f"//{load_settings(DEPLOY / 'groundswell.toml').kafka.bootstrap}" in compose


def test_compose_mounts_what_exists() -> None:
    mounts = re.findall(r"^ +- (\./\S+?):(/\S+?)(?::ro)?$", (DEPLOY / "compose.yaml").read_text(), re.MULTILINE)
    assert {source for source, _ in mounts} >= {"./compose.toml", "./taxonomy.toml", "./prometheus.yml", "./alerts.yml"}
    for source, _ in mounts:
        assert (DEPLOY / source).is_file(), source
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    (config,) = re.findall(r"GROUNDSWELL_CONFIG=(\S+)", dockerfile)
    assert ("./compose.toml", config) in mounts


def test_compose_runs_the_example_configuration() -> None:
    example, compose = (tomllib.loads((DEPLOY / name).read_text()) for name in ("groundswell.toml", "compose.toml"))
    for raw, host in ((example, "127.0.0.1"), (compose, "0.0.0.0")):
        assert raw["web"].pop("host") == host
        raw["kafka"].pop("bootstrap")
    assert compose == example
    assert enricher(load_settings(DEPLOY / "compose.toml"))


def test_the_image_copies_what_exists_and_what_the_program_needs() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    copied = [
        name for names in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE) for name in names.split()
    ]
    assert all((REPO / name).exists() for name in copied)
    project = tomllib.loads((REPO / "pyproject.toml").read_text())
    packages = {name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    needed = packages | {"pyproject.toml", "requirements.lock"}
    if isinstance(readme := project["project"].get("readme"), str):
        needed.add(readme)
    assert needed <= set(copied)
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert {line[1:] for line in ignored if line.startswith("!")} == set(copied)


def test_the_image_is_careful() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert "--require-hashes -r requirements.lock" in dockerfile
    assert "/healthz" in dockerfile
    users = re.findall(r"^USER (\S+)$", dockerfile, re.MULTILINE)
    assert users
    assert users[-1] not in ("root", "0")
    assert re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE) == ["python:3.11-slim"] * 2


def test_the_readme_shows_a_real_assignment() -> None:
    shown = next(block for block in blocks("json") if '"raci"' in block)

    def complete(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: complete(item) for key, item in value.items()}
        return [complete(item) for item in value if item != "..."] if isinstance(value, list) else value

    assignment = decode_assignment(json.dumps(complete(json.loads(shown))).encode())
    # What does not apply to the example, or its rule does not know, is left out.
    for part, told in ((assignment, set(json.loads(shown))), (assignment.signal, set(json.loads(shown)["signal"]))):
        fields = msgspec.structs.fields(part)
        assert {field.name for field in fields if field.required} <= told <= {field.name for field in fields}
    assert {"score", "sparkline"} <= set(json.loads(shown)["signal"])
    assert assignment.signal_id == assignment.signal.id


def test_the_readme_shows_an_event_and_an_action_that_are_taken() -> None:
    _, event, action = blocks("json")
    decoded, unknown = decode_event(event.encode())
    assert decoded.text
    assert not unknown
    assert msgspec.json.decode(action, type=Action).signal_id in README


def test_the_readme_shows_configuration_that_loads() -> None:
    shown = blocks("toml")
    mappings = [block for block in shown if block.startswith("columns.")]
    assert len(mappings) == 1
    mapping = check(msgspec.convert(tomllib.loads(mappings[0]), Columns))
    header = blocks("csv")[0].splitlines()[0].split(",")
    assert {column for _, column in mapping.named()} <= set(header)
    whole = "\n".join(block for block in shown if block not in mappings)
    settings = parse_settings(tomllib.loads(whole), DEPLOY)
    assert len({type(rule) for rule in settings.rules}) == len(settings.rules) == 4


def test_the_readme_shows_commands_that_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):.*## ", (REPO / "Makefile").read_text(), re.MULTILINE))
    used = set(re.findall(r"(?<![\w-])make ([a-z]+)(?=[ `\n])", README))
    assert {"demo", "test"} <= used <= targets
    from typer.main import get_command

    from streams.cli.main import app

    root: Any = get_command(app)
    for line in (line for line in shell_lines() if line.startswith("groundswell ")):
        name, *rest = line.split()[1:]
        command = root.commands[name]
        if name == "topics":
            command = command.commands[rest.pop(0)]
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in rest if word.startswith("-")} <= options, line


def test_the_readme_links_to_files_that_exist() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (REPO / target).exists(), target


def test_the_readme_lists_every_topic() -> None:
    for spec in Topics(Kafka()).specs():
        assert re.search(rf"^\| `{re.escape(spec.name)}` \|.*\| {spec.cleanup} \|$", README, re.MULTILINE), spec.name


def test_nothing_of_this_machine_is_told() -> None:
    for file in [REPO / "README.md", *DEPLOY.iterdir()]:
        text = file.read_text(encoding="utf-8")
        assert str(REPO) not in text
        assert not re.search(r"/(home|root|work)/", text), file
