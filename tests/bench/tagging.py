"""Events a second of one worker that finds the theme of every event in its text.

    python -m tests.bench.tagging [--events N] [--runs N] [--phrases N] [--processes N] [--quick]

Every event has a text of 200 characters and neither theme nor sentiment: the tagger looks for 2,000
phrases of 100 themes, the mood is taken from the words, and every fourth text holds a mail address, a
telephone number or a card's. A worker redacts what it keeps, a few texts a theme and pane; what it would cost to
redact every one is measured beside it, in this process, and told as ``redact_us``. The last line is one JSON object.
"""

import argparse
import random
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from streams.ingest.redact import redact
from streams.ingest.tagger import Tagger, load_taxonomy
from tests.bench import telling
from tests.bench.load import LIVE_RATE, Event, mean_bytes
from tests.bench.measuring import arena, body, drained_by_one

THEMES, CHARACTERS = 100, 200
_SYLLABLES = ("ba", "ce", "di", "fo", "gu", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "lo", "mu")
_COMMON = (
    "the", "app", "is", "really", "slow", "since", "I", "have", "to", "wait", "for", "the", "bank", "and", "it", "does",
    "not", "work", "on", "my", "phone", "please", "help", "me", "today", "again", "this", "was", "good", "yesterday",
    "but", "now", "nothing", "happens", "when", "I", "open", "my", "account", "and", "nobody", "answers",
)  # fmt: skip
_PERSONAL = ("anna.b@example.com", "+49 30 5550 1234", "4111 1111 1111 1111")


def phrases(count: int) -> list[str]:
    """``count`` phrases of two made-up words each, all different."""
    draw = random.Random(5)
    found: dict[str, None] = {}
    while len(found) < count:
        words = ("".join(draw.choices(_SYLLABLES, k=draw.randint(2, 4))) for _ in range(2))
        found[" ".join(words)] = None
    return list(found)


def taxonomy(said: list[str]) -> str:
    """TOML that deals the phrases out to the themes."""
    return "\n".join(
        f"[themes.theme-{number}]\nphrases = {orjson.dumps(said[number::THEMES]).decode()}"
        for number in range(min(THEMES, len(said)))
    )


def texts(said: list[str], seed: int = 7) -> Iterator[str]:
    """Texts of 200 characters with one phrase each, without end."""
    draw = random.Random(seed)
    while True:
        words = draw.choices(_COMMON, k=45)
        if draw.random() < 0.25:
            words.insert(draw.randrange(8), draw.choice(_PERSONAL))
        words.insert(draw.randrange(8), draw.choice(said))
        yield " ".join(words)[:CHARACTERS].rstrip().ljust(CHARACTERS, ".")


def load(count: int, said: list[str]) -> list[Event]:
    """``count`` events up to now."""
    step = timedelta(seconds=1 / LIVE_RATE)
    start, source = datetime.now(UTC) - count * step, texts(said)
    found = []
    for n in range(count):
        at = start + n * step
        event = {
            "id": f"e-{n:09d}",
            "time": at.isoformat().replace("+00:00", "Z"),
            "customer": f"c-{n * 7919 % 500_000:07d}",
            "channel": "review",
            "text": next(source),
        }
        found.append(Event(None, orjson.dumps(event), int(at.timestamp() * 1000)))
    return found


def alone(said: list[str], folder: Path, count: int) -> dict[str, float]:
    """Microseconds a text that tagging and redacting take by themselves."""
    source = texts(said)
    sample = [next(source) for _ in range(count)]
    tagger = Tagger(load_taxonomy(folder / "taxonomy.toml"))
    took = {}
    for name, work in (("tag_us", tagger.tag), ("redact_us", redact)):
        began = time.perf_counter()
        for text in sample:
            work(text)
        took[name] = round(1e6 * (time.perf_counter() - began) / count, 2)
    return took


def main() -> None:
    """Run, print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--phrases", type=int, default=2000)
    parser.add_argument("--processes", type=int, default=2, help="of [ingest]")
    parser.add_argument("--quick", action="store_true", help="few events, one run")
    options = parser.parse_args()
    count, runs = (20_000, 1) if options.quick else (options.events, options.runs)
    said = phrases(options.phrases)
    sent = load(count, said)
    text = body(f'taxonomy = "taxonomy.toml"\nprocesses = {options.processes}')
    with arena() as (broker, directory, prefix):
        (directory / "taxonomy.toml").write_text(taxonomy(said))
        apart = alone(said, directory, min(count, 50_000))
        drained = [drained_by_one(broker, directory, f"{prefix}{run}.", sent, text) for run in range(runs)]
    rate = statistics.median(run.rate for run in drained)
    found = {
        "events": count,
        "event_bytes": mean_bytes(sent),
        "phrases": options.phrases,
        "tagging_events_per_second": round(rate),
        "runs": [round(run.rate) for run in drained],
        "cpu_us_per_event": round(drained[-1].cpu_us, 2),
        "if_every_text_were_redacted_events_per_second": round(1e6 / (1e6 / rate + apart["redact_us"])),
        **apart,
    }
    title = f"{count:,} events with a text of {CHARACTERS} characters, {options.phrases:,} phrases"
    rows = [
        ("one worker, events/s", found["tagging_events_per_second"]),
        ("the same if it redacted every text (calculated), events/s",
         found["if_every_text_were_redacted_events_per_second"]),
        ("tagging a text alone, us", apart["tag_us"]),
        ("redacting a text alone, us", apart["redact_us"]),
    ]  # fmt: skip
    telling.table(title, ("what", "measured"), rows)
    telling.result(found)


if __name__ == "__main__":
    main()
