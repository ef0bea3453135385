"""Records as a broker stores them, for what takes whole batches."""

import struct
from collections.abc import Sequence

from aiokafka.record.default_records import DefaultRecordBatchBuilder

from streams.counting.packed import Packed
from tests.support.pipeline_sim import Raw


def packed(records: Sequence[Raw], first: int | None = None, compression: int = 0) -> Packed:
    """One batch of records with consecutive offsets; only those from ``first`` on are wanted.

    Args:
        compression: Kafka's number of it; 0 for none, 3 for LZ4.
    """
    builder = DefaultRecordBatchBuilder(2, compression, False, -1, -1, -1, 1 << 24)
    begin = records[0].offset
    for record in records:
        builder.append(record.offset - begin, record.timestamp, record.key, record.value, list(record.headers))
    data = bytearray(builder.build())
    struct.pack_into(">q", data, 0, begin)
    return Packed(bytes(data), begin if first is None else first, records[-1].offset)
