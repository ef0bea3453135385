"""The command `score`: a row for each row, the same bytes each time, and mistakes told in one line."""

from __future__ import annotations

import csv
import gzip
import io
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from detectors.surprise import Surprise
from streams.offline.output import whole_file
from streams.offline.progress import reading
from streams.offline.score import Scored, score
from streams.offline.table import InputError

BEGIN = datetime(2024, 3, 1, tzinfo=UTC)


def table(values: list[str]) -> str:
    stamps = (f"{BEGIN + timedelta(minutes=5 * place):%Y-%m-%d %H:%M:%S}" for place in range(len(values)))
    return "timestamp,value\n" + "".join(f"{stamp},{value}\n" for stamp, value in zip(stamps, values, strict=True))


def scored(path: Path, text: str, column: str | None = None) -> tuple[str, Scored]:
    path.write_text(text)
    out = io.StringIO()
    told = score(path, out, column=column)
    return out.getvalue(), told


def run(*arguments: str | Path, check: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "streams.cli.main", "score", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr
    assert done.returncode == check, done.stderr
    return done


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "load.csv"


WAVE = [f"{20 + place % 12 + 70 * (place == 700):.2f}" for place in range(800)]


def test_every_row_gets_a_row_with_its_text_unchanged(path: Path) -> None:
    text = "when,load\r\n2024-03-01T00:00:00.000Z, 3.10\r\n2024-03-01 01:05:00+01:00,1e2\r\n"
    told, counts = scored(path, text)
    assert told == (
        "timestamp,value,anomaly_score\n"
        "2024-03-01T00:00:00.000Z, 3.10,0.000000\n"
        "2024-03-01 01:05:00+01:00,1e2,0.000000\n"
    )
    assert counts == Scored(2, 0)


def test_scores_are_those_of_the_detector(path: Path) -> None:
    told, _ = scored(path, table(WAVE))
    surprise = Surprise()
    expected = [surprise.update(BEGIN.timestamp() + 300.0 * place, float(value)) for place, value in enumerate(WAVE)]
    assert [float(row["anomaly_score"]) for row in csv.DictReader(io.StringIO(told))] == pytest.approx(
        expected, abs=1e-6
    )
    assert max(expected) > 0.5


@given(st.lists(st.sampled_from(["", "nan", "0", "1", "2.5", "-1e9"]), min_size=1, max_size=60), st.data())
def test_later_rows_change_no_earlier_output(
    tmp_path_factory: pytest.TempPathFactory, values: list[str], data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "prefix.csv"
    shorter = data.draw(st.integers(1, len(values)))
    assert scored(path, table(values))[0].startswith(scored(path, table(values[:shorter]))[0])


def test_rows_without_a_value_score_0_and_leave_no_trace(path: Path) -> None:
    gaps = {150: "", 699: "NaN"}
    holed = [gaps.get(place, value) for place, value in enumerate(WAVE)]
    told = list(csv.DictReader(io.StringIO(scored(path, table(holed))[0])))
    assert [told[place]["value"] for place in gaps] == ["", "NaN"]
    assert [told[place]["anomaly_score"] for place in gaps] == ["0.000000"] * 2
    without = "".join(line for line in table(holed).splitlines(keepends=True) if not line.endswith((",\n", ",NaN\n")))
    kept = [row for place, row in enumerate(told) if place not in gaps]
    assert kept == list(csv.DictReader(io.StringIO(scored(path, without)[0])))


def test_clock_changes_are_counted_and_scored_in_the_order_of_the_file(path: Path) -> None:
    lines = table(WAVE).splitlines(keepends=True)
    lines[100:100] = lines[80:92]
    told, counts = scored(path, "".join(lines))
    assert counts == Scored(812, 1)
    assert [line.split(",")[0] for line in told.splitlines()] == [line.split(",")[0] for line in lines]


def test_several_columns_need_a_name(path: Path) -> None:
    text = "when,host,load\n2024-03-01,a,3\n"
    with pytest.raises(InputError, match=r"has several value columns \(host, load\); name one with --column"):
        scored(path, text)
    assert scored(path, text, "load")[0] == "timestamp,value,anomaly_score\n2024-03-01,3,0.000000\n"


def test_the_command_writes_the_same_bytes_each_time(path: Path) -> None:
    path.write_text(table(WAVE))
    outs = [path.with_name(name) for name in ("one.csv", "two.csv", "three.csv.gz", "four.csv.gz")]
    for out in outs:
        done = run(path, "--out", out)
        assert (done.stdout, done.stderr) == ("", "")
    one, two, three, four = (out.read_bytes() for out in outs)
    assert one == two == gzip.decompress(three)
    assert three == four
    assert run(path, "--out", "-").stdout.encode() == one
    assert sorted(path.parent.iterdir()) == sorted([path, *outs])


def test_the_command_warns_once_of_clock_changes(path: Path) -> None:
    lines = table(["1", "2", "3"]).splitlines(keepends=True)
    path.write_text("".join([*lines, lines[2], lines[1]]))
    done = run(path, "--out", path.with_name("out.csv"))
    assert done.stderr == (
        f"groundswell: warning: {path}: 2 rows repeat a stamp or step back in time; scored in the order of the file\n"
    )


def test_a_mistake_is_told_in_one_line_and_leaves_what_was_there(path: Path) -> None:
    out = path.with_name("out.csv")
    out.write_text("before")
    path.write_text(table([*WAVE, "many"]))
    done = run(path, "--out", out, check=2)
    assert done.stderr == f'groundswell: {path}:802: column "value": "many" is not a number\n'
    assert out.read_text() == "before"
    assert sorted(path.parent.iterdir()) == sorted([path, out])


@pytest.mark.parametrize("place", ["none/out.csv", "."])
def test_a_place_that_cannot_be_written_to(path: Path, place: str) -> None:
    path.write_text(table(["1"]))
    out = path.parent / place
    assert run(path, "--out", out, check=2).stderr.startswith(f"groundswell: {out}: cannot be written: ")


def test_a_pipe_is_written_to_directly(tmp_path: Path) -> None:
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    with whole_file(str(pipe)) as text:
        text.write("through")
    reader.join()
    assert got == ["through"]
    assert list(tmp_path.iterdir()) == [pipe]


def test_progress_is_shown_on_a_terminal_only(path: Path) -> None:
    path.write_text(table(["1"]))
    with reading(path, Console(file=io.StringIO())) as progress:
        assert progress is None
    shown = io.StringIO()
    with reading(path, Console(file=shown, force_terminal=True, width=100)) as progress:
        assert progress is not None
        progress(path.stat().st_size)
    assert "load.csv" in shown.getvalue()
