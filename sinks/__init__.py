"""What happens to a signal: who owns it, by when, and what became of it; and dead letters.

Pure: no Kafka, no clock, no I/O. ``streams`` brings the inputs and stores and sends what comes out.
"""

from sinks.assigning import Assigner, Outcome
from sinks.assignment_record import Record, decode_record, encode_record
from sinks.dead_letters import DeadLetter, Failure, Reason, dead_letter, dead_letter_headers
from sinks.deadlines import DeadlineConfig, Deadlines, DeadlinesConfig, priority
from sinks.ownership import MatchConfig, Ownership, OwnershipConfig, RoleConfig, Route, RuleConfig, RuleVerdict

__all__ = [
    "Assigner",
    "DeadLetter",
    "DeadlineConfig",
    "Deadlines",
    "DeadlinesConfig",
    "Failure",
    "MatchConfig",
    "Outcome",
    "Ownership",
    "OwnershipConfig",
    "Reason",
    "Record",
    "RoleConfig",
    "Route",
    "RuleConfig",
    "RuleVerdict",
    "dead_letter",
    "dead_letter_headers",
    "decode_record",
    "encode_record",
    "priority",
]
