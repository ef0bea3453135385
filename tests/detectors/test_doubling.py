"""Whether a rise is one that all series share alike."""

import numpy as np
import pytest

from detectors.doubling import DoublingWatch, Part, alike

USUAL = np.array([4.0, 6.0, 10.0, 16.0, 24.0, 40.0])


def parts(seen: np.ndarray) -> list[Part]:
    return [Part(float(count), float(mean)) for count, mean in zip(seen, USUAL, strict=True)]


def total(seen: np.ndarray) -> Part:
    return Part(float(seen.sum()), float(USUAL.sum()))


def share(means: np.ndarray, tries: int = 2000) -> float:
    """How often counts with these means are taken for a source that says all twice."""
    draw = np.random.default_rng(4)
    found = 0
    for _ in range(tries):
        seen = draw.poisson(means)
        found += alike(total(seen), parts(seen))
    return found / tries


def test_twice_and_three_times_are_recognized_and_the_usual_is_not() -> None:
    assert share(2.0 * USUAL) > 0.95
    assert share(3.0 * USUAL) > 0.85
    assert share(USUAL) == 0.0
    assert share(1.3 * USUAL) < 0.01


@pytest.mark.parametrize("theme", range(6))
def test_one_theme_that_brings_as_much_as_all_is_not(theme: int) -> None:
    means = USUAL.copy()
    means[theme] += USUAL.sum()
    assert share(means) < 0.01


def test_half_of_the_themes_are_not_all() -> None:
    means = USUAL.copy()
    means[::2] *= 4.0
    assert share(means) < 0.02


@pytest.mark.parametrize(
    "few",
    [
        [],
        [Part(120.0, 60.0)],
        [Part(120.0, 60.0), Part(2.0, 1.0)],
        [Part(4.0, 2.0), Part(6.0, 3.0)],
    ],
)
def test_too_few_of_them_say_nothing(few: list[Part]) -> None:
    assert not alike(Part(120.0, 60.0), few)


def test_a_gap_in_what_was_seen_starts_anew_and_a_snapshot_goes_on() -> None:
    def of(first: float, end: float) -> list[Part]:
        panes = (end - first) / 300.0
        return [Part(11.0 * panes, 5.0 * panes), Part(7.0 * panes, 3.0 * panes)]

    watch, usual = DoublingWatch(300), Part(0.0, 8.0)
    # Too little in a pane, or in two: three are as many as are asked for.
    assert not any(watch.step(pane, 17.0, usual, of) for pane in (0.0, 300.0, 900.0, 1200.0))
    again = DoublingWatch(300)
    again.restore(watch.snapshot())
    for each in (watch, again):
        assert each.step(1500.0, 18.0, usual, of)
        assert each.since == 900.0
        assert each.step(1800.0, 15.0, usual, of)
        assert each.step(2100.0, 8.0, usual, of)
        assert not each.step(2400.0, 8.0, usual, of)
        assert each.since is None
