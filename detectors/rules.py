"""The rules in force: which specs watch which series."""

from fnmatch import fnmatchcase

from detectors.calendar import Calendars
from detectors.count import CountSpec
from detectors.drift import DriftSpec
from detectors.metric import MetricSpec
from detectors.sentiment import SentimentSpec
from detectors.spec import Spec
from detectors.surge import SurgeSpec
from detectors.velocity import VelocitySpec
from schemas.panes import VALUES

Rule = CountSpec | VelocitySpec | SurgeSpec | DriftSpec | SentimentSpec | MetricSpec
"""Every detector there is, told apart by the ``detector`` key of a rule. A new one is added here."""

MIN_RETENTION_S = 86_400.0


class RuleSet:
    """Specs by series, looked up once for each.

    Args:
        calendars: what is known beforehand of a tenant's days; without them all clocks show UTC.

    >>> from schemas.signal import Severity
    >>> spec = CountSpec(name="few", window_s=60, levels={Severity.LOW: 3}, themes=("login-*", "!login-ok"))
    >>> rules = RuleSet([spec])
    >>> len(rules.watching("bank", "login-failure")), len(rules.watching("bank", "login-ok"))
    (1, 0)
    """

    def __init__(self, specs: list[Spec], version: str = "", calendars: Calendars | None = None) -> None:
        self.specs = specs
        self.version = version
        self.calendars = calendars
        self.retention_s = max([MIN_RETENTION_S, *(spec.history_s for spec in specs)])
        self.heeds_outages = any(spec.heeds_outages for spec in specs)
        self._watching: dict[tuple[str, str], list[Spec]] = {}

    def watching(self, tenant: str, theme: str) -> list[Spec]:
        """The specs that watch a series, in the order of the configuration."""
        key = (tenant, theme)
        found = self._watching.get(key)
        if found is None:
            dimension, name = value_of(theme)
            found = [
                spec
                for spec in self.specs
                if spec.dimension == dimension and _any(spec.themes, name) and _any(spec.tenants, tenant)
            ]
            self._watching[key] = found
        return found


def value_of(theme: str) -> tuple[str, str]:
    """The dimension and the value that a series of values counts; ("", theme) for a theme.

    >>> value_of("*channel=app"), value_of("login-failure")
    (('channel', 'app'), ('', 'login-failure'))
    """
    if not theme.startswith(VALUES):
        return "", theme
    dimension, _, value = theme[len(VALUES) :].partition("=")
    return dimension, value


def _any(patterns: tuple[str, ...], name: str) -> bool:
    if any(fnmatchcase(name, pattern[1:]) for pattern in patterns if pattern.startswith("!")):
        return False
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")]
    return not wanted or any(fnmatchcase(name, pattern) for pattern in wanted)
