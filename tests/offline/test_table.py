"""The reader of tables: what it takes, and how it says what it does not take."""

from __future__ import annotations

import gzip
import os
from math import isnan, nan
from pathlib import Path

import pytest

from streams.offline.table import InputError, Row, Table, open_table

HEADER = "timestamp,logins\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "counts.csv"


def rows(path: Path, text: str | bytes, **options: bool) -> list[Row]:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with open_table(path, **options) as table:
        return list(table)


def complaint(path: Path, text: str | bytes, **options: bool) -> str:
    with pytest.raises(InputError) as caught:
        rows(path, text, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(path))
    return message.removeprefix(str(path))


def test_rows_have_a_time_values_and_a_line(path: Path) -> None:
    text = "when,logins,crashes\n1970-01-01 00:00:00,3,4\n1970-01-01 00:05:00,,NaN\n"
    first, second = rows(path, text)
    assert first == Row(0.0, (3.0, 4.0), 2)
    assert (second.at, second.line) == (300.0, 3)
    assert all(isnan(value) for value in second.values)


@pytest.mark.parametrize(
    "stamp",
    [
        "1970-01-01 00:01:00",
        "1970-01-01T00:01:00",
        "1970-01-01T00:01:00Z",
        "1970-01-01t00:01:00z",
        "1970-01-01 00:01:00.000",
        "1970-01-01T02:01:00.000000+02:00",
        "1969-12-31T23:01-01:00",
        " 1970-01-01 00:01:00 ",
    ],
)
def test_stamps_of_each_form(path: Path, stamp: str) -> None:
    assert rows(path, f"{HEADER}{stamp},1\n")[0].at == 60.0


@pytest.mark.parametrize("stamp", ["1970-01-01 00:00:60", "60", "19700101T000100", "1970-W01-4", "1970/01/01", "soon"])
def test_other_stamps_are_refused(path: Path, stamp: str) -> None:
    assert complaint(path, f"{HEADER}{stamp},1\n") == (
        f':2: column 1: "{stamp}" is not a timestamp such as 2024-05-01 13:00:00 or 2024-05-01T13:00:00Z'
    )


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffwhen,logins\n1970-01-01 00:00:00,3\n1970-01-01 00:05:00,4\n",
        "when,logins\r\n1970-01-01 00:00:00,3\r\n1970-01-01 00:05:00,4\r\n",
        '"when","logins"\n"1970-01-01 00:00:00","3"\n"1970-01-01 00:05:00"," 4 "\n',
        "when,logins\n1970-01-01 00:00:00,3\n1970-01-01 00:05:00,4\n\n  \n\n",
        "when,logins\n1970-01-01 00:00:00,3\n1970-01-01 00:05:00,4",
        ",logins\n1970-01-01 00:00:00,3e0\n1970-01-01 00:05:00,+4.\n",
    ],
    ids=["bom", "crlf", "quoted", "blank lines", "no last newline", "no name of the first column"],
)
def test_forms_of_the_same_table(path: Path, text: str) -> None:
    assert [(row.at, row.values) for row in rows(path, text)] == [(0.0, (3.0,)), (300.0, (4.0,))]


def test_gzip_by_its_name(tmp_path: Path) -> None:
    packed = gzip.compress(f"{HEADER}1970-01-01 00:00:00,3\n".encode())
    assert rows(tmp_path / "counts.csv.gz", packed) == [Row(0.0, (3.0,), 2)]
    assert "not a whole gzip file" in complaint(tmp_path / "counts.csv.gz", packed[:-12])
    assert "not a whole gzip file" in complaint(tmp_path / "counts.csv.gz", HEADER)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ": is empty"),
        ("\n\n", ": is empty"),
        (HEADER, ": has a header and no row below it"),
        ("1970-01-01 00:00:00,3\n", ":1: starts with data; a header such as timestamp,value is expected"),
        ("timestamp\n1970-01-01\n", ":1: has one column only; a timestamp and at least one column of values"),
        ("when,a\n1970-01-01,3,4\n", ":2: has 3 fields, the header has 2"),
        ("when,a\n1970-01-01\n", ":2: has 1 field, the header has 2"),
        ("when,a\n,4\n", ":2: column 1: the timestamp is missing"),
        ("when,a,a\n1970-01-01,3,4\n", ':1: column "a" is there twice'),
        ("when,a,\n1970-01-01,3,4\n", ":1: column 3 has no name"),
        ("when,a,b\n1970-01-01,3,many\n", ':2: column "b": "many" is not a number'),
        ("when,a,b\n1970-01-01,3,1_000\n", ':2: column "b": "1_000" is not a number'),
        ("when,a,b\n1970-01-01,-inf,inf\n", ':2: column "a": "-inf" is not finite'),
        ("when,a\n1970-01-01,1e999\n", ':2: column "a": "1e999" is not finite'),
        ('when,a\n1970-01-01,"3\n1970-01-02,4\n', ":3: not CSV: unexpected end of data"),
        (b"when,\xe4\n1970-01-01,3\n", ":1: is not UTF-8"),
        (b"when,a\n1970-01-01,3\n1970-01-02,\xe4\n", ':3: column "a": is not UTF-8'),
        ("when,a\n1970-01-01,3\n".encode("utf-16"), ":1: is not UTF-8"),
    ],
)
def test_complaints(path: Path, text: str | bytes, said: str) -> None:
    assert complaint(path, text) == said


def test_a_table_with_another_separator_gets_a_hint(path: Path) -> None:
    assert complaint(path, "when;a\n1970-01-01;3\n").endswith("; fields are separated by commas")


def test_blank_lines_count_as_lines(path: Path) -> None:
    assert complaint(path, "\nwhen,a\n\n1970-01-01,3\n\n1970-01-02,x\n").startswith(":6:")


def test_a_long_value_is_cut(path: Path) -> None:
    assert len(complaint(path, f"when,a\n1970-01-01,{'9' * 5000}x\n")) < 100


DISORDER = "when,a\n1970-01-01 02:00:00,1\n1970-01-01 03:00:00,2\n1970-01-01 {},3\n1970-01-01 04:00:00,4\n"


@pytest.mark.parametrize(("hour", "how"), [("03:00:00", "repeats"), ("02:30:00", "is before")])
def test_disorder_is_refused_unless_tolerated(path: Path, hour: str, how: str) -> None:
    text = DISORDER.format(hour)
    assert complaint(path, text) == (
        f":4: 1970-01-01 {hour} {how} 1970-01-01 03:00:00 of line 3; stamps must rise from row to row"
    )
    assert [row.values for row in rows(path, text, tolerate_disorder=True)] == [(1.0,), (2.0,), (3.0,), (4.0,)]
    with open_table(path, tolerate_disorder=True) as table:
        assert len(list(table)) == 4
        assert table.disordered == 1


def test_one_column_of_several(path: Path) -> None:
    path.write_text("when,note,a\n1970-01-01,first,3\n")
    with open_table(path, only="a") as table:
        assert table.columns == ["a"]
        assert [row.values for row in table] == [(3.0,)]
        assert table.fields == ["1970-01-01", "first", "3"]
    with pytest.raises(InputError, match='has no column "b"; it has note, a'), open_table(path, only="b"):
        pass


def test_what_is_no_file(tmp_path: Path) -> None:
    for place, said in ((tmp_path, "is a directory"), (tmp_path / "none.csv", "cannot be read: No such file")):
        with pytest.raises(InputError, match=said), open_table(place):
            pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read(path: Path) -> None:
    path.write_text(HEADER)
    path.chmod(0)
    with pytest.raises(InputError, match="Permission denied"), open_table(path):
        pass


def test_rows_come_before_the_rest_is_read(path: Path) -> None:
    path.write_text("when,a\n1970-01-01,3\n1970-01-02,x\n")
    with open_table(path) as table:
        given = iter(table)
        assert next(given).values == (3.0,)
        with pytest.raises(InputError):
            next(given)


def test_progress_is_told_in_bytes_of_the_file(path: Path) -> None:
    lines = [f"{1970 + number // 300}-{number % 12 + 1:02}-01 00:00:00,{nan}\n" for number in range(20_000)]
    path.write_text("when,a\n" + "".join(lines))
    told: list[int] = []
    with open_table(path, progress=told.append, tolerate_disorder=True) as table:
        assert isinstance(table, Table)
        for _ in table:
            pass
    assert told == sorted(told)
    assert len(told) >= 4
    assert told[-1] == path.stat().st_size
