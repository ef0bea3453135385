"""What each target says becomes the right action, once; and nobody else is believed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from schemas.action import Action, ActionKind
from sinks.connectors.secrets import Secrets
from sinks.inbound.azure_devops import AzureDevOpsSource
from sinks.inbound.base import Denied, Incoming, Source
from sinks.inbound.jira import JiraSource
from sinks.inbound.servicenow import ServiceNowSource
from sinks.inbound.slack import SlackSource, signature
from tests.sinks.inbound import requests as r


class Case(NamedTuple):
    kind: str
    make: Callable[[], Source]
    request: Callable[..., Incoming]
    said: Callable[..., Any]
    kind_of_action: ActionKind
    by: str


SECRETS = Secrets({"HOOK_SECRET": r.KEY})


def jira(**fields: Any) -> Source:
    return JiraSource(secret_env="HOOK_SECRET", **fields).source(SECRETS)


def azure(**fields: Any) -> Source:
    return AzureDevOpsSource(secret_env="HOOK_SECRET", **fields).source(SECRETS)


def servicenow(**fields: Any) -> Source:
    return ServiceNowSource(secret_env="HOOK_SECRET", **fields).source(SECRETS)


def slack() -> Source:
    return SlackSource(signing_secret_env="HOOK_SECRET").source(SECRETS)


CASES = [
    Case("slack", slack, r.slack, r.pressed, ActionKind.ACKNOWLEDGED, "slack: ann"),
    Case("jira", jira, r.jira, r.issue_updated, ActionKind.ACKNOWLEDGED, "jira: Ann Other"),
    Case("azure-devops", azure, r.azure, r.item_updated, ActionKind.FIX_SHIPPED, "azure-devops: Ann Other"),
    Case("servicenow", servicenow, r.servicenow, r.incident, ActionKind.FIX_SHIPPED, "servicenow: ann"),
]
every = pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)


def taken(case: Case, said: Any) -> int:
    """How many actions it comes to, or the status that it is denied with."""
    try:
        return len(case.make().take(case.request(said)).actions)
    except Denied as denied:
        return denied.status


def one(source: Source, incoming: Incoming) -> Action:
    (action,) = source.take(incoming).actions
    return action


@every
def test_what_is_said_becomes_an_action_with_an_id_that_follows_from_it(case: Case) -> None:
    action = one(case.make(), case.request(case.said()))
    assert (action.signal_id, action.kind, action.by) == ("sig-1", case.kind_of_action, case.by)
    assert action.at.tzinfo is not None
    assert abs(action.at.timestamp() - r.NOW) < 3600
    # The target tries again, a little later.
    later = case.request(case.said())._replace(received_at=r.NOW + 100)
    assert one(case.make(), later) == action


@every
def test_a_stranger_is_not_believed(case: Case) -> None:
    right = case.request(case.said())
    wrong = [
        case.request(case.said(), key="another") if case.kind != "azure-devops" else r.azure(case.said(), "another"),
        right._replace(headers={}),
        right._replace(headers=dict.fromkeys(right.headers, "")),
        right._replace(headers=dict.fromkeys(right.headers, "\udcff\xff=é")),
        right._replace(headers=dict.fromkeys(right.headers, "9" * 400)),
    ]
    if case.kind != "azure-devops":
        wrong.append(right._replace(body=right.body.replace(b"sig-1", b"sig-2")))
    for request in wrong:
        with pytest.raises(Denied) as caught:
            case.make().take(request)
        assert caught.value.status == 401
        assert r.KEY not in caught.value.reason


@every
def test_what_is_old_is_not_taken_again(case: Case) -> None:
    for seconds in (2 * 86_400.0, -2 * 86_400.0):
        with pytest.raises(Denied, match="too old") as caught:
            case.make().take(case.request(case.said())._replace(received_at=r.NOW + seconds))
        assert caught.value.status == 401


def test_slack_gives_five_minutes() -> None:
    assert one(slack(), r.slack(r.pressed(), at=r.NOW - 299))
    with pytest.raises(Denied, match="too old"):
        slack().take(r.slack(r.pressed(), at=r.NOW - 301))


@every
@pytest.mark.parametrize(
    "said", [None, [], "x", 3, {}, {"type": "block_actions", "actions": {"a": 1}}, {"issue": 3, "timestamp": True}]
)
def test_nonsense_from_the_right_sender_is_an_error_or_nothing(case: Case, said: Any) -> None:
    assert taken(case, said) in (0, 400, 401)


@every
def test_every_part_may_be_missing_or_of_another_kind(case: Case) -> None:
    """No shape of a body raises anything but Denied."""

    def spoiled(thing: Any) -> list[Any]:
        if isinstance(thing, dict):
            out = [{key: value for key, value in thing.items() if key != left} for left in thing]
            return out + [{**thing, key: each} for key, value in thing.items() for each in spoiled(value)]
        if isinstance(thing, list):
            return [[], *([each] for item in thing for each in spoiled(item)), None]
        return [None, 7, 1e300, True, [], {}, "", "\x00"]

    bodies = spoiled(case.said())
    assert len(bodies) > 40
    for body in bodies:
        assert taken(case, body) in (0, 1, 400, 401)


@pytest.mark.parametrize(
    ("button", "kind"),
    [
        ("gs_ack", ActionKind.ACKNOWLEDGED),
        ("gs_fix_shipped", ActionKind.FIX_SHIPPED),
        ("gs_resolved", ActionKind.RESOLVED),
        ("gs_dismiss", ActionKind.DISMISSED),
    ],
)
def test_slacks_buttons(button: str, kind: ActionKind) -> None:
    assert one(slack(), r.slack(r.pressed(button))).kind is kind


def test_slacks_other_buttons_are_nothing() -> None:
    assert slack().take(r.slack(r.pressed("theirs"))).actions == []
    assert slack().take(r.slack({"type": "view_submission"})).actions == []
    with pytest.raises(Denied, match="no form with a payload"):
        slack().take(_signed_again(b"payload"))


def _signed_again(body: bytes) -> Incoming:
    stamp = str(int(r.NOW))
    headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": signature(r.KEY, stamp, body)}
    return Incoming(headers, body, r.NOW)


def test_slacks_own_example_of_a_signature() -> None:
    """The example of Slack's documentation on verifying requests."""
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name="
        b"foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks"
        b".slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121"
        b".803a0bc887a14d10d2c447fce8b6703c"
    )
    expected = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    assert signature("8f742231b10e8888abcd99yyyzzz85a5", "1531420618", body) == expected


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (r.issue_updated(), ActionKind.ACKNOWLEDGED),
        (r.issue_updated("Done", "done", "Fixed"), ActionKind.FIX_SHIPPED),
        (r.issue_updated("Done", "done", "Won't Do"), ActionKind.DISMISSED),
        (r.issue_updated("Verified", "done", "Fixed"), ActionKind.RESOLVED),
        (r.issue_updated("To Do", "new"), None),
        (r.issue_updated("In Review", "indeterminate"), None),
        (r.issue_updated("Anything", "of their own"), None),
        (r.issue_updated(changelog={"id": "1", "items": [{"field": "labels", "toString": "gs-sig-1"}]}), None),
    ],
)
def test_jiras_statuses(event: dict[str, Any], kind: ActionKind | None) -> None:
    told = jira(statuses={"verified": "resolved", "In Review": ""}).take(r.jira(event))
    assert [action.kind for action in told.actions] == ([kind] if kind else [])
    assert bool(told.reason) is (kind is None)


def test_an_issue_for_several_signals_is_an_action_for_each() -> None:
    event = r.issue_updated()
    event["issue"]["fields"]["labels"] = ["gs-sig-2.3", "gs-sig-1", "gs-sig-2"]
    told = jira().take(r.jira(event))
    assert [action.signal_id for action in told.actions] == ["sig-2", "sig-1"]
    assert len({action.id for action in told.actions}) == 2
    assert told.actions[0].note == "MOB-12: In Progress"


def test_what_our_own_account_did_is_not_told_back() -> None:
    assert jira(own=("5b10a2844c20165700ede21g",)).take(r.jira(r.issue_updated())).actions == []
    assert azure(own=("Ann@bank.test",)).take(r.azure(r.item_updated())).actions == []
    assert servicenow(own=("ann",)).take(r.servicenow(r.incident())).actions == []


def test_what_is_not_ours_is_nothing() -> None:
    event = r.issue_updated()
    event["issue"]["fields"]["labels"] = ["mobile"]
    assert "no label" in jira().take(r.jira(event)).reason
    item = r.item_updated()
    item["resource"]["revision"]["fields"]["System.Tags"] = "groundswell"
    assert "no tag" in azure().take(r.azure(item)).reason
    assert "correlation_id" in servicenow().take(r.servicenow({**r.incident(), "correlation_id": "INC1"})).reason


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("Active", ActionKind.ACKNOWLEDGED),
        ("Resolved", ActionKind.FIX_SHIPPED),
        ("Closed", ActionKind.RESOLVED),
        ("Removed", ActionKind.DISMISSED),
        ("New", None),
        ("Shipped", ActionKind.FIX_SHIPPED),
        ("Fancy", None),
    ],
)
def test_azures_states(state: str, kind: ActionKind | None) -> None:
    told = azure(statuses={"Shipped": "fix_shipped"}).take(r.azure(r.item_updated(state)))
    assert [action.kind for action in told.actions] == ([kind] if kind else [])


def test_an_azure_event_without_a_change_of_state_is_nothing() -> None:
    item = r.item_updated()
    del item["resource"]["fields"]["System.State"]
    assert azure().take(r.azure(item)).reason == "its state has not changed"
    assert azure().take(r.azure({**r.item_updated(), "eventType": "workitem.created"})).actions == []
    with pytest.raises(Denied):
        azure().take(r.azure(r.item_updated(), user="somebody"))


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        (r.incident("2", ""), ActionKind.ACKNOWLEDGED),
        (r.incident("6"), ActionKind.FIX_SHIPPED),
        (r.incident("6", "Duplicate"), ActionKind.DISMISSED),
        (r.incident("7"), ActionKind.RESOLVED),
        (r.incident("8", ""), ActionKind.DISMISSED),
        (r.incident("1", ""), None),
    ],
)
def test_servicenows_states(record: dict[str, Any], kind: ActionKind | None) -> None:
    told = servicenow().take(r.servicenow(record))
    assert [action.kind for action in told.actions] == ([kind] if kind else [])


def test_servicenow_may_show_a_token_instead() -> None:
    record = r.servicenow(r.incident())
    source = servicenow(auth="token")
    action = one(source, record._replace(headers={"groundswell-token": r.KEY}))
    assert action.at == datetime(2026, 5, 4, 9, 12, tzinfo=UTC)
    for headers in ({}, {"groundswell-token": "wrong"}, record.headers):
        with pytest.raises(Denied):
            source.take(record._replace(headers=headers))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: JiraSource(), "secret_env: is missing"),
        (
            lambda: JiraSource(secret_env="A", statuses={"Done": "fixed"}),
            'statuses: "Done" means "fixed"; expected one of',
        ),
        (lambda: SlackSource(), "signing_secret_env: is missing"),
        (lambda: AzureDevOpsSource(secret_env="A", secret_file="b"), "secret_env: expected either"),
        (lambda: JiraSource(secret_env="NOT_THERE").source(SECRETS), "secret_env: the environment has no NOT_THERE"),
        (lambda: JiraSource(secret_file="/nowhere").source(SECRETS), "secret_file: /nowhere: No such file"),
    ],
)
def test_a_wrong_configuration_is_told_by_key(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        make()
