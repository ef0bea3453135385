"""The configuration: every mistake is told by its key, and by what was expected there."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from streams.config import ConfigError, enricher, load_settings, parse_settings
from streams.settings import Settings

OWNER = 'ownership.default = { role = "cx", accountable = "head" }\n'
COUNT = OWNER + "[[rules]]\nname = 'a'\ndetector = 'count'\nwindow = '5h'\n"


def parsed(text: str) -> Settings:
    return parse_settings(tomllib.loads(text), Path())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (OWNER + "chekpoint = '1s'", "chekpoint: unknown key"),
        (OWNER + "directory = '.'", "directory: unknown key"),
        (OWNER + "[kafka]\nbootstap = 'x'", "kafka.bootstap: unknown key"),
        (OWNER + "kafka = 3", "kafka: expected `object`, got `int`"),
        (OWNER + "kafka.partitions = '8'", "kafka.partitions: expected `int`, got `str`"),
        (OWNER + "kafka.security.protocol = 'TLS'", "kafka.security.protocol: invalid enum value 'TLS'"),
        # Durations.
        (OWNER + "checkpoint = 5", 'checkpoint: expected a duration such as "5h" or "90s", got 5'),
        (OWNER + "checkpoint_s = 5", 'checkpoint_s: unknown key; write checkpoint = "5h", with a unit'),
        (OWNER + "[ingest.counting]\nchunk_s = 5", "ingest.counting.chunk_s: unknown key; write chunk ="),
        # Rules.
        (COUNT + "levels = { lo = 3 }", 'rules[0].levels: "lo" is no severity; there are low, medium, high, critical'),
        (COUNT + "levels = { 'it`s - at `$' = 3 }", 'rules[0].levels: "it`s - at `$" is no severity; there are'),
        (COUNT + "levels = { low = '3' }", "rules[0].levels[...]: expected `float`, got `str`"),
        (COUNT + "levels = {}", "rules[0].levels: expected at least one severity, such as"),
        (COUNT + "levels = { low = 5, high = 3 }", "rules[0].levels: expected thresholds that rise with severity"),
        (COUNT + "levels = { low = 3 }\nresolve_after = '0s'", "rules[0].resolve_after: expected more than 0, got 0"),
        (COUNT + "levels = { low = 3 }\nthemes = '*'", "rules[0].themes: expected `array`, got `str`"),
        (COUNT + "levls = { low = 3 }", "rules[0].levls: unknown key"),
        (COUNT, "rules[0].levels: is missing"),
        (OWNER + "[[rules]]\nname = 'a'\ndetector = 'count'\nlevels = { low = 3 }", "rules[0].window: is missing"),
        (
            OWNER + "[[rules]]\nname = 'a'\ndetector = 'magic'\nwindow = '1h'",
            'rules[0].detector: there is no "magic"; there are count, drift, metric, sentiment, surge, velocity',
        ),
        (OWNER + "[[rules]]\nname = 'a'\nwindow = '1h'", "rules[0].detector: is missing"),
        (
            OWNER + "[[rules]]\nname = 'a'\ndetector = 'sentiment'\nwindow = '1h'",
            "rules[0]: below, drop: expected at least one of them",
        ),
        (COUNT + "levels = { low = 3 }\n" + COUNT.removeprefix(OWNER) + "levels = { low = 3 }", 'rules[1].name: "a"'),
        # What goes into attribute names.
        (
            OWNER + "ingest.counting.dimensions = ['channel', 'tier', 'os version']",
            'ingest.counting.dimensions[2]: "os version" is no name: expected letters, digits and "_"',
        ),
        (OWNER + "ingest.counting.dimensions = ['17']", 'ingest.counting.dimensions[0]: "17" is no name'),
        (OWNER + "ingest.counting.dimensions = ['']", 'ingest.counting.dimensions[0]: "" is no name'),
        (OWNER + "ingest.counting.dimensions = ['a', 'a']", 'ingest.counting.dimensions[1]: "a" is listed twice'),
        (OWNER + "ingest.counting.dimensions = ['metrics']", 'ingest.counting.dimensions[0]: "metrics" has no single'),
        # What goes into Kafka's names.
        (OWNER + "kafka.prefix = 'cx:'", 'kafka.prefix: "cx:" holds more than letters, digits'),
        (OWNER + "kafka.prefix = 'cx\\n'".replace("'", '"'), 'kafka.prefix: "cx\n" holds more than letters'),
        (OWNER + "kafka.group = 'größe'", 'kafka.group: "größe" holds more than letters'),
        (OWNER + "kafka.group = ''", "kafka.group: is empty"),
        (OWNER + "kafka.member_id = 'a b'", 'kafka.member_id: "a b" holds more than letters'),
        (OWNER + f"kafka.prefix = '{'p' * 233}'", "kafka.prefix: 233 characters; Kafka's names leave room for 232"),
        (OWNER + f"kafka.group = '{'g' * 231}'", "kafka.group: 231 characters; Kafka's names leave room for 230"),
        # Owners.
        ("", "ownership.default: is missing; it owns what no rule matches"),
        ("ownership.default = { role = 'x' }", "ownership.default.accountable: is missing"),
        (OWNER + "[[ownership.rules]]\nname = 'x'", "ownership.rules[0].role: is missing"),
    ],
)
def test_a_mistake_is_told_by_its_key(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parsed(text)
    assert str(caught.value).startswith(message)


def test_names_as_long_as_kafka_takes_them_are_taken() -> None:
    assert len(parsed(OWNER + f"kafka.prefix = '{'p' * 232}'").kafka.prefix) == 232
    assert len(parsed(OWNER + f"kafka.group = '{'g' * 230}'").kafka.group) == 230
    assert parsed(OWNER + "kafka.prefix = ''").kafka.prefix == ""


def test_a_taxonomy_that_cannot_be_used_is_told_once(tmp_path: Path) -> None:
    config = tmp_path / "g.toml"
    config.write_text(OWNER + "ingest.taxonomy = 't.toml'")
    for text, message in [
        (None, f"ingest.taxonomy: {tmp_path / 't.toml'}: expected a readable TOML file: No such file"),
        ("themes = 3", f"ingest.taxonomy: {tmp_path / 't.toml'}: themes: expected at least one table"),
    ]:
        if text is not None:
            (tmp_path / "t.toml").write_text(text)
        with pytest.raises(ConfigError) as caught:
            enricher(load_settings(config))
        assert str(caught.value).startswith(message)
        assert str(caught.value).count("ingest.taxonomy") == 1


def test_the_file_is_named_first(tmp_path: Path) -> None:
    config = tmp_path / "g.toml"
    for content, message in [
        (b"= nonsense", "not TOML: "),
        (b"\xff", "not TOML: "),
        (OWNER.encode() + b"checkpoint = 5", "checkpoint: expected a duration"),
    ]:
        config.write_bytes(content)
        with pytest.raises(ConfigError) as caught:
            load_settings(config)
        assert str(caught.value).startswith(f"{config}: {message}")
