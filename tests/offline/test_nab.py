"""The Numenta Anomaly Benchmark, as far as its files are there: what was reached stays reached."""

from __future__ import annotations

import pytest

from tests.bench.nab import benchmark, score_files
from tests.judges.shared import MissingData


@pytest.mark.slow
# The judge leaves its files for the garbage collector to close.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_the_benchmark_is_met() -> None:
    try:
        rules, corpus = benchmark()
    except MissingData as missing:
        pytest.skip(str(missing))
    scores, _ = score_files(list(corpus.files))
    told = {profile: result["score"] for profile, result in rules.score_corpus(scores, corpus).items()}
    assert told["standard"] >= 70.0
    assert told["reward_low_FP_rate"] >= 62.0
    assert told["reward_low_FN_rate"] >= 75.0
