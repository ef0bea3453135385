"""Chains of escalation: the rule's own, else that of the severity; and what cannot be one."""

import re
from datetime import timedelta

import pytest

from schemas.signal import Severity
from sinks.escalation import Escalation, EscalationConfig, StepConfig

BOSS = StepConfig(after="15m", to="engineering-manager")
HEAD = StepConfig(after="1h", to="vp-product", unless="fix_shipped")


def test_a_rule_with_a_chain_of_its_own_goes_before_the_severity() -> None:
    escalation = Escalation(EscalationConfig(critical=[BOSS, HEAD]), {"mobile": [HEAD], "web": []})
    assert [step.to for step in escalation.chain(Severity.CRITICAL, "web")] == ["engineering-manager", "vp-product"]
    assert [step.to for step in escalation.chain(Severity.CRITICAL, "mobile")] == ["vp-product"]
    assert [step.to for step in escalation.chain(Severity.LOW, "mobile")] == ["vp-product"]
    assert escalation.chain(Severity.LOW, "web") == ()


def test_a_step_says_why_it_is_taken() -> None:
    first, second = Escalation(EscalationConfig(high=[BOSS, HEAD])).chain(Severity.HIGH, "")
    assert (first.why, first.after) == ("not acknowledged for 15 minutes", timedelta(minutes=15))
    assert second.why == "not fixed for 1 hour"


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([StepConfig(after="soon", to="a")], 'escalation.high[0].after: "soon" is no duration'),
        ([StepConfig(after="0s", to="a")], "escalation.high[0].after: 0s must be more than nothing"),
        ([StepConfig(after="9999d", to="a")], "escalation.high[0].after: 9999d must be more than nothing and at most"),
        ([StepConfig(after="1h", to=" ")], "escalation.high[0].to: is empty"),
        ([HEAD, BOSS], "escalation.high[1].after: 15m is no later than the step before it"),
        ([HEAD, HEAD], "escalation.high[1].after: 1h is no later than the step before it"),
        ([StepConfig(after="1h", to="a", unless="ok")], 'escalation.high[0].unless: "ok" is none of acknowledged, fix'),
    ],
)
def test_what_is_no_chain_is_refused_by_its_key(steps: list[StepConfig], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        Escalation(EscalationConfig(high=steps))


def test_a_rules_chain_is_named_by_its_place() -> None:
    with pytest.raises(ValueError, match=re.escape("ownership.rules[1].escalate[1].after: 15m")):
        Escalation(None, {"web": [BOSS], "mobile": [BOSS, BOSS]})
