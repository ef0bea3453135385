"""What a pane costs ``surge`` when it closes over many active series, all in one process.

python -m tests.bench.pane_close [--series 100000]

Each series takes in a pane with mentions (``observe``) and is looked at in the middle of the next one
(``look``), as the live worker does for each flush. The series are copies of a few hundred that have
seen four days; prints one JSON object.
"""

import argparse
import resource
import sys
import time

import numpy as np
import orjson

from detectors.budget import Budget
from detectors.surge_detector import RISES
from detectors.surge_state import SurgeState
from detectors.surroundings import Surroundings

PANE_S, DAYS, DISTINCT = 300, 4, 200


def _grown(rng: np.random.Generator, around: Surroundings) -> SurgeState:
    state = SurgeState(PANE_S, 0.0, (RISES,), Budget(0.1), around)
    counts = rng.poisson(np.exp(rng.uniform(np.log(0.3), np.log(30.0))), DAYS * 86_400 // PANE_S)
    for number in np.flatnonzero(counts):
        state.observe(float(number * PANE_S), float(counts[number]))
    return state


def main() -> None:
    """Build, close a pane, look; in seconds for all series."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=100_000)
    args = parser.parse_args()
    rng, around = np.random.default_rng(1), Surroundings()
    kept = [_grown(rng, around).snapshot() for _ in range(DISTINCT)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    states = []
    for number in range(args.series):
        state = SurgeState(PANE_S, 0.0, (RISES,), Budget(0.1), around)
        state.restore(kept[number % DISTINCT])
        states.append(state)
    taken = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    # Not the first pane of a day, in which the season is fitted once for each series.
    pane = float(DAYS * 86_400)
    for state in states:
        state.observe(pane, 1.0)
    began = time.perf_counter()
    for state in states:
        state.observe(pane + PANE_S, 3.0)
    closed = time.perf_counter() - began
    at, began = pane + 2 * PANE_S + 150.0, time.perf_counter()
    for state in states:
        state.look([(pane + 2 * PANE_S, 2.0)], at)
    looked = time.perf_counter() - began
    result = {
        "series": args.series,
        "close_s": round(closed, 3),
        "close_us_per_series": round(closed / args.series * 1e6, 1),
        "look_us_per_series": round(looked / args.series * 1e6, 1),
        "bytes_per_series": round(taken / args.series),
    }
    sys.stdout.write(orjson.dumps(result).decode() + "\n")


if __name__ == "__main__":
    main()
