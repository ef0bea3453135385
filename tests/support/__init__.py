"""What the tests stand on: brokers, shared data."""
