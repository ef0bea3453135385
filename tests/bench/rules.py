"""The rules that the workers of the benches judge by."""

RULES = """
[[rules]]
name = "complaints"
detector = "count"
window = "5h"
levels = { low = 3, critical = 15 }
usual_below = 1.0
usual = "12h"

[[rules]]
name = "surge"
detector = "velocity"
window = "1h"
levels = { medium = 3.0, high = 6.0 }

[[rules]]
name = "mood"
detector = "sentiment"
window = "1h"
drop = { medium = 0.4 }

[[rules]]
name = "slow-calls"
detector = "metric"
of = "handle_s"
window = "1h"
move = { medium = 1.5 }
"""
"""One of each kind that judges with every update."""

LEARNED = """
[[rules]]
name = "learned"
detector = "surge"
false_alerts_per_week = 0.1
levels = { low = 1.0, medium = 2.0, high = 4.0, critical = 10.0 }
min_count = 5
"""
"""The rule that closes panes: it judges each of five minutes once it is over."""
