"""The table [triage]: every mistake is told by its key."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from streams.config import ConfigError, parse_settings, triage_policy
from streams.settings import Settings

OWNER = 'ownership.default = { role = "cx", accountable = "head" }\n[triage]\n'


def parsed(text: str) -> Settings:
    return parse_settings(tomllib.loads(OWNER + text), Path())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("group_wait = 5", 'triage.group_wait: expected a duration such as "5h"'),
        ("group_wait = '2d'", "triage.group_wait: expected 0 seconds to a day, got 172800 s"),
        ("window = '5s'", "triage.window: expected 60 seconds to a day"),
        ("remember = '1h'", "triage.remember: expected a day or more"),
        ("together_least = 1", "triage.together_least: expected 2 or more"),
        ("interruptions_per_day = -1", "triage.interruptions_per_day: expected 0 or more, got -1"),
        ("digest_at = ['9:00']", 'triage.digest_at: expected times such as "09:00", got "9:00"'),
        ("digest_at = ['24:00']", "triage.digest_at: expected times"),
        ("digest_at = []", "triage.digest_at: is empty"),
        ("groupwait = '5s'", "triage.groupwait: unknown key"),
        ("[[triage.subscriptions]]\nhow = 'loud'", "triage.subscriptions[0].how: invalid enum value 'loud'"),
        ("[[triage.subscriptions]]\nwhen = 'worse'", 'triage.subscriptions[0].when: "worse" is no state'),
        ("[[triage.subscriptions]]\nwhen = []", "triage.subscriptions[0].when: is empty"),
        ("[[triage.subscriptions]]\nmatch = { theme = [] }", "triage.subscriptions[0].match.theme: is empty"),
        ("[[triage.subscriptions]]\nmatch = { severity = 'bad' }", 'match.severity: "bad" matches none of low'),
        ("[[triage.subscriptions]]\nmatch = { them = 'x' }", "triage.subscriptions[0].match.them: unknown key"),
    ],
)
def test_a_mistake_is_named_by_its_key(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        parsed(text)
    assert message in str(error.value)


def test_what_is_written_is_what_is_meant() -> None:
    settings = parsed(
        "group_wait = '10s'\nwindow = '1h'\ninterruptions_per_day = 5\ndigest_at = ['17:30', '09:00']\n"
        "[[triage.subscriptions]]\nmatch = { theme = 'login-*' }\nwhen = 'escalating'\nhow = 'now'\n"
    )
    assert (settings.triage.group_wait_s, settings.triage.window_s) == (10.0, 3600.0)
    assert settings.triage.digest_seconds == [9 * 3600, 17 * 3600 + 1800]
    assert settings.triage.subscriptions[0].moments == ["escalating"]
    assert settings.digest != parsed("").digest, "what is told differently has another version"


def test_the_digest_hour_is_by_the_tenants_clock() -> None:
    settings = parsed("[calendar]\nzone = 'Europe/Berlin'\ntenants.'jp-*'.zone = 'Asia/Tokyo'")
    digests = triage_policy(settings).digests
    noon = 1_767_571_200.0 + 12 * 3600
    assert (digests.after("bank", noon) - noon) / 3600 == 20.0
    assert (digests.after("jp-1", noon) - noon) / 3600 == 12.0


def test_the_hour_is_found_where_the_clock_changes() -> None:
    settings = parsed("digest_at = ['02:30', '09:00']\n[calendar]\nzone = 'Europe/Berlin'")
    digests = triage_policy(settings).digests
    # 29 March 2026: 02:30 does not happen; 25 October: it happens twice.
    for midnight, hours in ((1_774_738_800.0, 8), (1_792_879_200.0, 10)):
        found, at = [], midnight
        while (at := digests.after("bank", at)) < midnight + 86_400:
            found.append(at)
        assert found[-1] == midnight + hours * 3600
        assert len(found) == 2
