"""How events are counted: the table ``[ingest.counting]``."""

import msgspec


class CountSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How events are counted.

    Attributes:
        dimensions: fields or attributes whose values become slices.
        chunk_records: offsets a chunk spans at most.
        chunk_s: stretch of record time a chunk spans at most.
        dedupe_s, dedupe_ids: how long, and how many, event ids are remembered per source partition.
        recall_records: offsets before the first chunk that are read again at a start, for their ids alone.
    """

    dimensions: tuple[str, ...] = ("channel", "region", "tier", "segment", "product", "version", "os_version")
    chunk_records: int = 32_768
    chunk_s: int = 600
    dedupe_s: float = 600.0
    dedupe_ids: int = 200_000
    recall_records: int = 32_768

    def __post_init__(self) -> None:
        for key, value, least in (
            ("chunk_records", self.chunk_records, 1),
            ("dedupe_ids", self.dedupe_ids, 1),
            ("recall_records", self.recall_records, 0),
        ):
            if value < least:
                raise ValueError(f"{key}: expected {least} or more, got {value}")
        if self.chunk_s < 1:
            raise ValueError("chunk: expected at least a second")
