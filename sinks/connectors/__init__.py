"""The targets that can be told of assignments, one file each; a new one is added to the union below."""

from sinks.connectors.jira import JiraConfig
from sinks.connectors.webhook import WebhookConfig

ConnectorConfig = JiraConfig | WebhookConfig
"""What a ``[[connectors]]`` table may be; ``kind`` tells which."""
