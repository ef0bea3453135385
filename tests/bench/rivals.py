"""What the contenders from outside need, fetched into .bench by the first bench that asks for them."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
CACHE = REPO / ".bench"
LOCK = REPO / "requirements-bench.lock"
JAVA = Path(__file__).parent / "kafka_streams"
_MINUTES_15 = 900


class Unavailable(Exception):
    """A contender cannot run here; the message says why."""


def quix_python() -> Path:
    """The interpreter of an environment that holds Quix Streams: its pins exclude ours.

    Raises:
        Unavailable: it cannot be made.
    """
    folder = CACHE / f"quix-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    python = folder / "bin" / "python"
    done = folder / ".complete"
    if not done.exists():
        _say("Quix Streams into .bench")
        _run([sys.executable, "-m", "venv", "--clear", str(folder)])
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes",
              "-r", str(LOCK)])  # fmt: skip
        done.touch()
    return python


def kafka_streams_classpath() -> str:
    """The class path of the windowed count on Kafka Streams, compiled.

    Raises:
        Unavailable: no Java, no compiler, or no jars.
    """
    for tool in ("java", "javac"):
        if shutil.which(tool) is None:
            raise Unavailable(f"no {tool} on the PATH")
    sources = [JAVA / "pom.xml", JAVA / "WindowedCount.java"]
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]
    folder = CACHE / f"kafka-streams-{digest}"
    libs, done = folder / "libs", folder / ".complete"
    if not done.exists():
        if shutil.which("mvn") is None:
            raise Unavailable("no mvn on the PATH, and the jars are not in .bench yet")
        _say("Kafka Streams into .bench")
        shutil.rmtree(folder, ignore_errors=True)
        libs.mkdir(parents=True)
        _run(["mvn", "-q", "-B", "-f", str(sources[0]), "dependency:copy-dependencies", f"-DoutputDirectory={libs}"])
        _run(["javac", "-cp", f"{libs}/*", "-d", str(folder), str(sources[1])])
        done.touch()
    return f"{folder}:{libs}/*"


def _say(what: str) -> None:
    sys.stderr.write(f"fetching {what}\n")


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_MINUTES_15, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{command[0]}: {error}") from None
    if done.returncode:
        raise Unavailable(f"{' '.join(command[:4])} failed: {(done.stdout + done.stderr).strip()[-600:]}")
