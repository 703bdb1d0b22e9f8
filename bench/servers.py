"""Servers of a run: gunicorn on a free loopback port, ended with the block."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError

from bench.machine import cpu_seconds

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Server:
    """A server that answers. started: seconds from the command to the first page; used: of CPU, meanwhile."""

    port: int
    process: int
    started: float
    used: float


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    application: str, environment: Mapping[str, str], *, workers: int, threads: int, log: Path
) -> Iterator[Server]:
    """gunicorn with this application, e.g. `app:create_app()`."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", str(workers)]
    command += ["--threads", str(threads), "--worker-class", "gthread", "--log-level", "warning"]
    command += ["--no-control-socket", "--keep-alive", "5", application]
    with running(command, environment, port=port, path="/", log=log) as server:
        yield server


@contextmanager
def running(
    command: list[str], environment: Mapping[str, str], *, port: int, path: str, log: Path
) -> Iterator[Server]:
    """A command that serves on the port; waits until the page at `path` is there."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PINGDU_")}
    start = time.perf_counter()
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603  # our own commands
            command, cwd=ROOT, env={**kept, **environment}, stdout=output, stderr=output
        )
    try:
        _wait(process, port, path, log)
        yield Server(port, process.pid, time.perf_counter() - start, cpu_seconds(process.pid))
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, path: str, log: Path) -> None:
    end = time.perf_counter() + 60
    while time.perf_counter() < end:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                answer.read()
        except HTTPError:
            return  # it answers, if only with a refusal
        except (URLError, OSError):
            time.sleep(0.01)
            continue
        return
    raise RuntimeError(f"no page at {path}:\n{log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
