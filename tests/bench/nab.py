"""`groundswell score` judged by the Numenta Anomaly Benchmark's rules, on the files of it that are there.

A table by category, at the thresholds that are best over all files, and one JSON object as the last line. `halves`
are means over random halves of each category: the thresholds are chosen on one half and judged on the other.

python -m tests.bench.nab
"""

from __future__ import annotations

import copy
import random
import sys
import time
from types import ModuleType
from typing import Any, Final

import numpy as np
import orjson

from streams.offline.score import score
from tests.judges.shared import MissingData, module, shared_file

PROFILES: Final = {"standard": "standard", "reward_low_FP_rate": "low_fp", "reward_low_FN_rate": "low_fn"}
HALVES, SEED = 50, 7


def benchmark() -> tuple[ModuleType, Any]:
    """The judge, and the files that it has here.

    Raises:
        MissingData: they are not on this machine.
    """
    shared_file("quality", "nab", "windows.json")
    rules = module("nab_score")
    return rules, rules.Corpus()


class _Scores:
    """Keeps the last column of what is written."""

    def __init__(self) -> None:
        self.found: list[float] = []

    def write(self, line: str) -> int:
        """Take in a line."""
        last = line.rpartition(",")[2]
        if last != "anomaly_score\n":
            self.found.append(float(last))
        return len(line)


def score_files(names: list[str]) -> tuple[dict[str, Any], float]:
    """The scores of each file as the command would write them, and how many rows a second that were."""
    found: dict[str, Any] = {}
    began = time.perf_counter()
    for name in names:
        out: Any = _Scores()
        score(shared_file("quality", "nab", "data", name), out)
        found[name] = np.array(out.found)
    return found, sum(map(len, found.values())) / (time.perf_counter() - began)


def _part(corpus: Any, names: set[str]) -> Any:
    part = copy.copy(corpus)
    part.files = {name: file for name, file in corpus.files.items() if name in names}
    part.nwin = sum(len(file.spans) for file in part.files.values())
    return part


def _named(result: dict[str, Any], key: str) -> dict[str, float]:
    return {short: float(result[profile][key]) for profile, short in PROFILES.items()}


def halves(rules: ModuleType, scores: dict[str, Any], corpus: Any) -> dict[str, float]:
    """Means over random halves: thresholds chosen on one, judged on the other."""
    rng = random.Random(SEED)
    told: dict[str, list[float]] = {short: [] for short in PROFILES.values()}
    categories = sorted({name.split("/")[0] for name in corpus.files})
    for _ in range(HALVES):
        one: set[str] = set()
        for category in categories:
            names = [name for name in corpus.files if name.startswith(f"{category}/")]
            one.update(rng.sample(names, len(names) // 2 + (len(names) % 2 and rng.randrange(2))))
        first, second = _part(corpus, one), _part(corpus, set(corpus.files) - one)
        for chosen, judged in ((first, second), (second, first)):
            best = rules.score_corpus(scores, chosen)
            thresholds = {profile: best[profile]["threshold"] for profile in PROFILES}
            for short, value in _named(rules.score_corpus(scores, judged, thresholds), "score").items():
                told[short].append(value)
    return {short: round(sum(values) / len(values), 1) for short, values in told.items()}


def run() -> dict[str, Any]:
    """Score, judge and tell."""
    rules, corpus = benchmark()
    scores, rate = score_files(list(corpus.files))
    best = rules.score_corpus(scores, corpus)
    thresholds = {profile: best[profile]["threshold"] for profile in PROFILES}
    sys.stdout.write(f"{'':44}" + "".join(f"{short:>10}" for short in PROFILES.values()) + "\n")
    for category, told in rules.per_category(scores, corpus, thresholds).items():
        part = _part(corpus, {name for name in corpus.files if name.startswith(f"{category}/")})
        cells = "".join(f"{told[profile]:10.1f}" for profile in PROFILES)
        sys.stdout.write(f"{category:26}{len(part.files):3} files{part.nwin:4} windows{cells}\n")
    return {
        **{short: round(value, 1) for short, value in _named(best, "score").items()},
        "windows_hit": _named(best, "windows_hit"),
        "false_positives": _named(best, "fp"),
        "windows": corpus.nwin,
        "files": len(corpus.files),
        "halves": halves(rules, scores, corpus),
        "rows_per_second": round(rate),
    }


def main() -> None:
    """Run where the data is, else say why not."""
    try:
        result = run()
    except MissingData as missing:
        result = {"skipped": str(missing)}
    sys.stdout.write(orjson.dumps(result).decode() + "\n")


if __name__ == "__main__":
    main()
