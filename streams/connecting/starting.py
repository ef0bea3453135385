"""Where a group begins to read."""

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, TopicPartition

_ANSWER_S = 10.0


def first_offsets(consumer: Consumer, partitions: list[TopicPartition], begin_ms: int) -> list[TopicPartition]:
    """The partitions, each with the offset to begin at: the committed one, or the first record at ``begin_ms``.

    A position taken from the clock is committed at once: otherwise what comes between this start and the first commit
    would be skipped by the next one.

    Raises:
        KafkaException: the broker does not say.
    """
    committed = consumer.committed(partitions, timeout=_ANSWER_S)
    new = [each for each in committed if each.offset < 0]
    if not new:
        return committed
    asked = [TopicPartition(each.topic, each.partition, begin_ms) for each in new]
    found = {(each.topic, each.partition): each.offset for each in consumer.offsets_for_times(asked, timeout=_ANSWER_S)}
    starts = []
    for each in new:
        offset = found.get((each.topic, each.partition), OFFSET_END)
        if offset in (OFFSET_BEGINNING, OFFSET_END) or offset < 0:
            # Nothing is as young as that: it begins with what comes.
            marks = consumer.get_watermark_offsets(each, timeout=_ANSWER_S, cached=False)
            offset = int(marks[1]) if marks else 0
        starts.append(TopicPartition(each.topic, each.partition, offset))
    consumer.commit(offsets=starts, asynchronous=False)
    return [each for each in committed if each.offset >= 0] + starts
