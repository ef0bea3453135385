"""Whoever holds the newest claim decides what a partition's log comes to, whatever arrives late."""

import random

import pytest

from streams.claims import BEFORE_CLAIMS, Claim, Entry, Fenced, Replayed, claim_key

KEYS = [b"login", b"crash", b"pay"]


class Log:
    """A changelog partition, with a cleaner that keeps the newest record of a key."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.end = 0

    def append(self, epoch: int, key: bytes, value: bytes | None) -> int:
        self.entries.append(Entry(self.end, epoch, key, value))
        self.end += 1
        return self.end - 1

    def compact(self) -> None:
        newest = {entry.key: entry.offset for entry in self.entries}
        self.entries = [entry for entry in self.entries if newest[entry.key] == entry.offset]

    def read(self, first: int = 0, end: int | None = None) -> list[Entry]:
        return [entry for entry in self.entries if first <= entry.offset < (self.end if end is None else end)]


class Owner:
    """A worker: claims, reads, writes; ``queue`` holds what it has handed over and the broker does not have yet."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.claim = Claim("t", 0, log.append(BEFORE_CLAIMS, claim_key(0), b"me"))
        found = Replayed()
        found.take(log.read(0, self.claim.epoch))
        self.state = dict(found.state)
        self.rewrite = set(found.stale)
        self.queue: list[tuple[bytes, bytes | None]] = []
        self.fenced = False

    def write(self, key: bytes, value: bytes | None) -> None:
        if value is None:
            self.state.pop(key, None)
        else:
            self.state[key] = value
        self.queue.append((key, value))

    def deliver(self) -> list[bytes]:
        """The broker takes what is queued; the keys whose acknowledgement may have consequences."""
        followed = []
        queue, self.queue = self.queue, []
        for key, value in queue:
            offset = self.log.append(self.claim.epoch, key, value)
            if self.fenced:
                continue
            gap = self.claim.gap(offset)
            if gap is not None:
                try:
                    self.rewrite |= self.claim.judge(self.log.read(*gap))
                except Fenced:
                    self.fenced = True
                    continue
            followed.append(key)
        return followed

    def heal(self) -> None:
        for key in sorted(self.rewrite):
            self.queue.append((key, self.state.get(key)))
        self.rewrite.clear()


@pytest.mark.parametrize("seed", range(60))
def test_late_writers_change_nothing(seed: int) -> None:
    draw = random.Random(seed)
    log = Log()
    owner, zombies = Owner(log), []
    for step in range(300):
        move = draw.random()
        if move < 0.55:
            value = None if draw.random() < 0.1 else f"{owner.claim.epoch}:{step}".encode()
            owner.write(draw.choice(KEYS), value)
        elif move < 0.75:
            owner.deliver()
            assert not owner.fenced
            owner.heal()
        elif move < 0.85 and zombies:
            # What a zombie sent long ago arrives; nothing may follow from it.
            zombie = draw.choice(zombies)
            had = bool(zombie.queue)
            assert zombie.deliver() == []
            assert zombie.fenced or not had
        elif move < 0.93:
            # The cleaner runs long after a checkpoint, which notices and heals what a zombie has written.
            owner.write(b"partition", str(step).encode())
            owner.deliver()
            owner.heal()
            owner.deliver()
            assert not owner.rewrite
            log.compact()
        else:
            # The partition moves; what was acknowledged is what the successor must find.
            acknowledged = dict(owner.state) if not owner.queue else None
            zombies.append(owner)
            successor = Owner(log)
            if acknowledged is not None:
                assert successor.state == acknowledged
            owner = successor
            owner.heal()


def test_a_record_without_an_epoch_counts_until_the_first_claim() -> None:
    found = Replayed()
    found.take([Entry(0, BEFORE_CLAIMS, b"login", b"1"), Entry(1, BEFORE_CLAIMS, claim_key(0), b"a")])
    found.take([Entry(2, BEFORE_CLAIMS, b"login", b"2")])
    assert found.state == {b"login": b"1"}
    assert found.stale == {b"login"}


def test_what_is_written_again_is_no_longer_stale() -> None:
    found = Replayed()
    found.take([Entry(0, -1, claim_key(0), b""), Entry(1, -1, claim_key(0), b""), Entry(2, 0, b"login", b"old")])
    assert found.stale == {b"login"}
    found.take([Entry(3, 1, b"login", b"new")])
    assert (found.stale, found.state) == (set(), {b"login": b"new"})


def test_a_tombstone_of_a_zombie_deletes_nothing() -> None:
    found = Replayed()
    found.take([Entry(0, -1, claim_key(0), b""), Entry(1, 0, b"login", b"1"), Entry(2, -1, claim_key(0), b"")])
    found.take([Entry(3, 0, b"login", None)])
    assert found.state == {b"login": b"1"}
