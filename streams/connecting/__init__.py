"""``groundswell connect``: assignments into tickets and messages, by a process and consumer groups of its own."""
