"""Triage: which of what was found a person hears about, when, and together with what. Pure: no Kafka, no clock."""
