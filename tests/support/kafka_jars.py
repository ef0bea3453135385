"""The jars of Apache Kafka, through Maven, kept below the repository."""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.unavailable import RealKafkaUnavailable

VERSION = "4.1.0"
CACHE = Path(__file__).resolve().parents[2] / ".kafka"

_JAVA_NEEDED = 17
_DOWNLOAD_SECONDS = 900
# slf4j-simple, because the broker's own jars bring no logger, and a broker that cannot start must say why.
_POM = f"""\
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>groundswell.tests</groupId>
  <artifactId>kafka-jars</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>{VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-simple</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
  <build>
    <pluginManagement>
      <plugins>
        <plugin>
          <groupId>org.apache.maven.plugins</groupId>
          <artifactId>maven-dependency-plugin</artifactId>
          <version>3.8.1</version>
        </plugin>
      </plugins>
    </pluginManagement>
  </build>
</project>
"""


def java_version() -> str:
    """The version of the local Java, refused when it is too old for the broker."""
    if shutil.which("java") is None:
        raise RealKafkaUnavailable("no java on the PATH")
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "((\d+)[^"]*)"', said.stderr + said.stdout)
    if found is None:
        raise RealKafkaUnavailable(f"java -version says no version: {(said.stderr + said.stdout).strip()[:200]}")
    if int(found[2]) < _JAVA_NEEDED:
        raise RealKafkaUnavailable(f"Java {found[1]} is too old, Kafka {VERSION} needs {_JAVA_NEEDED}")
    return found[1]


def jars() -> Path:
    """The folder with the jars, downloaded by the first run that needs them."""
    libs = CACHE / "libs" / VERSION
    if libs.is_dir():
        return libs
    with _locked():
        if not libs.is_dir():
            _download(libs)
    return libs


@contextmanager
def _locked() -> Iterator[None]:
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _download(libs: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise RealKafkaUnavailable("no mvn on the PATH, and the jars are not in .kafka/libs yet")
    # Into a neighbour first: a download that breaks off must not look complete to the next run.
    partial = libs.with_name(f"{libs.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    pom = CACHE / "pom.xml"
    pom.write_text(_POM)
    command = [maven, "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={partial}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_DOWNLOAD_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise RealKafkaUnavailable(f"mvn gave no jars within {_DOWNLOAD_SECONDS} s") from None
    if done.returncode != 0:
        raise RealKafkaUnavailable(f"mvn failed ({done.returncode}): {(done.stdout + done.stderr).strip()[-1500:]}")
    partial.rename(libs)
