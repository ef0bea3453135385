"""What is checked and read of hundreds of ordinary events at once: those that need no second look.

An event with a text, several themes, or anything that might be wrong with it is looked at on its own.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import chain
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from xxhash import xxh3_64_intdigest

from detectors.panes import PANE_S
from schemas.event import SCHEMA_VERSION, Event
from schemas.panes import TRAFFIC
from streams.ingest.decode import MAX_METRIC, Limits

_fields = attrgetter(
    "tenant", "theme", "id", "time", "sentiment", "customer", "metrics", "text", "themes", "schema_version"
)


class Columns(NamedTuple):
    """Ordinary events, one entry each.

    Attributes:
        keys: (tenant, theme, start of the pane).
        ids: (tenant, event id).
        ats: event times, epoch seconds.
        customers: hashes, 0 for none.
        panes: how many different panes there are.
    """

    keys: list[tuple[str, str, int]]
    ids: list[tuple[str, str]]
    ats: list[float]
    sentiments: list[float | None]
    customers: list[int]
    metrics: list[dict[str, float]]
    panes: int


def columns_of(events: Sequence[Event], recorded_at: Sequence[float], limits: Limits) -> Columns | None:
    """The columns of events that parsed; None if not every one of them is ordinary.

    Args:
        recorded_at: the records' own times, epoch seconds.
    """
    tenants, themes, ids, times, sentiments, customers, metrics, texts, several, versions = zip(
        *map(_fields, events), strict=True
    )
    names = {*themes, *tenants}
    if None in names or TRAFFIC in names or any(several) or any(text is not None for text in texts):
        return None
    if set(versions) != {SCHEMA_VERSION} or not (_printable(names) and _printable(ids)):
        return None
    ats = list(map(datetime.timestamp, times))
    stamps = np.array(ats)
    ahead = stamps - np.array(recorded_at)
    if ahead.max() >= limits.max_future_s or ahead.min() <= -limits.max_past_s:
        return None
    values = list(chain.from_iterable(map(dict.values, metrics)))
    if values and not (min(values) >= -MAX_METRIC and max(values) <= MAX_METRIC):
        return None
    whole = stamps.astype(np.int64)
    panes = (whole - whole % PANE_S).tolist()
    hashes = [xxh3_64_intdigest(one.encode()) if one else 0 for one in customers]
    return Columns(
        list(zip(tenants, themes, panes, strict=True)),
        list(zip(tenants, ids, strict=True)),
        ats,
        list(sentiments),
        hashes,
        list(metrics),
        len(set(panes)),
    )


_is_printable: Callable[[str], bool] = str.isprintable


def _printable(names: Sequence[str] | set[str]) -> bool:
    return all(map(_is_printable, names))
