"""The process that takes webhooks."""
