"""What ingest keeps is bounded, whatever a producer sends; what is cut does not depend on when counts are told."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.ingest import cells
from streams.ingest.cells import FEW_VALUES, MAX_METRICS, ROOMY_SLICES, PaneCount
from streams.ingest.columns import Rows
from streams.ingest.slices import MAX_SLICE, SliceNames


def told(events: list[tuple[str, ...]], cuts: list[int]) -> dict[str, int]:
    """The slices of a pane with these events, added up at the ``cuts`` and at the end."""
    pane = PaneCount(0.0)
    dimensions = tuple(sorted({name.partition("=")[0] for event in events for name in event})) or ("none",)
    names, rows = SliceNames(dimensions), Rows(len(dimensions))
    for index, event in enumerate(events):
        given = dict(name.split("=") for name in event)
        row(rows, [names.number(place, given.get(dimension)) for place, dimension in enumerate(dimensions)])
        if index in cuts:
            rows.settle([pane], names)
    rows.settle([pane], names)
    return pane.slices


def row(rows: Rows, slices: list[int], metrics: dict[str, float] | None = None) -> None:
    """One more event of pane 0."""
    rows.panes.append(0)
    rows.ats.append(0.0)
    rows.sentiments.append(None)
    rows.customers.append(0)
    for column, number in zip(rows.slices, slices, strict=True):
        column.append(number)
    rows.metrics.append(metrics or {})


def test_names_that_are_all_different_do_not_fill_the_memory() -> None:
    names = SliceNames(("region", "version"))
    for n in range(150_000):
        numbers = names.number(0, f"r{n}"), names.number(1, f"{n}" * 40)
        assert [names.names[one] for one in numbers] == [f"region=r{n}", f"version={f'{n}' * 40}"[:MAX_SLICE]]
        if n % 1000 == 0:
            names.trim()
            assert len(names.names) <= 110_000
            assert sum(map(len, names.names)) <= 8_000_000 + 2000 * MAX_SLICE


def test_a_value_is_cut_and_never_refused() -> None:
    names = SliceNames(("region",))
    assert names.names[names.number(0, "x" * 256)] == "region=" + "x" * (MAX_SLICE - len("region="))


def test_a_dimension_read_from_two_places_is_one_slice() -> None:
    pane, names, rows = PaneCount(0.0), SliceNames(("os", "os")), Rows(2)
    for values in ((None, "17"), ("17", None), ("17", "17"), ("17", "16")):
        row(rows, [names.number(place, value) for place, value in enumerate(values)])
    rows.settle([pane], names)
    assert pane.slices == {"os=17": 4, "os=16": 1}


def test_values_that_are_all_different_crowd_out_only_their_own_dimension() -> None:
    events = [(f"region=r{n}", "tier=plus" if n % 2 else "tier=free") for n in range(20_000)]
    late = [("tier=new", f"version={n % 20}") for n in range(2000)]
    slices = told(events + late, cuts=[5, 10_000])
    assert (slices["tier=free"], slices["tier=plus"], slices["tier=new"]) == (10_000, 10_000, 2000)
    assert [slices[f"version={n}"] for n in range(20)] == [100] * 20
    assert len(slices) <= ROOMY_SLICES + 3 * FEW_VALUES


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sets(st.integers(0, 1), min_size=1).flatmap(lambda dims: st.tuples(*(
        st.integers(0, 30).map(lambda n, d=d: f"d{d}={n}") for d in sorted(dims)
    ))), max_size=80),
    st.lists(st.integers(0, 80), max_size=4),
)  # fmt: skip
def test_what_is_cut_does_not_depend_on_when_it_is_told(events: list[tuple[str, ...]], cuts: list[int]) -> None:
    roomy, few = cells.ROOMY_SLICES, cells.FEW_VALUES
    cells.ROOMY_SLICES, cells.FEW_VALUES = 12, 4
    try:
        cut, whole = told(events, cuts), told(events, [])
    finally:
        cells.ROOMY_SLICES, cells.FEW_VALUES = roomy, few
    exact = Counter(name for names in events for name in names)
    assert cut == whole
    assert all(n == exact[name] for name, n in cut.items()), "what is counted is counted exactly"
    assert len(cut) == len(exact) or len(cut) >= 12


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.dictionaries(st.integers(0, 90).map("m{}".format), st.floats(-1e6, 1e6)), max_size=60),
    st.lists(st.integers(0, 60), max_size=4),
)
def test_metrics_are_summed_to_the_bit_whenever_they_are_told(events: list[dict[str, float]], cuts: list[int]) -> None:
    one, pane, rows, names = PaneCount(0.0), PaneCount(0.0), Rows(1), SliceNames(("none",))
    for index, metrics in enumerate(events):
        one.observe(metrics)
        row(rows, [0], metrics)
        if index in cuts:
            rows.settle([pane], names)
    rows.settle([pane], names)
    assert pane.cell(0).metrics == one.cell(0).metrics


def test_metrics_that_are_all_different_are_bounded_and_the_first_ones_stay_exact() -> None:
    pane = PaneCount(0.0)
    for n in range(1000):
        pane.observe({"stars": 2.0, f"m{n}": 1.0})
    metrics = pane.cell(0).metrics
    assert len(metrics) == MAX_METRICS
    assert metrics["stars"] == (1000, 2000.0, 4000.0)
