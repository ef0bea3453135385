"""The preview of memory is a measurement of the very objects a worker keeps."""

from pathlib import Path

from typer.testing import CliRunner

from streams.cli.main import app
from streams.config import parse_settings
from streams.memory import detector_with, estimate

OWNERS = {"default": {"role": "cx", "accountable": "head"}}
RULE = {"name": "third", "detector": "count", "window": "5h", "levels": {"low": 3}}


def test_more_dimensions_take_more_and_sleep_takes_less() -> None:
    few = parse_settings({"rules": [RULE], "ownership": OWNERS, "ingest": {"counting": {"dimensions": []}}}, Path())
    many = parse_settings({"rules": [RULE], "ownership": OWNERS}, Path())
    little, much = estimate(few), estimate(many)
    assert little.busy < much.busy
    # Compressed, what sleeps hardly shows how much there was of it.
    assert 300 < little.asleep < little.busy / 5
    assert 300 < much.asleep < much.busy / 5


def test_the_samples_are_counted() -> None:
    settings = parse_settings({"rules": [RULE], "ownership": OWNERS}, Path())
    detector = detector_with(settings, 3, 90, first=7)
    assert sorted(detector.series) == [("default", f"theme-{n}") for n in (7, 8, 9)]
    assert detector.series["default", "theme-8"].history.total == 90


def test_check_config_adds_it_up(tmp_path: Path) -> None:
    config = tmp_path / "g.toml"
    config.write_text('[detect]\nmax_series = 5000\n[ownership]\ndefault = { role = "a", accountable = "b" }\n')
    result = CliRunner().invoke(app, ["check-config", "-c", str(config), "--series", "9000"])
    assert result.exit_code == 0, result.output
    assert "for 9,000 series" in result.output
    assert "no more than detect.max_series = 5,000 are kept" in result.output
    assert "4,900 series that are quiet" in result.output
    assert CliRunner().invoke(app, ["check-config", "-c", str(config), "--series", "0"]).exit_code == 2
