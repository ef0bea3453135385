from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from schemas.codec import encode_json
from schemas.signal import SignalState
from tests.bench.workflow_load import revisions
from tests.support.workers import COMMAND

CONFIG = """
[ownership]
default = { role = "cx", accountable = "head" }
[contacts.team-1]
jira = { project = "MOB" }
[[connectors]]
kind = "jira"
name = "jira"
url = "https://bank.atlassian.net"
user = "groundswell@bank.example"
token_env = "NOT_SET_ANYWHERE"
[[connectors]]
kind = "webhook"
name = "hook"
url = "https://hooks.bank.example"
on_resolve = "comment"
"""


def groundswell(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, input=given, timeout=60)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "g.toml"
    path.write_text(CONFIG)
    return path


def test_a_dry_run_prints_what_would_be_sent_and_needs_no_secret_and_no_broker(config: Path, tmp_path: Path) -> None:
    life = (SignalState.OPENED, SignalState.ESCALATED, SignalState.RESOLVED)
    lines = [encode_json(each).decode() for each in revisions(1, life)]
    done = groundswell("connect", "-c", str(config), "--dry-run", "--from", "-", given="\n".join(lines) + "\n\n")
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stdout.splitlines() if line.startswith("---")]
    signal = "sig-0000000000000001"
    assert told == [
        f"--- {name}: {kind} for {signal}, revision {revision}"
        for name, kind, revision in [
            ("jira", "create", 1), ("jira", "update", 2), ("jira", "comment", 2), ("jira", "update", 3),
            ("jira", "comment", 3), ("jira", "close", 3),
            ("hook", "create", 1), ("hook", "comment", 2), ("hook", "comment", 3), ("hook", "close", 3),
        ]
    ]  # fmt: skip
    assert "POST https://bank.atlassian.net/rest/api/3/issue\n" in done.stdout
    assert "Authorization: Basic ***" in done.stdout
    assert '"key": "MOB"' in done.stdout
    only = groundswell("connect", "-c", str(config), "--dry-run", "--from", "-", "--only", "hook", given=lines[0])
    assert "atlassian" not in only.stdout
    assert "POST https://hooks.bank.example\n" in only.stdout


def test_a_broken_line_is_named(config: Path, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('\n{"id": 7}\n')
    done = groundswell("connect", "-c", str(config), "--dry-run", "--from", str(tmp_path / "a.jsonl"))
    assert done.returncode == 1
    assert "a.jsonl, line 2: no assignment: Expected `str`, got `int` - at `$.id`" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        (("", ""), ["--only", "nobody"], 'connectors: there is no "nobody"; there are jira, hook'),
        (("", ""), ["--from", "x"], "--from: is for --dry-run only"),
        (('"jira"\nname', '"jra"\nname'), [], 'connectors[0].kind: there is no "jra"; there are'),
        (('name = "hook"', 'name = "jira"'), [], 'connectors[1].name: "jira" is used twice'),
        (("user =", "usr ="), [], "connectors[0].usr: unknown key"),
        (("https://bank", "http://bank"), [], "connectors[0].url: is not encrypted"),
        (("on_resolve", "timeout = 3\non_resolve"), [], "connectors[1].timeout: expected a duration"),
        (('"comment"', '"shout"'), [], "connectors[1].on_resolve: "),
        ((CONFIG[CONFIG.index("[[") :], ""), [], "connectors: there are none"),
    ],
)
def test_mistakes_name_their_key(config: Path, change: tuple[str, str], arguments: list[str], message: str) -> None:
    config.write_text(CONFIG.replace(*change) if change[0] else CONFIG)
    done = groundswell("connect", "-c", str(config), *arguments)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
