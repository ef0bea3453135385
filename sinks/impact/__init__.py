"""Impact: how much a signal matters, 0 to 10, part by part, and which of them come first. Pure."""

from sinks.impact.ranking import rank, standing
from sinks.impact.scoring import Impact
from sinks.impact.section import ImpactConfig

__all__ = ["Impact", "ImpactConfig", "rank", "standing"]
