"""How a worker, and several, carry more: series, a hot theme, partitions, workers.

    python -m tests.bench.scale [--only series hot partitions workers cost] [--events N] [--series N] [--quick]

Everything runs as processes on this machine and its loopback, and each part ends by itself. The last
line is one JSON object with one member a part.
"""

import argparse
from collections.abc import Callable
from typing import Any

from tests.bench import scale_rates, telling
from tests.bench.scale_series import series

PARTS = ("series", "hot", "partitions", "workers", "cost")
_SERIES, _ACTIVE_SHARE = 1_000_000, 0.1
_COUNTS = (1000, 10_000, 100_000, 1_000_000)


def main() -> None:
    """Run the parts, print their tables and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--events", type=int, default=1_000_000, help="of each point of the other parts")
    parser.add_argument("--series", type=int, default=_SERIES, help="tracked; a tenth of them active")
    parser.add_argument("--quick", action="store_true", help="small numbers, a few seconds a part")
    options = parser.parse_args()
    quick, events, count = options.quick, options.events, options.series
    if quick:
        events, count = 20_000, 2000
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "series": lambda: series(count, int(count * _ACTIVE_SHARE), 3.0 if quick else None),
        "hot": lambda: scale_rates.hot_key(events),
        "partitions": lambda: scale_rates.partitions(events, (2,) if quick else (1, 8, 64)),
        "workers": lambda: scale_rates.workers(events, (2,) if quick else (1, 2, 4)),
        "cost": lambda: scale_rates.cost(events, (1000,) if quick else _COUNTS),
    }
    found = {}
    for name in options.only:
        telling.note(f"scale: {name}")
        found[name] = parts[name]()
    telling.result(found)


if __name__ == "__main__":
    main()
