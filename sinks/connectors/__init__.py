"""Connectors: one file a target. A new one is added to the union below."""

from sinks.connectors.asana import AsanaConfig
from sinks.connectors.azure_devops import AzureDevOpsConfig
from sinks.connectors.email import EmailConfig
from sinks.connectors.pagerduty import PagerDutyConfig
from sinks.connectors.servicenow import ServiceNowConfig
from sinks.connectors.slack import SlackConfig
from sinks.connectors.slack_webhook import SlackWebhookConfig
from sinks.connectors.teams import TeamsConfig

ConnectorConfig = (
    SlackConfig
    | SlackWebhookConfig
    | TeamsConfig
    | PagerDutyConfig
    | ServiceNowConfig
    | AzureDevOpsConfig
    | AsanaConfig
    | EmailConfig
)
"""Every kind of connector, told apart by ``kind``."""
