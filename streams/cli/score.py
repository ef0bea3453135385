"""``groundswell score``: how much each row of a numeric stream surprises."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streams.cli.common import FAILED, MISUSED, Fail, sigterm_unwinds, stderr


def score(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV with a header: timestamp, value; .gz too.")],
    out: Annotated[
        str, typer.Option("--out", "-o", metavar="FILE", help="Where to; - is standard output; .gz is gzipped.")
    ] = "-",
    column: Annotated[
        str | None, typer.Option("--column", metavar="NAME", help="The value column, if there are several.")
    ] = None,
) -> None:
    """Score how much each row of a numeric stream surprises, given the rows before it.

    Writes timestamp, value and anomaly_score, from 0 to 1, a row for each row of
    FILE. There is nothing to set: every file is scored alike. A row's score
    depends on no later row. Stamps without a zone are UTC.
    """
    from streams.offline.output import whole_file
    from streams.offline.progress import reading
    from streams.offline.score import score as score_file
    from streams.offline.table import InputError

    try:
        with sigterm_unwinds(), whole_file(out) as text, reading(file, stderr()) as progress:
            scored = score_file(file, text, column=column, progress=progress)
    except InputError as error:
        raise Fail(str(error), MISUSED) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Fail(f"{out}: cannot be written: {error.strerror}", MISUSED if _no_place(error) else FAILED) from None
    if scored.disordered:
        rows = "row repeats a stamp or steps" if scored.disordered == 1 else "rows repeat a stamp or step"
        told = f"{file}: {scored.disordered} {rows} back in time; scored in the order of the file"
        typer.echo(f"groundswell: warning: {told}", err=True)


def _no_place(error: OSError) -> bool:
    return isinstance(error, FileNotFoundError | IsADirectoryError | NotADirectoryError | PermissionError)
