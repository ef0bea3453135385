"""The impact score: a weighted mean of the parts that are known, times ten. Pure."""

from msgspec.structs import asdict

from schemas.impact import ImpactPart, ImpactScore
from schemas.signal import Severity, Signal
from sinks.impact.parts import PARTS, Case
from sinks.impact.section import HIGHEST, Globs, ImpactConfig, check


class Impact:
    """Scores signals.

    The score is additive, so that each part can be told with the points it adds; a part that is unknown leaves its
    weight to the others in proportion, so that nothing is assumed of it, neither good nor bad. Of the parts that are
    known, each only ever raises the score when what it measures gets worse.

    Args:
        config: the table ``[impact]``; the defaults if left out.
    """

    __slots__ = ("_bands", "_churn", "_config", "_effort", "_weights")

    def __init__(self, config: ImpactConfig | None = None) -> None:
        """Check the configuration.

        Raises:
            ValueError: a value makes no sense; the message begins with the key, such as ``impact.bands.high``.
        """
        self._config = config = config or ImpactConfig()
        check(config)
        self._churn, self._effort = Globs(config.churn), Globs(config.effort)
        self._weights = {name: weight for name, weight in asdict(config.weights).items() if weight > 0}
        self._bands = sorted(config.bands.items(), key=lambda band: -band[0].rank)

    def score(self, signal: Signal) -> ImpactScore:
        """How much ``signal`` matters, and why."""
        case = Case(signal, self._config, self._churn, self._effort)
        measured = {name: PARTS[name](case) for name in self._weights}
        known = {name: measure for name, measure in measured.items() if measure is not None}
        total = sum(self._weights[name] for name in known)
        parts, score = [], 0.0
        for name, measure in known.items():
            weight = self._weights[name] / total
            points = HIGHEST * weight * measure.value
            score += points
            parts.append(
                ImpactPart(
                    name=name,
                    weight=round(weight, 4),
                    value=round(measure.value, 4),
                    points=round(points, 2),
                    text=measure.text,
                )
            )
        parts.sort(key=lambda part: (-part.points, part.name))
        unknown = [name for name in measured if name not in known]
        return ImpactScore(score=round(min(score, HIGHEST), 1), parts=parts, unknown=unknown)

    def severity(self, score: ImpactScore, told: Severity) -> Severity:
        """The severity that the user's bands ask for at ``score``: never below ``told``, the signal's own."""
        for severity, least in self._bands:
            if score.score >= least:
                return max(told, severity, key=lambda each: each.rank)
        return told
