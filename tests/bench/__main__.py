"""All benches, one after the other; a table of the main numbers, and one JSON object as the last line.

    python -m tests.bench [--quick] [--only NAME ...]

The object has the main numbers at its top, and below the name of each bench what that said. One that
fails says so there, the others still run, and the exit code is 1.
"""

import argparse
import signal
import subprocess
import sys
from typing import Any

import orjson

from tests.bench import telling

SPEED = ("throughput", "latency", "tagging", "scale", "burst", "checkpoint", "backtest_speed")
"""What moves how fast; these take --quick."""
QUALITY = ("detection", "drift", "forecast", "nab", "outbreaks", "pane_close", "noise")
"""How well it detects."""
MILLION = 1_000_000
# Name at the top -> where it stands, and what is asked of it.
NUMBERS: dict[str, tuple[tuple[str, ...], str]] = {
    "events_per_second": (("throughput", "events_per_second"), ""),
    "ratio_to_limit": (("throughput", "ratio_to_limit"), ">= 0.5"),
    "ratio_to_bare_loop": (("throughput", "ratio_to_bare_loop"), ">= 1.0"),
    "ratio_to_quix": (("throughput", "ratio_to_quix"), ">= 4"),
    "ratio_to_kafka_streams": (("throughput", "ratio_to_kafka_streams"), ">= 0.75"),
    "ratio_to_stock_faust": (("throughput", "ratio_to_stock_faust"), ""),
    "tagging_events_per_second": (("tagging", "tagging_events_per_second"), ">= 40,000"),
    "p50_ms": (("latency", "p50_ms"), "<= 250"),
    "p99_ms": (("latency", "p99_ms"), "<= 1,000"),
    "p999_ms": (("latency", "p999_ms"), "<= 2,000"),
    "rss_bytes_1m_series": (("scale", "series", "rss_active_bytes"), "<= 2,147,483,648"),
    "recovery_s_1m_series": (("scale", "series", "ready_s"), "<= 60"),
    "stall_ms_100k_active": (("scale", "series", "stall_ms"), "<= 200"),
    "backtest_events_per_second": (("backtest_speed", "backtest_events_per_second"), ">= 150,000"),
}


def run(name: str, arguments: list[str]) -> dict[str, Any]:
    """Run one in a process of its own, so that none warms another's caches, and show its tables."""
    command = [sys.executable, "-m", f"tests.bench.{name}", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as bench:
        try:
            out, _ = bench.communicate()
        finally:
            # It ends what it has started.
            bench.terminate()
    *shown, last = out.decode().splitlines() or [""]
    if bench.returncode:
        sys.stdout.write(out.decode())
        return {"failed": f"exit code {bench.returncode}"}
    sys.stdout.write("\n".join([*shown, ""]))
    sys.stdout.flush()
    found: dict[str, Any] = orjson.loads(last)
    return found


def headline(results: dict[str, Any]) -> dict[str, Any]:
    """The main numbers; None for what did not run, or ran smaller than its name says."""
    found = {}
    for name, (path, _) in NUMBERS.items():
        value: Any = results
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        found[name] = value
    tracked = results.get("scale", {}).get("series") or {}
    if tracked.get("series") != MILLION:
        found |= dict.fromkeys(("rss_bytes_1m_series", "recovery_s_1m_series", "stall_ms_100k_active"))
    return found


def main() -> None:
    """Run those asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes: that they run, not how fast")
    parser.add_argument("--only", nargs="+", choices=(*SPEED, *QUALITY), metavar="NAME", help=" ".join(SPEED + QUALITY))
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    results: dict[str, Any] = {}
    for name in options.only or (SPEED if options.quick else SPEED + QUALITY):
        arguments = ["--quick"] if options.quick and name in SPEED else []
        sustained = results.get("throughput", {}).get("events_per_second")
        if name == "latency" and sustained and not options.quick:
            arguments += ["--rate", str(sustained // 2)]
        telling.note(f"{name} {' '.join(arguments)}")
        results[name] = run(name, arguments)
        telling.note(f"{name}: {orjson.dumps(results[name]).decode()}")
    top = headline(results)
    rows = [(name, value, NUMBERS[name][1]) for name, value in top.items()]
    title = "The main numbers" + (", of sizes that say nothing of speed" if options.quick else "")
    telling.table(title, ("what", "measured", "asked"), rows)
    telling.result(top | {"quick": options.quick} | results)
    sys.exit(int(any("failed" in result for result in results.values())))


if __name__ == "__main__":
    main()
