"""What a worker and its counting processes say to each other: frames of MessagePack on a pair of sockets."""

import socket
import struct
from typing import Any

import msgspec

from streams.counting.packed import Packed
from streams.ingest.counter import CountSettings
from streams.ingest.decode import Limits
from streams.ingest.ingest import FlushSettings

_LENGTH = struct.Struct(">I")


class Begin(msgspec.Struct, tag="b", array_like=True):
    """The first frame: how to count."""

    partitions: int
    counting: CountSettings
    limits: Limits
    flushing: FlushSettings
    taxonomy: str | None
    min_confidence: float


class Assign(msgspec.Struct, tag="a", array_like=True):
    """Start from nothing on these source partitions; what is said from then on is of this epoch."""

    epoch: int
    now: float
    sources: list[int]


class Record(msgspec.Struct, array_like=True, gc=False):
    """A record of an input topic."""

    offset: int
    timestamp: int
    value: bytes | None
    key: bytes | None = None
    headers: list[tuple[str, bytes]] = []


class Take(msgspec.Struct, tag="t", array_like=True):
    """Count records; of those before ``known``, which were counted before a restart, only remember the ids."""

    source: int
    now: float
    wall: float
    batches: list[Packed]
    known: int


class Turn(msgspec.Struct, tag="f", array_like=True):
    """Say what is due."""

    now: float
    drained: list[int]
    behind: bool


class RefusedRecord(msgspec.Struct, array_like=True):
    """A record that is no event, and why."""

    source: int
    record: Record
    reason: str
    message: str


class Report(msgspec.Struct, array_like=True):
    """What came of it since the last one.

    Attributes:
        taken: offsets taken in since the assignment.
        outputs: (partition of theme-panes, value).
        committable: source -> offset, once the outputs are delivered.
        positions: source -> offset of the next record.
        tallies: source -> (events, repeated, untagged).
    """

    epoch: int
    taken: int
    outputs: list[tuple[int, bytes]]
    committable: dict[int, int]
    positions: dict[int, int]
    refused: list[RefusedRecord]
    tallies: dict[int, tuple[int, int, int]]


Down = Begin | Assign | Take | Turn
down = msgspec.msgpack.Decoder(Down)
up = msgspec.msgpack.Decoder(Report)
_encoder = msgspec.msgpack.Encoder()


def send(sock: socket.socket, message: Any) -> None:
    """Write a frame."""
    data = _encoder.encode(message)
    sock.sendall(_LENGTH.pack(len(data)))
    sock.sendall(data)


def receive(sock: socket.socket) -> bytearray | None:
    """Read a frame; None once the other side has gone."""
    head = _exactly(sock, _LENGTH.size)
    return None if head is None else _exactly(sock, _LENGTH.unpack(head)[0])


def _exactly(sock: socket.socket, size: int) -> bytearray | None:
    data = bytearray(size)
    view, got = memoryview(data), 0
    while got < size:
        n = sock.recv_into(view[got:])
        if not n:
            return None
        got += n
    return data
