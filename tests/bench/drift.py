"""The drift rule against river's change detectors and a rolling z-score, at equal false alerts.

Each method's parameter is the most eager one that keeps a target on tuning seeds; what it then does is told
of other seeds. The rule itself is not tuned: its budget is the target.

    python -m tests.bench.drift [--series 24] [--seeds 2] [--first-seed 2000] [--ours-only]
"""

import argparse
import statistics
import sys
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import orjson

from detectors.drift import DriftSpec
from detectors.history import History
from tests.bench.drift_rivals import RIVALS, Method
from tests.bench.drift_streams import DAYS, HOUR, PANE_S, PANES_A_DAY, START, WARM_DAYS, Stream, streams

TARGETS = (0.5, 0.1)
_TUNING, _JUDGING = 1000, 2000
_SAME_EPISODE = 6 * HOUR
_AFTER = 12 * HOUR
_TIDY = 6 * HOUR


class Result(NamedTuple):
    """What a method did on some streams: found moves with their delays in minutes, false alerts, series-weeks."""

    moves: list[tuple[bool, float, float | None]]
    false: list[tuple[str, float]]
    weeks: float


def ours(stream: Stream, budget: float) -> Iterator[int]:
    """Panes at whose end the rule trips; it is fed as a series feeds it."""
    spec = DriftSpec(name="drift", metric=stream.kind, false_alerts_per_week=budget)
    detector, history = spec.build(), History(spec.history_s, START)
    held: float | None = None
    quiet = 0.0
    for pane, n in enumerate(stream.n.tolist()):
        start = int(START) + pane * PANE_S
        end = start + PANE_S
        if n:
            total = float(stream.total[pane])
            history.mentions.add(start, n, n if stream.kind == "sentiment" else 0.0, total)
            if stream.kind != "sentiment":
                history.add_metric(stream.kind, start, n, total, 0.0)
            history.customers.heard(stream.customers[pane].tolist(), end - 1.0)
            history.latest = end - 1.0
            history.total += int(n)
        if pane % _TIDY == 0:
            history.tidy(end)
        verdict = detector.judge(history, end, held)
        if verdict.severity is not None:
            held = verdict.expected if held is None else held
            quiet = end
            yield pane
        elif end - quiet >= spec.resolve_after_s:
            held = None


def episodes(alarms: Iterable[int]) -> Iterator[int]:
    """The panes at which an episode opens: an alarm within hours of another belongs to it."""
    last = -_SAME_EPISODE - 1
    for pane in alarms:
        if pane - last > _SAME_EPISODE:
            yield pane
        last = pane


def judge(method: Method, parameter: float, judged: Iterable[Stream]) -> Result:
    """Run a method over streams and hold its episodes against the injected moves."""
    result = Result([], [], 0.0)
    weeks = 0.0
    for stream in judged:
        opened = [pane for pane in episodes(method(stream, parameter)) if pane >= WARM_DAYS * PANES_A_DAY]
        covered = 0
        for move in stream.moves:
            hits = [pane for pane in opened if move.start <= pane < move.end + HOUR]
            delay = (hits[0] + 1 - move.start) * PANE_S / 60.0 if hits else None
            result.moves.append((move.feasible, move.size, delay))
            opened = [pane for pane in opened if not move.start <= pane < move.end + _AFTER]
            covered += move.end + _AFTER - move.start
        result.false.extend((stream.kind, stream.rate) for _ in opened)
        weeks += ((DAYS - WARM_DAYS) * PANES_A_DAY - covered) / (7 * PANES_A_DAY)
    return result._replace(weeks=weeks)


def summary(result: Result) -> dict[str, Any]:
    """Recall, delay and false alerts of a result."""
    delays = [delay for feasible, _, delay in result.moves if feasible and delay is not None]
    feasible = sum(1 for each in result.moves if each[0])
    large = [each for each in result.moves if each[0] and each[1] >= 0.8]
    quick = [each[2] for each in large if each[2] is not None]
    return {
        "recall": round(sum(1 for each in result.moves if each[2] is not None) / max(len(result.moves), 1), 3),
        "feasible_recall": round(len(delays) / max(feasible, 1), 3),
        "median_minutes": statistics.median(delays) if delays else None,
        "large_moves_recall": round(len(quick) / max(len(large), 1), 3),
        "large_moves_median_minutes": statistics.median(quick) if quick else None,
        "false_alerts_per_week": round(len(result.false) / result.weeks, 3),
        "moves": len(result.moves),
        "feasible": feasible,
        "weeks": round(result.weeks, 1),
    }


def by(result: Result, judged: list[Stream]) -> dict[str, float]:
    """False alerts a series-week by metric and by rate."""
    found: dict[str, list[float]] = {}
    for stream in judged:
        for key in (stream.kind, "<30/h" if stream.rate < 30 else "<300/h" if stream.rate < 300 else "<=3000/h"):
            found.setdefault(key, [0.0, 0.0])[1] += 1.0
    for kind, rate in result.false:
        for key in (kind, "<30/h" if rate < 30 else "<300/h" if rate < 300 else "<=3000/h"):
            found[key][0] += 1.0
    each = result.weeks / len(judged)
    return {key: round(false / (series * each), 3) for key, (false, series) in found.items()}


def tuned(method: Method, parameters: tuple[float, ...], target: float, on: list[Stream]) -> float:
    """The most eager parameter that keeps the target; the least eager one if none does."""
    for parameter in parameters:
        result = judge(method, parameter, on)
        if len(result.false) / result.weeks <= target:
            return parameter
    return parameters[-1]


def main() -> None:
    """Print one JSON object as the last line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--series", type=int, default=24)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--first-seed", type=int, default=_JUDGING)
    parser.add_argument("--ours-only", action="store_true")
    args = parser.parse_args()
    tuning = [] if args.ours_only else streams(_TUNING, args.series)
    judged = [each for seed in range(args.seeds) for each in streams(args.first_seed + seed, args.series)]
    harder = streams(args.first_seed + 100, args.series, hard=2.0)
    out: dict[str, Any] = {}
    for target in TARGETS:
        results = out[f"target {target}"] = {}
        found = judge(ours, target, judged)
        results["drift"] = summary(found) | {"parameter": target, "false_by": by(found, judged)}
        results["drift, twice the slow noise"] = summary(judge(ours, target, harder))
        for name, (method, parameters) in RIVALS.items() if tuning else ():
            parameter = tuned(method, parameters, target, tuning)
            results[name] = summary(judge(method, parameter, judged)) | {"parameter": parameter}
        for name, row in results.items():
            sys.stderr.write(f"{target} {name}: {orjson.dumps(row).decode()}\n")
    sys.stdout.write(orjson.dumps(out).decode() + "\n")


if __name__ == "__main__":
    main()
