"""How assignments come to be tickets and messages: what to do next, when to try again, what to remember. Pure."""
