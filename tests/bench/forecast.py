"""How far forecasts can be relied on: simulated ramps of several shapes, and what really happened.

python -m tests.bench.forecast [--ramps 500] [--seed 2]

The model's constants were chosen on seed 1. Prints a table, and one JSON object as the last line.
"""

import argparse
import sys

import orjson

from tests.support.ramps import RULES, SHAPES, foreseen, ramps, summary


def main() -> None:
    """Measure, by the shape of the growth and by rule."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ramps", type=int, default=500, help="of each shape")
    parser.add_argument("--seed", type=int, default=2)
    options = parser.parse_args()
    found = [each for shape in SHAPES for ramp in ramps(shape, options.ramps, options.seed) for each in foreseen(ramp)]
    results = {"all": summary(found)}
    results |= {shape: summary(each for each in found if each.shape == shape) for shape in SHAPES}
    results |= {rule.name: summary(each for each in found if each.rule == rule.name) for rule in RULES}
    columns = list(results["all"])
    sys.stdout.write(f"{'':12}" + "".join(f"{column:>9}" for column in columns) + "\n")
    for name, row in results.items():
        sys.stdout.write(f"{name:12}" + "".join(f"{row[column]:9g}" for column in columns) + "\n")
    told = {"bench": "forecast", "seed": options.seed, "ramps": options.ramps, **results}
    sys.stdout.write(orjson.dumps(told).decode() + "\n")


if __name__ == "__main__":
    main()
