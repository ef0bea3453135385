"""What ingest keeps is bounded, whatever a producer sends; what is cut does not depend on when counts are told."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.ingest import cells
from streams.ingest.cells import FEW_VALUES, MAX_METRICS, MAX_SLICE, ROOMY_SLICES, PaneCount, SliceNames


def told(events: list[tuple[str, ...]], cuts: list[int]) -> dict[str, int]:
    """The slices of a pane with these events, added up at the ``cuts`` and at the end."""
    pane = PaneCount(0.0)
    for index, names in enumerate(events):
        pane.count += 1
        pane.named.append(names)
        if index in cuts:
            pane.settle()
    pane.settle()
    return pane.slices


def test_names_that_are_all_different_do_not_fill_the_memory() -> None:
    names = SliceNames(("region", "version"))
    for n in range(100_000):
        assert names.of((f"r{n}", f"{n}" * 40)) == (f"region=r{n}", f"version={f'{n}' * 40}"[:MAX_SLICE])
    assert sum(len(name) for kept in names._cache.values() for name in kept) <= names._MAX_CHARACTERS + 2 * MAX_SLICE
    assert len(names._cache) <= names._MAX_CACHED


def test_a_value_is_cut_and_never_refused() -> None:
    [name] = SliceNames(("region",)).of(("x" * 256,))
    assert name == "region=" + "x" * (MAX_SLICE - len("region="))


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


def test_metrics_that_are_all_different_are_bounded_and_the_first_ones_stay_exact() -> None:
    pane = PaneCount(0.0)
    for n in range(1000):
        pane.observe({"stars": 2.0, f"m{n}": 1.0})
    metrics = pane.cell(0).metrics
    assert len(metrics) == MAX_METRICS
    assert metrics["stars"] == (1000, 2000.0, 4000.0)
