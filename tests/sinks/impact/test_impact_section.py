"""The table ``[impact]``: every mistake is told by its key."""

import tomllib
from pathlib import Path

import pytest

from sinks.impact import Impact, ImpactConfig
from streams.config import ConfigError, parse_settings

OWNER = 'ownership.default = { role = "cx", accountable = "head" }\n[impact]\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("curency = 'EUR'", "impact.curency: unknown key"),
        ("currency = ' '", "impact.currency: is empty"),
        ("weights.volume = -1", "impact.weights.volume: expected 0 or more, got -1"),
        ("weights.volume = inf", "impact.weights.volume: expected 0 or more, got inf"),
        ("weights.luck = 1", "impact.weights.luck: unknown key"),
        ("tiers.gold = { arr = 'much' }", "impact.tiers.gold.arr: expected `float | null`, got `str`"),
        ("tiers.gold = 3", "impact.tiers.gold: expected a table, got 3"),
        ("tiers.gold = { arr = -1 }", "impact.tiers.gold.arr: expected 0 or more, got -1"),
        ("tiers.gold = { churn = 8 }", "impact.tiers.gold.churn: expected 0 to 1, got 8"),
        ("tiers.gold = { price = 8 }", "impact.tiers.gold.price: unknown key"),
        ("churn = { 'login-*' = 20 }", "impact.churn.login-*: expected 0 to 1, got 20"),
        ("churn = { ' ' = 0.1 }", 'impact.churn." ": is empty'),
        ("effort = { fees = nan }", "impact.effort.fees: expected 0 or more, got nan"),
        ("mentions_full = 0", "impact.mentions_full: expected more than 0, got 0"),
        ("velocity_full = 1", "impact.velocity_full: expected more than 1, got 1"),
        ("churn_full = 0", "impact.churn_full: expected more than 0, got 0"),
        ("churn_full = 2", "impact.churn_full: expected 0 to 1, got 2"),
        ("sentiment_full = 0.5", "impact.sentiment_full: expected -1 or more and below 0, got 0.5"),
        ("sentiment_full = nan", "impact.sentiment_full: expected -1 or more and below 0, got nan"),
        ("key_metrics = ['nps', '']", "impact.key_metrics[1]: is empty"),
        ("tier_dimension = ''", "impact.tier_dimension: is empty"),
        ("bands = { urgent = 9 }", 'impact.bands: "urgent" is no severity; there are low, medium, high, critical'),
        ("bands = { high = 11 }", "impact.bands.high: expected 0 to 10, got 11"),
        ("bands = { high = 8, critical = 8 }", "impact.bands.critical: 8 is not above the 8 of high"),
    ],
)
def test_a_mistake_is_told_by_its_key(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_settings(tomllib.loads(OWNER + text), Path())
    assert str(caught.value).startswith(message)


def test_weights_that_are_all_nothing_are_refused() -> None:
    names = ImpactConfig().weights.__struct_fields__
    text = "weights = { " + ", ".join(f"{name} = 0" for name in names) + " }"
    with pytest.raises(ConfigError, match=r"^impact\.weights: are all 0"):
        parse_settings(tomllib.loads(OWNER + text), Path())


def test_a_theme_may_be_called_like_a_setting_that_is_a_duration() -> None:
    settings = parse_settings(tomllib.loads(OWNER + "effort = { window = 3, patience = 4 }"), Path())
    assert settings.impact.effort == {"window": 3.0, "patience": 4.0}


def test_it_is_among_what_identifies_the_configuration() -> None:
    digests = {
        parse_settings(tomllib.loads(OWNER + text), Path()).digest for text in ("", "bands.high = 7", "bands.high = 8")
    }
    assert len(digests) == 3


def test_the_defaults_are_sound() -> None:
    assert Impact()
