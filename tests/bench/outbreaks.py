"""Slow panes: the 42 weekly outbreak scenarios, judged by the yearly baseline beside one who knows the truth.

python -m tests.bench.outbreaks [--seeds 201 202] [--copies 10] [--past 5 10] [--curve] [--scenarios] [--quick]

Prints tables, and one JSON object as the last line. "one" judges every week alone, "two" carries evidence over from the
week before; either stands beside an oracle that judges in the same way, and ``relative`` is to the oracle that judges
every week alone. Nothing is chosen here: seeds given are seeds reported.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import orjson

from detectors.negative_binomial import LEAST_DISPERSION
from detectors.yearly import CARRY, Calendar, yearly_p_values
from detectors.yearly_tail import Forecast, upper_tail
from tests.bench.detection import write
from tests.judges.interface import Floats
from tests.judges.outbreaks import ALARM, FIRST, Scenario, Weeks, drawn, rates, scenarios, score_of, threshold_at
from tests.judges.shared import MissingData, shared_file

FPR = 0.01


class Told(NamedTuple):
    """Scores (49, S) of a way to judge, and of the oracle that judges in this way, of the same series."""

    weeks: Weeks
    mine: Floats
    oracle: Floats


def oracle(weeks: Weeks, carry: float) -> Floats:
    """(49, S) scores of one who knows mean and dispersion."""
    found = np.empty((len(weeks.counts) - FIRST, weeks.counts.shape[1]))
    for series, phi in enumerate(np.maximum(weeks.phi, LEAST_DISPERSION)):
        for week in range(FIRST, len(weeks.counts)):
            count, last = weeks.counts[[week, week - 1], series]
            now, before = (Forecast(float(mean), float(phi)) for mean in weeks.mean[[week, week - 1], series])
            found[week - FIRST, series] = upper_tail(float(count), now, (float(last), before), carry)
    return score_of(found)


def told(table: list[Scenario], args: argparse.Namespace, k: float, past: float | None, carry: float) -> Told:
    """All seeds side by side."""
    parts = []
    for seed in args.seeds:
        weeks = drawn(table, seed, args.copies, k, past)
        mine = yearly_p_values(weeks.counts, FIRST, Calendar(args.period), carry, args.refit)
        parts.append(Told(weeks, score_of(mine), oracle(weeks, carry)))
    weeks = Weeks(*(np.concatenate(each, axis=-1) for each in zip(*(part.weeks for part in parts), strict=True)))
    return Told(weeks, *(np.concatenate([part[n] for part in parts], 1) for n in (1, 2)))


def _row(judged: Told, known: tuple[float, float]) -> dict[str, Any]:
    """``known``: POD of the oracle that judges every week alone, at p < 0.01 and at an FPR of 1 %."""
    weeks = judged.weeks
    fpr, pod = rates(judged.mine, weeks, ALARM)
    oracle_fpr, oracle_pod = rates(judged.oracle, weeks, ALARM)
    exact = rates(judged.mine, weeks, threshold_at(judged.mine, weeks, FPR))[1]
    oracle_exact = rates(judged.oracle, weeks, threshold_at(judged.oracle, weeks, FPR))[1]
    return {
        "fpr%": round(100 * fpr, 2),
        "pod": round(pod, 3),
        "oracle_fpr%": round(100 * oracle_fpr, 2),
        "oracle_pod": round(oracle_pod, 3),
        "relative": round(pod / known[0], 3),
        "pod_at_1%": round(exact, 3),
        "oracle_pod_at_1%": round(oracle_exact, 3),
        "relative_at_1%": round(exact / known[1], 3),
        "relative_same_way_at_1%": round(exact / oracle_exact, 3),
        "alarm_pod_of_oracle_at_1%": round(pod / known[1], 3),
    }


def _known(judged: Told) -> tuple[float, float]:
    oracle_of, weeks = judged.oracle, judged.weeks
    return rates(oracle_of, weeks, ALARM)[1], rates(oracle_of, weeks, threshold_at(oracle_of, weeks, FPR))[1]


def _by_scenario(judged: Told, copies: int) -> dict[str, dict[str, Any]]:
    """FPR and POD of an alarm at p < 0.01, scenario by scenario."""
    rows = {}
    number = np.arange(judged.mine.shape[1]) % (42 * copies) // copies
    for scenario in range(42):
        its = number == scenario
        weeks = Weeks(
            judged.weeks.counts[:, its], judged.weeks.mean[:, its], judged.weeks.phi[its], judged.weeks.ill[:, its]
        )
        (fpr, pod), (best_fpr, best_pod) = (rates(each[:, its], weeks, ALARM) for each in (judged.mine, judged.oracle))
        rows[str(scenario + 1)] = {
            "fpr%": round(100 * fpr, 2),
            "oracle_fpr%": round(100 * best_fpr, 2),
            "pod": round(pod, 3),
            "oracle_pod": round(best_pod, 3),
        }
    return rows


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", nargs="+", type=int, default=[201, 202])
    parser.add_argument("--copies", type=int, default=10, help="series of each scenario and seed")
    parser.add_argument("--past", nargs="*", type=float, default=[5.0, 10.0], help="sizes of past outbreaks")
    parser.add_argument("--curve", action="store_true", help="outbreaks of 2 to 10 standard deviations, not 5 and 10")
    parser.add_argument(
        "--scenarios", action="store_true", help="a table of the 42 scenarios, of the smallest outbreaks"
    )
    parser.add_argument("--period", type=float, default=52.0, help="weeks of a year, as the detector is told")
    parser.add_argument("--refit", type=int, default=7, help="weeks between two fits")
    parser.add_argument(
        "--quick", action="store_true", help="two series a scenario, one seed, one fit: does it run at all"
    )
    return parser.parse_args()


def main() -> None:
    """Judge clean and contaminated histories."""
    args = _options()
    if args.quick:
        args.seeds, args.copies, args.refit = args.seeds[:1], 2, 49
    try:
        table = scenarios(shared_file("quality", "noufaily2013_scenarios.csv"))
    except MissingData as missing:
        sys.exit(f"outbreaks: {missing}")
    sizes = [2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0] if args.curve else [5.0, 10.0]
    found: dict[str, Any] = {"bench": "outbreaks", **vars(args), "histories": {}}
    for past in (None, *args.past):
        rows, detail = {}, {}
        for k in sizes:
            ask = partial(told, table, args, k, past)
            alone = ask(0.0)
            known = _known(alone)
            two = ask(CARRY)
            rows[f"one k={k:g}"], rows[f"two k={k:g}"] = _row(alone, known), _row(two, known)
            detail = detail or _by_scenario(two, args.copies)
        name = "clean" if past is None else f"past outbreaks k={past:g}"
        write(name, rows)
        if args.scenarios:
            write(f"{name}, two, k={sizes[0]:g}", detail)
        found["histories"][name] = {"rows": rows, "scenarios": detail}
    sys.stdout.write(orjson.dumps(found).decode() + "\n")


if __name__ == "__main__":
    main()
