"""What makes a signal worth reading: the slices that rose, and what customers said."""

from math import log
from typing import NamedTuple

from schemas.panes import Sample
from schemas.signal import Driver, Quote
from schemas.times import instant

MAX_DRIVERS = 5
MAX_QUOTES = 5
_KEPT_SAMPLES = 24
_MIN_MENTIONS = 3
_MIN_SHARE = 0.3
_MIN_LIFT = 2.0
_MIN_LIFT_LATELY = 1.25
_UNKNOWN_TRAFFIC_SHARE = 0.6


class SliceTraffic(NamedTuple):
    """Events of all themes by ``dimension=value``; empty where unknown.

    Attributes:
        usual: before whatever is going on began.
        lately: up to now. What has since become common in all themes, such as a new version, is in no theme's favour.
    """

    usual: dict[str, int]
    lately: dict[str, int]


NO_TRAFFIC = SliceTraffic({}, {})


def drivers(counts: dict[str, int], traffic: SliceTraffic) -> list[Driver]:
    """The slices that are over-represented among a theme's mentions, the most telling first.

    Args:
        counts: ``dimension=value`` -> mentions of the theme.

    >>> usual = {"os=iOS 17": 20, "os=iOS 16": 980}
    >>> found = drivers({"os=iOS 17": 13, "os=iOS 16": 2}, SliceTraffic(usual, usual))
    >>> [driver.text for driver in found]
    ['os=iOS 17: 13 of 15 mentions, 2% of traffic']
    """
    mentioned, seen, lately = _by_dimension(counts), _by_dimension(traffic.usual), _by_dimension(traffic.lately)
    found: list[tuple[float, Driver]] = []
    for name, n in counts.items():
        dimension = name.partition("=")[0]
        of = mentioned[dimension]
        share = n / of
        if n < _MIN_MENTIONS or share < _MIN_SHARE:
            continue
        base = seen.get(dimension, 0)
        if base > of:
            usual = max(traffic.usual.get(name, 0), 1) / base
            lift = share / usual
            now = traffic.lately.get(name, 0) / max(lately.get(dimension, 0), 1)
            if lift < _MIN_LIFT or share < _MIN_LIFT_LATELY * now:
                continue
            text = f"{name}: {n} of {of} mentions, {_percent(usual)} of traffic"
            driver = Driver(slice=name, mentions=n, of=of, share=share, traffic_share=usual, lift=lift, text=text)
            found.append((n * log(lift), driver))
        elif share >= _UNKNOWN_TRAFFIC_SHARE and len([k for k in counts if k.startswith(f"{dimension}=")]) > 1:
            text = f"{name}: {n} of {of} mentions"
            driver = Driver(slice=name, mentions=n, of=of, share=share, traffic_share=None, lift=None, text=text)
            found.append((0.0, driver))
    found.sort(key=lambda item: (-item[0], item[1].slice))
    return [driver for _, driver in found[:MAX_DRIVERS]]


def _by_dimension(counts: dict[str, int]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for name, n in counts.items():
        dimension = name.partition("=")[0]
        totals[dimension] = totals.get(dimension, 0) + n
    return totals


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else "under 1%"


class Quotes:
    """The newest samples of a series, bounded; one an event, whatever is replayed."""

    __slots__ = ("samples",)

    def __init__(self, samples: list[Sample] | None = None) -> None:
        self.samples: dict[str, Sample] = {sample.event_id: sample for sample in samples or []}

    def add(self, samples: list[Sample]) -> None:
        """Keep ``samples``, dropping the oldest ones beyond the bound."""
        for sample in samples:
            self.samples[sample.event_id] = sample
        if len(self.samples) > _KEPT_SAMPLES:
            newest = sorted(self.samples.values(), key=lambda sample: (sample.at, sample.event_id))[-_KEPT_SAMPLES:]
            self.samples = {sample.event_id: sample for sample in newest}

    def best(self, since: float) -> list[Quote]:
        """Up to five quotes after ``since``: one a customer and text, the most negative first, then the newest."""
        ranked = sorted(
            (sample for sample in self.samples.values() if sample.at > since),
            key=lambda sample: (sample.sentiment if sample.sentiment is not None else 0.0, -sample.at, sample.event_id),
        )
        customers: set[int] = set()
        texts: set[str] = set()
        quotes: list[Quote] = []
        for sample in ranked:
            if sample.customer in customers or sample.text in texts:
                continue
            if sample.customer:
                customers.add(sample.customer)
            texts.add(sample.text)
            quotes.append(
                Quote(
                    event_id=sample.event_id,
                    at=instant(sample.at),
                    text=sample.text,
                    sentiment=sample.sentiment,
                    sentiment_source=sample.sentiment_source,
                )
            )
            if len(quotes) == MAX_QUOTES:
                break
        return quotes
