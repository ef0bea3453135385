"""The command line from outside: every mistake is one line with the key, and no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from streams.config import enricher, load_settings, rule_set
from tests.support.ports import free_ports

REPO = Path(__file__).resolve().parents[3]
EXAMPLE = REPO / "deploy/groundswell.toml"
OWNER = 'ownership.default = { role = "cx", accountable = "head" }\n'


def groundswell(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own: exit codes and output are what a shell sees."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("GROUNDSWELL_")}
    command = [sys.executable, "-m", "streams.cli.main", *arguments]
    done = subprocess.run(
        command, cwd=cwd, env={**env, **environment}, capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


def test_help_names_every_command_quickly() -> None:
    done = groundswell("--help")
    assert done.returncode == 0
    assert all(
        name in done.stdout
        for name in ("demo", "worker", "replay", "tail", "topics", "check-config", "backtest", "score", "top")
    )
    loaded = (
        "import sys, streams.cli.main; print([m for m in ('faust', 'confluent_kafka', 'numpy') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_example_configuration_is_sound() -> None:
    settings = load_settings(EXAMPLE)
    assert {spec.kind for spec in rule_set(settings).specs} == {"count", "surge", "sentiment", "metric"}
    assert settings.ownership.default is not None
    assert enricher(settings)


def test_check_config_says_it_in_words() -> None:
    done = groundswell("check-config", "--config", str(EXAMPLE))
    assert (done.returncode, done.stderr) == (0, "")
    assert "rare-trouble: mentions in the last 5 hours: low from 3, critical from 15" in done.stdout
    taxonomy: dict[str, Any] = tomllib.loads((REPO / "deploy/taxonomy.toml").read_text())["themes"]
    phrases = sum(len(theme["phrases"]) for theme in taxonomy.values())
    assert f"{phrases} phrases of {len(taxonomy)} themes" in done.stdout
    assert "theme login-*" in done.stdout
    assert done.stdout.endswith("can be used\n")


def test_no_password_is_ever_shown(tmp_path: Path) -> None:
    config = tmp_path / "g.toml"
    config.write_text(
        OWNER + '[kafka.security]\nprotocol = "SASL_SSL"\nusername = "me"\npassword_env = "SECRET_OF_MINE"\n'
    )
    done = groundswell("check-config", GROUNDSWELL_CONFIG=str(config), SECRET_OF_MINE="hunter2")
    assert done.returncode == 0
    assert "password ******** from $SECRET_OF_MINE" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr
    lost = groundswell("check-config", GROUNDSWELL_CONFIG=str(config))
    assert lost.returncode == 2
    assert "kafka.security.password_env: the environment has no SECRET_OF_MINE" in lost.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "ownership.default: is missing"),
        ("kafka = 3", "kafka: expected"),
        (OWNER + "[kafka]\nbootstap = 'x'", "kafka.bootstap: unknown key"),
        (OWNER + "checkpoint = 5", 'checkpoint: expected a duration such as "5h"'),
        (OWNER + "[ingest]\ntaxonomy = 'gone.toml'", "ingest.taxonomy: gone.toml"),
        (OWNER + "[[rules]]\nname = 'a'\ndetector = 'magic'\nwindow = '5h'", "rules[0]"),
        (
            OWNER + "[[rules]]\nname = 'a'\ndetector = 'count'\nwindow = '5 apples'\nlevels = {low = 3}",
            "rules[0].window",
        ),
        (OWNER + "[[rules]]\nname = 'a'\ndetector = 'count'\nwindow = '5h'\nlevels = {}", "levels"),
        ("[ownership]\ndefault = {role = '', accountable = 'x'}", "ownership.default.role: is empty"),
        (OWNER + "[deadlines]\nlow = {acknowledge = '2h', fix = '1h'}", "deadlines.low.fix"),
        (OWNER + "= nonsense", "not TOML"),
    ],
)
def test_a_mistake_in_the_configuration_is_named_by_its_key(tmp_path: Path, text: str, message: str) -> None:
    config = tmp_path / "groundswell.toml"
    config.write_text(text)
    for command in ("check-config", "worker"):
        done = groundswell(command, "--config", "groundswell.toml", cwd=tmp_path)
        assert done.returncode == 2, done.stderr
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1
        assert done.stderr.startswith("groundswell: groundswell.toml: ")
        assert message in done.stderr


def test_without_a_configuration_it_says_where_it_looked(tmp_path: Path) -> None:
    for command in ("worker", "tail", "check-config"):
        done = groundswell(command, cwd=tmp_path)
        assert done.returncode == 2
        assert done.stderr.startswith("groundswell: no configuration: there is no groundswell.toml in this folder")


@pytest.fixture
def nowhere(tmp_path: Path) -> Path:
    """A configuration whose broker does not exist."""
    (port,) = free_ports(1)
    config = tmp_path / "groundswell.toml"
    config.write_text(f'{OWNER}[kafka]\nbootstrap = "127.0.0.1:{port}"\n')
    return config


@pytest.mark.parametrize(
    "arguments",
    [("worker", "--wait", "1s"), ("topics", "create"), ("topics", "verify"), ("topics", "list"), ("tail", "signals")],
)
def test_without_a_broker_it_says_so_and_ends(nowhere: Path, arguments: tuple[str, ...]) -> None:
    done = groundswell(*arguments, cwd=nowhere.parent)
    assert done.returncode == 1
    assert "groundswell: no Kafka broker answers at 127.0.0.1:" in done.stderr


def test_options_that_make_no_sense_are_named(nowhere: Path, tmp_path: Path) -> None:
    file = tmp_path / "e.jsonl"
    file.write_text("rubbish\n")
    for arguments, code, message in [
        (("worker", "--wait", "soon"), 2, "--wait: "),
        (("replay", "e.jsonl", "--speed", "fast"), 2, "--speed: "),
        (("replay", "gone.csv"), 2, "gone.csv: cannot be read"),
        (("replay", "e.jsonl"), 1, "e.jsonl:1: not JSON"),
        (("replay", "e.jsonl", "-m", "gone.toml"), 2, "gone.toml: cannot be read"),
    ]:
        done = groundswell(*arguments, cwd=nowhere.parent)
        assert done.returncode == code
        assert message in done.stderr
