"""What crosses a topic: events in; pane updates between workers; signals, assignments and actions out.

``event``, ``panes``, ``signal``, ``assignment`` and ``action`` hold the structs, ``codec`` turns them into
bytes and back, ``cloudevents`` binds them to Kafka records, ``ids`` and ``times`` say how things are named and
dated. Services in other languages read the JSON Schemas in ``schemas/json`` (``publish`` writes them).

This package imports nothing else of ours, and importing it imports none of its modules.
"""
