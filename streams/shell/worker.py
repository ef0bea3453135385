"""Puts the agents, the changelogs and the web server together into one worker."""

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from typing import Any

from faust.types import TP
from mode import Service
from prometheus_client import CollectorRegistry

from schemas.ids import source_id
from streams.claims import Fenced
from streams.clients import Clients
from streams.clock import Clock, SystemClock
from streams.config import assigner, enricher, member_id, rule_set, triage_policy
from streams.counting.pool import Pool, usual_processes
from streams.counting.wire import Begin
from streams.ingest.ingest import Ingest
from streams.letter_limit import LetterLimit
from streams.metrics import Metrics
from streams.renaming import Names
from streams.settings import Settings
from streams.shell.app import StreamApp
from streams.shell.assigning import AssignAgent
from streams.shell.changelog import Changelog
from streams.shell.controls import ControlLog
from streams.shell.credentials import credentials
from streams.shell.delivery import DeliveryFailed
from streams.shell.detecting import DetectAgent
from streams.shell.ending import Ending
from streams.shell.ingesting import IngestAgent
from streams.shell.lease import Lease
from streams.shell.membership import PlaceLost, end_when_replaced, instance_of, who_took
from streams.shell.rejecting import Rejecter
from streams.shell.sharing import by_number
from streams.shell.transport import PassThrough
from streams.shell.triaging import TriageAgent
from streams.shell.watching import Watching
from streams.shell.web import WebServer
from streams.topics import Topics

_TURN_S = 0.02
_log = logging.getLogger("groundswell")


class Worker:
    """Everything one worker process runs.

    Args:
        partitions: topic -> number of partitions, as the broker says.
        ending: told what has failed.

    Attributes:
        on_ready: called once, when the worker becomes ready for the first time.
    """

    def __init__(
        self,
        settings: Settings,
        clients: Clients,
        partitions: dict[str, int],
        ending: Ending,
        clock: Clock | None = None,
    ) -> None:
        self.settings, self.ending = settings, ending
        self.clock = clock or SystemClock()
        self.on_ready: Callable[[], None] | None = None
        self.metrics = Metrics(CollectorRegistry())
        self.topics = topics = Topics(settings.kafka)
        session_s = settings.kafka.session_timeout_s
        self.lease = Lease(self.clock, session_s, _heartbeat_s(session_s))
        asked = settings.ingest.processes
        self._processes = usual_processes() if asked is None else asked
        self._clients, self._member_id = clients, member_id(settings.kafka)
        self.app = app = self._app(clients)
        self.watching = Watching(app, settings.watchdog, ending, self.clock)
        owner = f"{socket.gethostname()}:{os.getpid()}"
        self.series_log = Changelog(app, topics.series_log, owner)
        self.triage_log = Changelog(app, topics.triage_log, owner)
        self.assigned_log = Changelog(app, topics.assigned_log, owner)
        self.controls = ControlLog(
            clients.consumer(settings.kafka.group), topics.controls, partitions[topics.controls], _log.warning
        )
        panes = partitions[topics.theme_panes]
        sources = {source_id(n, p) for n, name in enumerate(topics.inputs) for p in range(partitions[name])}
        section = settings.ingest
        pure = self._counting(panes)
        rejecter = Rejecter(app, topics, self.metrics, self.clock)
        limit = LetterLimit(section.dead_letters, section.counting.chunk_records)
        self.ingest = IngestAgent(app, topics, pure, rejecter, limit, section.flushing.idle_s, self.clock)
        self.detect = DetectAgent(
            app, topics, self.series_log, rule_set(settings), sources, panes, Names(section.counting.renamed),
            settings.detect, settings.checkpoint_s, self.clock, self.metrics,
        )  # fmt: skip
        self.triage = TriageAgent(
            app, topics, self.triage_log, self.controls, triage_policy(settings), rejecter,
            settings.checkpoint_s, self.clock, self.metrics,
        )  # fmt: skip
        self.assign = AssignAgent(
            app, topics, self.assigned_log, assigner(settings), rejecter, self.clock, self.metrics
        )
        self._register()
        self.web = WebServer(settings.web, self)
        app.first_services.append(self._watch())
        app.service(self._timers())

    def _counting(self, panes: int) -> Ingest | Pool:
        """What counts the events: this process, or some of its own."""
        section = self.settings.ingest
        if not self._processes:
            return Ingest(panes, section.counting, section.limits, section.flushing, enricher(self.settings))
        taxonomy = None if section.taxonomy is None else str(self.settings.directory / section.taxonomy)
        # Read once here, so that what is wrong with it is said where it is seen.
        enricher(self.settings)
        begin = Begin(panes, section.counting, section.limits, section.flushing, taxonomy, section.min_confidence)
        return Pool(self._processes, begin)

    def _app(self, clients: Clients) -> StreamApp:
        kafka = self.settings.kafka
        topics = self.topics
        options: dict[str, Any] = {}
        if kafka.security.protocol != "PLAINTEXT":
            options["broker_credentials"] = credentials(clients)
        if self._member_id:
            options["consumer_group_instance_id"] = instance_of(kafka.group, self._member_id)
            end_when_replaced()
        return StreamApp(
            kafka.group,
            clients,
            {*topics.inputs, topics.theme_panes, topics.candidates, topics.signals, topics.actions},
            lease=self.lease,
            packed_topics=topics.inputs if self._processes else (),
            sharing=by_number(self.settings.digest, round(self.clock.now() * 1000)),
            broker=[f"aiokafka://{address.strip()}" for address in kafka.bootstrap.split(",")],
            broker_session_timeout=kafka.session_timeout_s,
            broker_heartbeat_interval=_heartbeat_s(kafka.session_timeout_s),
            broker_commit_interval=1.0,
            stream_recovery_delay=0.0,
            consumer_max_fetch_size=4096 * 1024,
            **options,
        )

    def _register(self) -> None:
        app, topics = self.app, self.topics
        app.agent(app.topic(*topics.inputs, schema=PassThrough()), name="ingest")(self._guarded(self.ingest.run))
        app.agent(app.topic(topics.theme_panes, schema=PassThrough()), name="detect")(self._guarded(self.detect.run))
        app.agent(app.topic(topics.candidates, schema=PassThrough()), name="triage")(self._guarded(self.triage.run))
        app.agent(app.topic(topics.signals, topics.actions, schema=PassThrough()), name="assign")(
            self._guarded(self.assign.run)
        )
        app.on_revoked_hook = self._revoked
        app.on_assigned_hook = self._assigned
        app.on_crash_hook = self._crashed
        app.recall = dict.fromkeys(topics.inputs, self.settings.ingest.counting.recall_records)

    def _guarded(self, body: Any) -> Any:
        """An agent that raises would be restarted by Faust and its batch lost: stop the worker instead."""

        async def run(stream: Any) -> None:
            try:
                await body(stream)
            except asyncio.CancelledError:
                raise
            except Exception as error:
                await self.app.crash(error)
                raise

        run.__name__ = body.__self__.__class__.__name__
        return run

    def _revoked(self) -> None:
        self.watching.revoked()
        self.metrics.lag.clear()
        self.series_log.release()
        self.triage_log.release()
        self.assigned_log.release()
        self.ingest.revoked()
        self.detect.revoked()
        self.triage.revoked()
        self.assign.revoked()

    def _crashed(self, reason: BaseException) -> None:
        if self.ending.reason is not None or isinstance(reason, asyncio.CancelledError):
            return
        taken = None
        if self._member_id and isinstance(reason, PlaceLost | Fenced | DeliveryFailed):
            consumer: Any = self.app.consumer
            group = self.settings.kafka.group
            taken = who_took(self._clients.admin(), group, self._member_id, consumer.member_id())
        self.ending.because(taken or reason)

    async def _assigned(self, assigned: set[TP]) -> None:
        """Claim and read the changelogs of what was assigned, then let the agents begin."""
        self.watching.assigned()
        progressed = self.watching.recovery_progressed

        def numbers(topic: str) -> list[int]:
            return [tp.partition for tp in assigned if tp.topic == topic]

        series, triaged, records, _ = await asyncio.gather(
            self.series_log.claim(numbers(self.topics.theme_panes), progressed),
            self.triage_log.claim(numbers(self.topics.candidates), progressed),
            self.assigned_log.claim(numbers(self.topics.signals), progressed),
            self.controls.read(lambda: not self.app.should_stop),
        )
        if series is None or triaged is None or records is None:
            # Shared out anew meanwhile: the next assignment begins again.
            return
        self.ingest.assigned(assigned)
        self.detect.resume(series)
        self.triage.resume(triaged)
        self.assign.resume(records)
        self.watching.recovered()
        on_ready, self.on_ready = self.on_ready, None
        if on_ready is not None:
            on_ready()

    def _watch(self) -> Service:
        worker = self

        class Watch(Service):
            """Serves the pages and looks whether the worker gets on, from before it joins until all else has ended."""

            async def on_start(self) -> None:
                worker.lease.start()
                worker.watching.start()
                await worker.web.start()

            async def on_stop(self) -> None:
                await worker.web.stop()
                worker.controls.stop()
                worker.lease.stop()

            @Service.task
            async def _look(self) -> None:
                await worker.again_and_again(self, worker.look)

        return Watch()

    def _timers(self) -> type[Service]:
        worker = self

        class Timers(Service):
            """Turns the flush and checkpoint timers."""

            @Service.task
            async def _turn(self) -> None:
                await worker.again_and_again(self, worker.turn)

        return Timers

    async def again_and_again(self, service: Service, what: Callable[[], None]) -> None:
        """Do something every few milliseconds while a service runs; the worker ends if it fails."""
        while not service.should_stop:
            await asyncio.sleep(_TURN_S)
            try:
                what()
            except Exception as error:
                await self.app.crash(error)
                raise

    def look(self) -> None:
        """Raises what is a reason to end, whether records arrive or not."""
        self.lease.check()
        self.watching.turn()

    def turn(self) -> None:
        """What the agents do whether records arrive or not."""
        self.ingest.flush_if_due()
        self.detect.checkpoint_if_due()
        self.triage.turn()
        self.assign.turn()


def _heartbeat_s(session_s: float) -> float:
    """Several a session, so that one lost on the way ends nothing."""
    return min(3.0, session_s / 4)
