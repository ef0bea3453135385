"""The targets that can be told of assignments, one file each; a new one is added to the union below."""

from sinks.connectors.asana import AsanaConfig
from sinks.connectors.azure_devops import AzureDevOpsConfig
from sinks.connectors.email import EmailConfig
from sinks.connectors.jira import JiraConfig
from sinks.connectors.pagerduty import PagerDutyConfig
from sinks.connectors.servicenow import ServiceNowConfig
from sinks.connectors.slack import SlackConfig
from sinks.connectors.slack_webhook import SlackWebhookConfig
from sinks.connectors.teams import TeamsConfig
from sinks.connectors.webhook import WebhookConfig

ConnectorConfig = (
    JiraConfig
    | WebhookConfig
    | SlackConfig
    | SlackWebhookConfig
    | TeamsConfig
    | PagerDutyConfig
    | ServiceNowConfig
    | AzureDevOpsConfig
    | AsanaConfig
    | EmailConfig
)
"""What a ``[[connectors]]`` table may be; ``kind`` tells which."""
