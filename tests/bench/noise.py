"""What a person hears: a storm, two noisy weeks, what comes and goes, what stays, and a source that was out.

python -m tests.bench.noise [--seeds 1 2 3] [--factors 6 15 40] [--quick]

The parts are tests.bench.noise_storm and tests.bench.noise_life. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

import orjson

from tests.bench import noise_life, noise_storm

ASKED = (
    "storm_notifications",
    "storm_hidden",
    "fortnight_interruptions",
    "fortnight_missed",
    "flapping_notifications",
    "plateau_notifications",
    "outage_false_signals",
)


def main() -> None:
    """Play all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", nargs="+", type=int, default=[1])
    parser.add_argument("--factors", nargs="+", type=float, default=[15.0], help="how violent the storm is")
    parser.add_argument("--quick", action="store_true", help="less of a past, fewer themes: does it run at all")
    args = parser.parse_args()
    found: dict[str, Any] = noise_life.play(list(noise_life.KINDS), args.seeds, quick=args.quick)
    found |= noise_storm.play(list(noise_storm.KINDS), args.seeds, args.factors, quick=args.quick)
    first = {name: found[name] for name in ASKED}
    told = {"bench": "noise", "seeds": args.seeds, "quick": args.quick, **first, **found}
    sys.stdout.write(orjson.dumps(told).decode() + "\n")


if __name__ == "__main__":
    main()
