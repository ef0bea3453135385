"""A configuration in words. Pure; no secret passes through it, for settings only say where one is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, to_builtins

from detectors.count import CountSpec
from detectors.drift import DriftSpec
from detectors.metric import MetricSpec
from detectors.rules import Rule
from detectors.sentiment import SentimentSpec
from detectors.spec import Levels
from detectors.surge import SurgeSpec
from detectors.velocity import VelocitySpec
from schemas.duration import format_duration as span
from schemas.signal import Severity
from sinks.ownership import MatchConfig, OwnershipConfig, RoleConfig
from sinks.triage.matching import Globs
from sinks.triage.section import TriageConfig
from streams.settings import Kafka, Settings
from streams.topics import Topics


def in_words(settings: Settings, phrases: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The effective configuration, a line at a time.

    Args:
        phrases: the taxonomy, theme -> phrases.
    """
    yield from _kafka(settings.kafka)
    yield ""
    if phrases:
        count = sum(map(len, phrases.values()))
        yield f"taxonomy   {count} phrases of {len(phrases)} themes, from {settings.ingest.taxonomy}"
    else:
        yield "taxonomy   none: a text without a theme is counted as untagged"
    counting, detect = settings.ingest.counting, settings.detect
    yield f"slices     {', '.join(counting.dimensions) or 'none'}"
    yield f"lateness   a mention counts up to {span(detect.lateness_s)} behind the others"
    yield f"heard      {detect.heard_ratio:.2%} of affected customers are taken to say something"
    yield f"checkpoint every {span(settings.checkpoint_s)}"
    yield from _limits(settings)
    web = settings.web
    yield f"web        {f'http://{web.host}:{web.port}/metrics' if web.port else 'off'}"
    yield ""
    yield "rules" if settings.rules else "rules      none: nothing will ever be signalled"
    for rule in settings.rules:
        yield f"  {rule.name}: {rule_in_words(rule)}"
    yield ""
    yield from _triage(settings.triage)
    yield ""
    yield "owners (the last that matches wins)"
    yield from _owners(settings.ownership)
    yield ""
    yield "deadlines"
    for severity in reversed(Severity):
        due = getattr(settings.deadlines, severity.value)
        yield f"  {severity.value}: acknowledge within {due.acknowledge}, fix within {due.fix}"
    yield from _tools(settings)


def _tools(settings: Settings) -> Iterator[str]:
    """Where assignments go, and where progress comes from; nothing if there is neither."""
    if settings.connectors:
        yield ""
        yield "connectors"
    for connector in settings.connectors:
        heard = " and ".join(connector.on)
        yield f"  {connector.name}: {_kind(connector)}, from {connector.min_severity.value} severity, for {heard}"
    inbound = settings.inbound
    if inbound.sources:
        yield ""
        yield f"webhooks that come in, at http://{inbound.host}:{inbound.port}"
    for source in inbound.sources:
        yield f"  /inbound/{source.name}: {_kind(source)}"


def _kind(table: Struct) -> str:
    return str(table.__struct_config__.tag)


def _triage(triage: TriageConfig) -> Iterator[str]:
    yield "triage"
    wait, together, often = span(triage.group_wait_s), span(triage.window_s), span(triage.group_interval_s)
    yield f"  a new signal waits {wait} for others, a critical one does not; what begins within {together} may be one"
    yield f"  incident, whose news is told every {often} at most"
    most = triage.interruptions_per_day
    told = "as often as there is something" if most is None else f"at most {most} times a day, critical signals apart"
    yield f"  an owner is interrupted {told}; digests go out at {' and '.join(triage.digest_at)}"
    for held in triage.subscriptions:
        moments = " or ".join(held.moments) + f", else {held.otherwise}" if held.moments else "always"
        yield f"  {Globs(to_builtins(held.match))}: {held.how} when {moments}".replace("when always", "always")


def _limits(settings: Settings) -> Iterator[str]:
    letters, dog = settings.ingest.dead_letters, settings.watchdog
    if letters.share < 1:
        most = f"more than {letters.share:.0%} of {letters.at_least:,} records or more within {span(letters.window_s)}"
        yield f"letters    the worker stops when {most} are dead letters"
    else:
        yield "letters    the worker goes on however many dead letters there are"
    yield f"watchdog   the worker ends when nothing moves for {span(dog.stalled_s)}, when nothing is read back for"
    yield f"           {span(dog.recovering_s)}, or when the group has assigned nothing for {span(dog.joining_s)}"


def _kafka(kafka: Kafka) -> Iterator[str]:
    security = kafka.security
    yield f"brokers    {kafka.bootstrap}"
    login: str = security.protocol
    if security.protocol.startswith("SASL"):
        place = f"${security.password_env}" if security.password_env else security.password_file
        login += f", {security.mechanism} as {security.username}, password ******** from {place}"
    yield f"security   {login}"
    topics = Topics(kafka)
    member = f"${kafka.member_id_env}" if kafka.member_id_env else kafka.member_id
    name = f", member {member}" if member else ""
    yield f"reads      {', '.join(topics.inputs)}, {topics.actions}, {topics.controls}; as group {kafka.group}{name}"
    yield f"writes     {topics.signals}, {topics.assignments}, {topics.digests}, {topics.audit}, {topics.dead_letters}"


def rule_in_words(rule: Rule) -> str:
    """What a rule watches for.

    >>> rule_in_words(CountSpec(name="few", window_s=18_000, levels={Severity.LOW: 3}))
    'mentions in the last 5 hours: low from 3; resolved after 90 minutes of quiet'
    """
    return f"{_asked(rule)}{_where(rule)}; resolved after {span(rule.resolve_after_s)} of quiet"


def _asked(rule: Rule) -> str:
    window = f"in the last {_day(rule.window_s)}"
    if isinstance(rule, CountSpec):
        text = f"mentions {window}: {_levels(rule.levels, 'from {:g}')}"
        if rule.min_customers:
            text += f", from {rule.min_customers} customers or more"
        if rule.usual_below is not None:
            text += f", where fewer than {rule.usual_below:g} are usual ({span(rule.usual_s)})"
        return text
    if isinstance(rule, VelocitySpec):
        text = f"mentions {window}: {_levels(rule.levels, 'from {:g} times')} the usual ({span(rule.baseline_s)})"
        return f"{text}, {rule.min_count} or more from {rule.min_customers} customers or more"
    if isinstance(rule, SentimentSpec):
        asked = [_levels(rule.below, "at {:g} or below")] if rule.below else []
        if rule.drop:
            asked.append(f"{_levels(rule.drop, 'by {:g}')} under the mean of the {_day(rule.baseline_s)} before")
        return f"mean sentiment {window}: {'; or '.join(asked)}, over {rule.min_events} events or more"
    if isinstance(rule, SurgeSpec):
        return _surge(rule)
    if isinstance(rule, DriftSpec):
        return _drift(rule)
    return _metric(rule, window)


def _surge(rule: SurgeSpec) -> str:
    moved = {"rise": "more", "fall": "fewer", "both": "more or fewer"}[rule.direction]
    times = "{:g} times"
    counted = f" of a {rule.of}" if rule.of else ""
    text = f"{moved} mentions{counted} than time of day and level explain: {_levels(rule.levels, times)} the usual"
    text += f", {rule.min_count:g} or more away from it"
    if rule.min_customers:
        text += f", from {rule.min_customers} customers or more"
    text += _accepted(rule)
    if rule.emerging:
        text += f"; a theme never seen before from {rule.emerging} mentions"
    return text


def _accepted(rule: SurgeSpec | DriftSpec) -> str:
    each = getattr(rule, "of", "") or "theme"
    text = f"; {rule.false_alerts_per_week:g} false alerts a week accepted for each {each}"
    if rule.total_false_alerts_per_day is not None:
        text += f", and {rule.total_false_alerts_per_day:g} a day for all of them"
    return text


def _drift(rule: DriftSpec) -> str:
    moved = "below or above" if len(rule.signs) > 1 else "above" if rule.signs[0] > 0 else "below"
    least = rule.min_effect if isinstance(rule.min_effect, str) else f"{rule.min_effect:g}"
    text = f"mean {rule.metric} {moved} what time of day and level explain, by {least} or more"
    text += f": {_levels(rule.levels, '{:g} standard deviations')}"
    if rule.min_customers:
        text += f", from {rule.min_customers} customers or more"
    return text + _accepted(rule)


def _day(seconds: float) -> str:
    return span(seconds).removeprefix("1 ")


def _metric(rule: MetricSpec, window: str) -> str:
    high = rule.bad == "high"
    asked = [_levels(rule.bound, "from {:g}" if high else "at {:g} or below")] if rule.bound else []
    if rule.move:
        how = "{:g} times" if high else "by {:g} under"
        asked.append(f"{_levels(rule.move, how)} the mean of the {_day(rule.baseline_s)} before")
    return f"mean {rule.of} {window}: {'; or '.join(asked)}, over {rule.min_events} events or more"


def _levels(levels: Levels, template: str) -> str:
    ordered = sorted(levels.items(), key=lambda item: item[0].rank)
    return ", ".join(f"{severity.value} {template.format(level)}" for severity, level in ordered)


def _where(rule: Rule) -> str:
    text = ""
    for what, patterns in (("themes", rule.themes), ("tenants", rule.tenants)):
        wanted = [pattern for pattern in patterns if not pattern.startswith("!") and pattern != "*"]
        unwanted = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
        if wanted:
            text += f"; {what} {', '.join(wanted)}"
        if unwanted:
            text += f"; {what if not wanted else ''} except {', '.join(unwanted)}".replace("  ", " ")
    return text


def _owners(ownership: OwnershipConfig) -> Iterator[str]:
    if ownership.default is not None:
        yield f"  default: everything else -> {_roles(ownership.default)}"
    for rule in ownership.rules:
        yield f"  {rule.name}: {_matches(rule.match)} -> {_roles(rule)}"


def _matches(match: MatchConfig) -> str:
    asked = []
    for key in match.__struct_fields__:
        patterns = getattr(match, key)
        if patterns is not None:
            listed = [patterns] if isinstance(patterns, str) else patterns
            asked.append(f"{key} {' or '.join(listed)}")
    return " and ".join(asked)


def _roles(config: RoleConfig) -> str:
    text = f"{config.role} (accountable: {config.accountable}"
    for what, roles in (("consulted", config.consulted), ("informed", config.informed)):
        if roles:
            text += f"; {what}: {', '.join(roles)}"
    return f"{text})"
