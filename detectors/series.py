"""One series: its history, its rules' detectors, its open episodes and the signals still to be sent."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import UNSET

from detectors.doubling import Part
from detectors.episode import Episode
from detectors.episode_words import reason, title
from detectors.evidence import NO_TRAFFIC, Quotes, SliceTraffic, drivers
from detectors.explaining import explain
from detectors.history import History, HistoryRecord
from detectors.merge import Chunk, Merge, Merged
from detectors.rarity import score
from detectors.rules import RuleSet
from detectors.spec import Detector, Plain, Spec, Verdict
from detectors.surroundings import Surroundings
from schemas.ids import derived_id
from schemas.panes import VALUES, PaneUpdate, Sample
from schemas.signal import DetectorRef, Phase, Signal, SignalState
from schemas.times import instant

SNAPSHOT_VERSION = 1
_GONE_WINDOW_S = 3600.0


class Record(msgspec.Struct, array_like=True):
    """A series as plain data, the value of its checkpoint. New fields come last, with a default."""

    version: int
    tenant: str
    theme: str
    history: HistoryRecord
    chunks: dict[int, Chunk]
    quotes: list[Sample]
    detectors: dict[str, dict[str, Any]]
    episodes: dict[str, Episode]
    outbox: list[Signal]
    judged: float = 0.0
    closed: dict[str, Episode] = {}


class SnapshotError(ValueError):
    """A checkpoint this build cannot read; names the series and the version."""


NOTHING_KEPT: Mapping[str, Plain] = MappingProxyType({})
UNREADABLE = (
    msgspec.DecodeError, ValueError, TypeError, AttributeError, KeyError, IndexError, AssertionError, RecursionError,
)  # fmt: skip
"""What a decoder, or a restore from plain data of another shape, may raise on bytes that are no snapshot."""


class Series:
    """State of (tenant, theme): everything a verdict and a signal need.

    Args:
        since: event time from which the tenant's stream has been observed.
        heard_ratio: share of affected customers who say something, for the estimate of all affected.

    Attributes:
        episodes: by rule, those that are live; ``closed``: those that are over and may still come back.
        judged: event time of the last verdict; a replay under an older watermark does not judge before it.
        outbox: signals that must not leave before a checkpoint holding them is acknowledged.
    """

    __slots__ = (
        "around", "closed", "detectors", "episodes", "heard_ratio", "history", "judged", "merge", "outbox", "quotes",
        "rules", "tenant", "theme",
    )  # fmt: skip

    def __init__(
        self,
        tenant: str,
        theme: str,
        rules: RuleSet,
        since: float,
        heard_ratio: float,
        around: Surroundings | None = None,
        kept: Mapping[str, Plain] = NOTHING_KEPT,
    ) -> None:
        self.tenant, self.theme, self.rules, self.heard_ratio = tenant, theme, rules, heard_ratio
        self.history = History(rules.retention_s, since)
        self.merge = Merge()
        self.quotes = Quotes()
        self.around = around or Surroundings(shared=False)
        self.detectors: list[tuple[Spec, Detector]] = [
            (spec, self._placed(spec.build(kept.get(spec.name)))) for spec in rules.watching(tenant, theme)
        ]
        self.episodes: dict[str, Episode] = {}
        self.closed: dict[str, Episode] = {}
        self.outbox: list[Signal] = []
        self.judged = 0.0

    def apply(self, update: PaneUpdate, closed: float) -> Merged | None:
        """Merge an update; None if it says nothing new. See :meth:`detectors.merge.Merge.apply`."""
        merged = self.merge.apply(update, self.history, closed)
        if merged is not None:
            for cell in update.cells:
                if cell.samples:
                    self.quotes.add(cell.samples)
        return merged

    def judge(self, at: float, traffic: SliceTraffic) -> list[Signal]:
        """Judge every rule at event time ``at``; new signals are returned and put into the outbox."""
        at = self.judged = max(at, self.judged)
        told: list[Signal] = []
        for spec, detector in self.detectors:
            episode = self.episodes.get(spec.name)
            verdict = detector.judge(self.history, at, episode.held if episode else None)
            resolved_at: float | None = None
            if episode is not None:
                state = episode.step(verdict, at, spec.resolve_after_s)
            elif verdict.severity is None:
                continue
            elif (episode := self._remembered(spec, at)) is not None:
                resolved_at = episode.resolved_at
                state = episode.step(verdict, at, spec.resolve_after_s)
            else:
                episode, state = self._open(spec, verdict, at), SignalState.OPENED
            if state is not None:
                told.append(self._signal(spec, verdict, episode, state, at, traffic, resolved_at))
                if state is SignalState.RESOLVED:
                    self.closed[spec.name] = self.episodes.pop(spec.name)
        self.outbox.extend(told)
        return told

    def unknown(self, pane: float) -> None:
        """Take in that nothing is known of the pane that starts at ``pane``; for tables with gaps."""
        for _, detector in self.detectors:
            unknown = getattr(detector, "unknown", None)
            if unknown is not None:
                unknown(self.history, pane)

    def part(self, first: float, end: float) -> Part | None:
        """What it had in ``[first, end)`` and what was to be expected; None if no rule of it knows that."""
        for _, detector in self.detectors:
            usual = getattr(detector, "usual", None)
            found: Part | None = None if usual is None else usual(first, end)
            if found is not None:
                seen = sum(count for _, count in self.history.mentions.since(first, end - 1.0))
                return found._replace(seen=float(seen))
        return None

    @property
    def awaited(self) -> bool:
        """Whether its silence is to be judged as well."""
        return any(getattr(detector, "awaits", False) for _, detector in self.detectors)

    def standing(self) -> list[object]:
        """What a verdict may change without a word: where episodes stand, what detectors remember."""
        episodes: list[object] = [msgspec.structs.astuple(episode) for episode in self.episodes.values()]
        for _, detector in self.detectors:
            changes = getattr(detector, "changes", None)
            # A snapshot of what can say that nothing has changed costs more than a judgement.
            episodes.append(detector.snapshot() if changes is None else changes)
        return episodes

    def _placed(self, detector: Detector) -> Detector:
        place = getattr(detector, "place", None)
        if place is not None:
            place(self.around, self.theme)
        return detector

    def _open(self, spec: Spec, verdict: Verdict, at: float) -> Episode:
        assert verdict.severity is not None
        episode = self.episodes[spec.name] = Episode(
            id=derived_id("sig", self.tenant, self.theme, spec.metric, spec.name, round(at * 1000)),
            opened_at=at,
            severity=verdict.severity,
            told=verdict.observed,
            held=verdict.expected if verdict.compared else None,
            before=self.history.total - self.history.count(spec.window_s, at),
            score=score(verdict),
            phase=Phase.EMERGING if verdict.emerging else Phase.OPEN,
            told_at=at,
            sizes=verdict.sizes,
        )
        return episode

    def _remembered(self, spec: Spec, at: float) -> Episode | None:
        """The rule's episode that is over, live again; None if there is none that what trips now may belong to."""
        episode = self.closed.pop(spec.name, None)
        if episode is None or episode.forgotten(at, spec.regress_within_s):
            return None
        self.episodes[spec.name] = episode
        return episode

    def end(self, why: str) -> None:
        """Resolve what is open, for a reason that is no detector's.

        Args:
            why: in words.
        """
        for name, episode in self.episodes.items():
            self._abandon(name, episode, why)
        self.episodes.clear()
        self.closed.clear()

    def _abandon(self, name: str, episode: Episode, why: str) -> None:
        """Resolve an episode that no detector would ever close."""
        episode.revision, episode.phase = episode.revision + 1, Phase.RESOLVED
        verdict = Verdict(None, episode.told, 0.0, 0.0, "{}", (why,), compared=False)
        gone = Spec(name=name, window_s=_GONE_WINDOW_S)
        self.outbox.append(self._signal(gone, verdict, episode, SignalState.RESOLVED, self.judged, NO_TRAFFIC))

    def _signal(
        self,
        spec: Spec,
        verdict: Verdict,
        episode: Episode,
        state: SignalState,
        at: float,
        traffic: SliceTraffic,
        resolved_at: float | None = None,
    ) -> Signal:
        history, window = self.history, max(spec.window_s, at - episode.opened_at + spec.window_s)
        # What has become worse may have become so for another reason than it began for.
        lately = min(window, max(spec.window_s, verdict.span_s)) if verdict.span_s and verdict.severity else window
        resolved = state is SignalState.RESOLVED
        customers = history.customers.distinct(at - window)
        sentiment_n, sentiment_sum = history.sentiment(spec.window_s, at)
        mentions = history.count(spec.window_s, at)
        crossings = episode.crossings(at)
        signal = Signal(
            id=episode.id,
            revision=episode.revision,
            state=state,
            tenant=self.tenant,
            theme=self.theme.removeprefix(VALUES),
            metric=spec.metric,
            rule=spec.name,
            severity=episode.severity,
            title=title(self.theme, spec.metric, state, fell=verdict.observed < verdict.expected),
            reason=reason(state, verdict, episode, at, resolved_at),
            # Floats, as they come back from a checkpoint: what is sent again then is the same to the byte.
            observed=float(verdict.observed),
            expected=float(verdict.expected),
            threshold=float(verdict.threshold),
            window_s=float(spec.window_s),
            opened_at=instant(episode.opened_at),
            at=instant(at),
            resolved_at=instant(at) if resolved else None,
            first_mention=instant(history.mentions.first_in(window, at)),
            last_mention=instant(history.latest),
            mentions=mentions,
            total_mentions=history.total - episode.before,
            customers=customers,
            customers_estimated=max(customers, round(customers / self.heard_ratio)),
            sentiment=round(sentiment_sum / sentiment_n, 3) if sentiment_n else None,
            drivers=drivers(history.slice_counts(lately, at), traffic),
            quotes=self.quotes.best(at - window),
            detector=DetectorRef(name=spec.kind, version=spec.version, parameters=msgspec.to_builtins(spec)),
            config=self.rules.version,
            phase=episode.phase,
            crossings=crossings if crossings > 1 else UNSET,
        )
        explain(signal, spec, verdict, episode, history, at)
        return signal

    def record(self, at: float) -> Record:
        """The series as plain data, tidied for event time ``at``."""
        self.history.tidy(at)
        snapshots = {spec.name: data for spec, detector in self.detectors if (data := detector.snapshot())}
        return Record(
            SNAPSHOT_VERSION,
            self.tenant,
            self.theme,
            self.history.snapshot(),
            self.merge.chunks,
            list(self.quotes.samples.values()),
            snapshots,
            self.episodes,
            self.outbox,
            self.judged,
            self._coming_back(at),
        )

    def _coming_back(self, at: float) -> dict[str, Episode]:
        """Of what is over, that which may come back after event time ``at``."""
        if not self.closed:
            return {}
        within = {spec.name: spec.regress_within_s for spec, _ in self.detectors}
        at = max(at, self.judged)
        return {name: episode for name, episode in self.closed.items() if not episode.forgotten(at, within[name])}

    @classmethod
    def restore(
        cls, record: Record, rules: RuleSet, heard_ratio: float, around: Surroundings | None = None
    ) -> "Series":
        """The inverse of :meth:`record`; detectors of rules that are new start from nothing.

        Raises:
            SnapshotError: if a newer build wrote the record.
        """
        if record.version != SNAPSHOT_VERSION:
            name = f"{record.tenant}/{record.theme}"
            raise SnapshotError(
                f"checkpoint of series {name} has version {record.version}, expected {SNAPSHOT_VERSION}"
            )
        series = cls(record.tenant, record.theme, rules, 0.0, heard_ratio, around, record.detectors)
        series.history = History.restore(record.history)
        series.history.retention_s = rules.retention_s
        series.merge = Merge(record.chunks)
        series.quotes = Quotes(record.quotes)
        series.outbox = record.outbox
        series.judged = record.judged
        watched = {spec.name for spec, _ in series.detectors}
        for name, episode in record.episodes.items():
            if name in watched:
                series.episodes[name] = episode
            else:
                series._abandon(name, episode, f"the rule {name} is no longer configured")
        series.closed = {name: episode for name, episode in record.closed.items() if name in watched}
        return series
