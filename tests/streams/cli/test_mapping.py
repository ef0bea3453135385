"""From files to events: every shape of row, and every way in which one is none."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from streams.cli.mapping import Columns, MappingError, TimeColumn, load_mapping
from streams.cli.pacing import due_s, in_time, parse_speed
from streams.cli.rows import read
from streams.cli.to_events import Mapped, Refused

TWEETS = """
columns.id = "tweet_id"
columns.text = "text"
columns.customer = "name"
columns.theme = "negativereason"
columns.sentiment = "airline_sentiment"
values.sentiment = { negative = -0.8, neutral = 0.0, positive = 0.8 }
values.theme = { "Late Flight" = "flight-delay" }
time = { column = "tweet_created", format = "%Y-%m-%d %H:%M:%S %z" }
metrics.retweets = "retweet_count"
attributes.airline = "airline"
constants.channel = "post"
"""
HEADER = "tweet_id,airline_sentiment,negativereason,airline,name,retweet_count,text,tweet_created\n"


def split(path: Path, mapping: Columns | None = None) -> tuple[list[Mapped], list[tuple[int, str]]]:
    items = list(read(path, mapping))
    good = [item for item in items if isinstance(item, Mapped)]
    return good, [(item.line, item.why) for item in items if isinstance(item, Refused)]


@pytest.fixture
def tweets(tmp_path: Path) -> Columns:
    path = tmp_path / "tweets.toml"
    path.write_text(TWEETS)
    return load_mapping(path)


def test_a_table_becomes_events(tmp_path: Path, tweets: Columns) -> None:
    file = tmp_path / "tweets.csv"
    file.write_text(
        HEADER
        + '5703,negative,Late Flight,Virgin America,cairdin,2,"Three hours, and\nno word",2015-02-24 11:35:52 -0800\n'
        + "5704,positive,,Virgin America,jnar,0,Thanks!,2015-02-24 11:15:59 -0800\n"
    )
    (late, thanks), refused = split(file, tweets)
    assert refused == []
    assert (late.event.id, late.event.theme, late.event.sentiment) == ("5703", "flight-delay", -0.8)
    assert late.event.text == "Three hours, and\nno word"
    assert late.event.time == datetime(2015, 2, 24, 19, 35, 52, tzinfo=UTC)
    assert late.event.metrics == {"retweets": 2.0}
    assert late.event.attributes == {"airline": "Virgin America"}
    assert late.event.channel == "post"
    assert (thanks.event.theme, thanks.event.sentiment) == (None, 0.8)


def test_bad_rows_are_named_by_their_line_and_the_rest_goes_on(tmp_path: Path, tweets: Columns) -> None:
    file = tmp_path / "tweets.csv"
    rows = [
        b"1,neutral,,A,n,0,fine,2015-02-24 11:35:52 -0800",
        b"2,neutral,,A,n,0,fine,yesterday",
        b"3,great,,A,n,0,fine,2015-02-24 11:35:52 -0800",
        b"4,neutral,,A,n,many,fine,2015-02-24 11:35:52 -0800",
        b"5,neutral,,A,n,0,,2015-02-24 11:35:52 -0800",
        b"6,neutral,,A,n,0,caf\xe9,2015-02-24 11:35:52 -0800",
        b"7,neutral,,A,n,0,fine,2015-02-24 11:35:52 -0800,extra",
        b"8,neutral,,A,n,0,fine,",
        b"9,neutral,,A,n,0,fine,2015-02-24 11:35:52 -0800",
    ]
    file.write_bytes(HEADER.encode() + b"\n".join(rows) + b"\n")
    good, refused = split(file, tweets)
    assert [item.event.id for item in good] == ["1", "9"]
    assert refused == [
        (3, "column \"tweet_created\": 'yesterday' is no time (%Y-%m-%d %H:%M:%S %z)"),
        (4, "column \"airline_sentiment\": 'great' is no number"),
        (5, "column \"retweet_count\": 'many' is no number"),
        (6, "has neither a theme nor a text"),
        (7, "not UTF-8"),
        (8, "has more fields than the header"),
        (9, 'column "tweet_created" has no time'),
    ]


def test_jsonl_events_pass_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(
        '{"id": "a", "time": "2026-01-01T00:00:00Z", "text": "x", "metrics": {"stars": 1}, "os_version": "iOS 17"}\n'
        "\n"
        '{"time": "2026-01-01T00:00:00Z", "themes": ["login"]}\n'
        "rubbish\n"
        "[1]\n"
        '{"id": "b", "time": "2026-01-01T00:00:00", "text": "x"}\n'
        '{"id": "c", "time": "2026-01-01T00:00:00Z", "text": "x", "sentiment": 7}\n'
    )
    (first, second), refused = split(file)
    assert (first.event.metrics, first.unknown) == ({"stars": 1.0}, {"os_version": "iOS 17"})
    assert second.event.id.startswith("evt-")
    assert [line for line, _ in refused] == [4, 5, 6, 7]
    assert refused[1] == (5, "not a JSON object")
    assert "time" in refused[2][1]
    assert "sentiment" in refused[3][1]


def test_a_table_without_a_mapping_is_read_by_the_names_of_its_columns(tmp_path: Path) -> None:
    file = tmp_path / "events.tsv.gz"
    with gzip.open(file, "wt") as out:
        out.write("id\ttime\ttext\tos_version\n1\t2026-01-01T00:00:00Z\tcannot log in\tiOS 17\n")
    (item,), refused = split(file)
    assert refused == []
    assert (item.event.text, item.event.attributes) == ("cannot log in", {"os_version": "iOS 17"})


@pytest.mark.parametrize(
    ("how", "text", "hour"),
    [
        (TimeColumn(), "2026-01-01T12:00:00Z", 12),
        (TimeColumn(), "2026-01-01 12:00:00", 12),
        (TimeColumn(zone="Europe/Berlin"), "2026-01-01 12:00:00", 11),
        (TimeColumn(zone="Europe/Berlin", format="%d.%m.%Y %H:%M"), "01.01.2026 12:00", 11),
        (TimeColumn(format="epoch"), "1767268800", 12),
        (TimeColumn(format="epoch_ms"), "1767268800000", 12),
    ],
)
def test_times_are_read_as_the_mapping_says(tmp_path: Path, how: TimeColumn, text: str, hour: int) -> None:
    file = tmp_path / "t.csv"
    file.write_text(f"time,text\n{text},x\n")
    (item,), _ = split(file, Columns(columns={"text": "text"}, time=how))
    assert item.event.time.astimezone(UTC) == datetime(2026, 1, 1, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("columns.texxt = 'a'", "columns.texxt: no field of an event"),
        ("columns.time = 'a'", "columns.time: no field of an event"),
        ("colums.text = 'a'", "unknown field `colums`"),
        ("time.zone = 'Berlin'", 'time.zone: "Berlin" is no time zone'),
        ("columns = 3", "$.columns"),
        ("columns", "not TOML"),
    ],
)
def test_a_bad_mapping_is_refused_with_the_key(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "m.toml"
    path.write_text(text)
    with pytest.raises(MappingError, match=r"^.*m\.toml: ") as caught:
        load_mapping(path)
    assert message in str(caught.value)


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("time,body\n")
    with pytest.raises(MappingError, match=r'^columns.text: the file has no column "text"; it has time, body$'):
        list(read(file, Columns(columns={"text": "text"})))


def test_events_are_sent_in_the_order_of_time_and_the_last_one_may_be_now(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("id,time,text\nb,2026-01-01T02:00:00Z,x\na,2026-01-01T00:00:00Z,x\n")
    items, _ = split(file)
    assert [item.event.id for item in in_time(items, None)] == ["a", "b"]
    now = 1_790_000_000.0
    first, last = in_time(items, now)
    assert (first.event.time.timestamp(), last.event.time.timestamp()) == (now - 7200, now)
    assert in_time([], now) == []


def test_speeds() -> None:
    assert due_s(3600.0, 0.0, parse_speed("60x")) == 60.0
    for bad in ("fast", "0", "-1", "nan"):
        with pytest.raises(ValueError, match="is no speed"):
            parse_speed(bad)
