"""Progress that comes back: what a target says becomes actions. Pure: bytes in, actions out."""
