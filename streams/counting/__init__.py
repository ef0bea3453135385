"""Counting in processes of its own, so that a worker can use more than one core."""
