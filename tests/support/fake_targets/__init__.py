"""Servers that behave like the targets of connectors."""
