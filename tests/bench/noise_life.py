"""What a person hears of what comes and goes, of what stays, and of a source that is out, or says all twice.

python -m tests.bench.noise_life [--only flapping plateau outage doubled] [--seeds 1 2 3] [--quick]

Events go through streams.pipeline.Pipeline, with time injected. Prints a table, and one JSON object as the last line.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import orjson

from schemas.signal import Attention, Signal, SignalState
from streams.pipeline import Pipeline
from streams.source_signal import SOURCE_OUT
from tests.bench.detection import write
from tests.bench.noise_storm import SURGE, Heard, settings
from tests.bench.noise_world import DAY, MINUTE, START, Trouble, World

KINDS = ("flapping", "plateau", "outage", "doubled")
_THEMES, _SUBJECT = 30, 0
_DAY_MINUTES = DAY // MINUTE
_CROSSINGS, _PLATEAU_DAYS = 20, 5
_CATCH_UP_MINUTES = 5
COUNT: dict[str, Any] = {
    "name": "count",
    "detector": "count",
    "themes": [f"theme-{_SUBJECT:03d}"],
    "window": "10m",
    "levels": {"medium": 6},
    "resolve_after": "2h",
}

Minutes = Iterator[tuple[int, list[bytes]]]


def flapping(seed: int, *, by_count: bool, quick: bool = False) -> dict[str, Any]:
    """One theme rises and falls twenty times within a day, and is then as usual for two days.

    Args:
        by_count: a rule watches that knows ten minutes and no past, so that it trips at each rise.
    """
    warm = _warm(quick)
    each = _DAY_MINUTES // _CROSSINGS
    troubles = [
        Trouble(f"rise-{n}", (_SUBJECT,), warm + n * each, warm + n * each + each // 3, 12.0, 60.0, {})
        for n in range(_CROSSINGS)
    ]
    return {"by_count": by_count, **_of_subject(seed, troubles, warm, 3 * _DAY_MINUTES, COUNT if by_count else SURGE)}


def plateau(seed: int, *, quick: bool = False) -> dict[str, Any]:
    """One theme stays at several times its usual for five days, and is then as usual for two days."""
    warm = _warm(quick) + 10 * 60
    trouble = Trouble("plateau", (_SUBJECT,), warm, warm + _PLATEAU_DAYS * _DAY_MINUTES, 4.0, 0.0, {})
    return _of_subject(seed, [trouble], warm, (_PLATEAU_DAYS + 2) * _DAY_MINUTES, SURGE)


def outage(seed: int, *, stamped_anew: bool, quick: bool = False) -> dict[str, Any]:
    """Nothing comes for an hour; then all of it within five minutes, and life goes on.

    Args:
        stamped_anew: the source stamps its events when it sends them, not when they happened.
    """
    warm = _warm(quick)
    begin = warm + 14 * 60
    world = World(_rates(seed), [], seed)
    heard = _heard(_held_back(world.minutes(warm + 2 * _DAY_MINUTES), begin, begin + 60, stamped_anew))
    since = START + begin * MINUTE
    told = [signal for at, signal in heard.signals if at >= since and signal.attention is not Attention.NONE]
    own = [signal for signal in told if signal.theme == SOURCE_OUT]
    # What chance does two days later is the budget's matter; what the outage does shows within six hours.
    near = {
        signal.id
        for at, signal in heard.candidates
        if since <= at <= since + 6 * 3600 and signal.theme != SOURCE_OUT and signal.state is SignalState.OPENED
    }
    return {
        "seed": seed,
        "stamped_anew": stamped_anew,
        "false_signals": len(near),
        "operational_signals": len({signal.id for signal in own}),
        "operational_states": [signal.state.value for signal in own],
    }


def doubled(seed: int, *, other_ids: bool, quick: bool = False) -> dict[str, Any]:
    """For an hour a source sends everything twice.

    Args:
        other_ids: the second time under another id, so that nothing tells it from twice as many complaints.
    """
    begin = _warm(quick) + 14 * 60
    minutes = World(_rates(seed), [], seed).minutes(begin + _DAY_MINUTES)
    heard = _heard(_said_twice(minutes, begin, begin + 60, other_ids))
    since = START + begin * MINUTE
    told = [signal for at, signal in heard.interruptions() if since <= at <= since + 6 * 3600]
    found = {signal.id for at, signal in heard.candidates if since <= at <= since + 6 * 3600}
    return {
        "seed": seed,
        "other_ids": other_ids,
        "signals_found": len(found),
        "notifications": len(told),
        "incidents": len({signal.id for signal in told if signal.rule == "incident"}),
    }


def _said_twice(minutes: Minutes, begin: int, end: int, other_ids: bool) -> Minutes:
    for minute, events in minutes:
        again = events if begin <= minute < end else []
        if other_ids:
            again = [orjson.dumps({**orjson.loads(each), "id": f"again-{minute}-{n}"}) for n, each in enumerate(again)]
        yield minute, [*events, *again]


def _warm(quick: bool) -> int:
    return (2 if quick else 7) * _DAY_MINUTES


def _rates(seed: int) -> list[float]:
    """Mentions an hour; the subject has six."""
    draw = np.random.default_rng([seed, 3])
    return [6.0, *np.exp(draw.uniform(np.log(1.0), np.log(12.0), _THEMES - 1))]


def _heard(minutes: Minutes, rule: dict[str, Any] = SURGE) -> Heard:
    pipeline, heard = Pipeline(settings(rule)), Heard()
    for minute, events in minutes:
        at = float(START + (minute + 1) * MINUTE)
        heard.events += len(events)
        heard.add(pipeline.feed(events, at), at)
        heard.add(pipeline.turn(at + 5.0), at + 5.0)
    return heard


def _of_subject(seed: int, troubles: list[Trouble], begin: int, minutes: int, rule: dict[str, Any]) -> dict[str, Any]:
    heard = _heard(World(_rates(seed), troubles, seed).minutes(begin + minutes), rule)
    since, name = START + begin * MINUTE, f"theme-{_SUBJECT:03d}"
    signals = [signal for at, signal in heard.signals if at >= since and signal.theme == name]
    told = [signal for signal in signals if signal.attention is Attention.NOW]
    listed = sum(bool(ids & {signal.id for signal in signals}) for _, ids in heard.digests)
    return {
        "seed": seed,
        "signals": len({signal.id for signal in signals}),
        "notifications": len(told),
        "by_state": dict(Counter(signal.state.value for signal in told)),
        "open_at_the_end": _open(signals),
        "digests_that_list_it": listed,
    }


def _open(signals: list[Signal]) -> int:
    last = {signal.id: signal.state for signal in signals}
    return sum(state is not SignalState.RESOLVED for state in last.values())


def _held_back(minutes: Minutes, begin: int, end: int, stamped_anew: bool) -> Minutes:
    waiting: list[bytes] = []
    for minute, events in minutes:
        if begin <= minute < end:
            waiting += events
            yield minute, []
        elif end <= minute < end + _CATCH_UP_MINUTES:
            share = -(-len(waiting) // (end + _CATCH_UP_MINUTES - minute))
            late, waiting = waiting[:share], waiting[share:]
            yield minute, [*(_stamped(each, minute) for each in late), *events] if stamped_anew else [*late, *events]
        else:
            yield minute, events


def _stamped(record: bytes, minute: int) -> bytes:
    event = orjson.loads(record)
    event["time"] = f"{np.datetime64(START + minute * MINUTE, 's')}Z"
    return orjson.dumps(event)


def play(kinds: list[str], seeds: list[int], *, quick: bool) -> dict[str, Any]:
    """Play them, print a table of each, and say what was heard at the worst."""
    found: dict[str, Any] = {}
    scenes = {
        "flapping": [partial(flapping, by_count=by_count) for by_count in (False, True)],
        "plateau": [plateau],
    }
    for kind in scenes.keys() & set(kinds):
        rows = [scene(seed, quick=quick) for seed in seeds for scene in scenes[kind]]
        _table(kind, rows)
        found |= {f"{kind}_notifications": max(row["notifications"] for row in rows), kind: rows}
    if "outage" in kinds:
        rows = [outage(seed, stamped_anew=anew, quick=quick) for seed in seeds for anew in (False, True)]
        _table("outage", rows)
        found |= {
            "outage_false_signals": sum(row["false_signals"] for row in rows),
            "outage_operational_signals": max(row["operational_signals"] for row in rows),
            "outage": rows,
        }
    if "doubled" in kinds:
        rows = [doubled(seed, other_ids=other, quick=quick) for seed in seeds for other in (False, True)]
        _table("doubled", rows)
        found |= {"doubled_notifications": max(row["notifications"] for row in rows), "doubled": rows}
    return found


def _table(kind: str, rows: list[dict[str, Any]]) -> None:
    named = {
        " ".join([f"seed {row['seed']}", *(key for key, value in row.items() if value is True)]): {
            key: value for key, value in row.items() if not isinstance(value, dict | list | bool) and key != "seed"
        }
        for row in rows
    }
    write(kind, named)


def main() -> None:
    """Play them, and say what was heard."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1])
    parser.add_argument("--quick", action="store_true", help="less of a past: does it run at all")
    args = parser.parse_args()
    found = {"bench": "noise_life", "seeds": args.seeds, **play(args.only, args.seeds, quick=args.quick)}
    sys.stdout.write(orjson.dumps(found).decode() + "\n")


if __name__ == "__main__":
    main()
