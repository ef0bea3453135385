"""All benches, one after the other, and one JSON object of their results as the last line.

python -m tests.bench
"""

import subprocess
import sys

import orjson

BENCHES = ("throughput", "latency", "recovery", "detection", "drift", "forecast", "nab", "outbreaks")


def main() -> None:
    """Run each in its own process, so that none warms another's caches."""
    results: dict[str, object] = {}
    for name in BENCHES:
        command = [sys.executable, "-m", f"tests.bench.{name}"]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        results[name] = orjson.loads(done.stdout.splitlines()[-1])
        sys.stderr.write(f"{name}: {orjson.dumps(results[name]).decode()}\n")
    sys.stdout.write(orjson.dumps(results).decode() + "\n")


if __name__ == "__main__":
    main()
