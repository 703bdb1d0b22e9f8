"""Fetch the browser libraries we ship, and check that what is shipped is what the lock says.

    python scripts/vendor.py check     compare every shipped file with its lock (a test runs this)
    python scripts/vendor.py fetch     `npm pack` each package anew, copy the listed files, write the locks

A lock stands beside the files: package, version, licence, and for each file its sha512. Shipped files
are never edited; a new version is a new line in PACKAGES and one `fetch`.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = "lock.json"


@dataclass(frozen=True)
class Package:
    """One npm package of which we ship some files.

    files: path inside the package -> name in the folder.
    """

    name: str
    version: str
    licence: str
    folder: str
    files: dict[str, str]


PACKAGES = (
    Package(
        "echarts",
        "6.1.0",
        "Apache-2.0",
        "static/vendor",
        {
            "dist/echarts.common.min.js": "echarts.common.min.js",
            "LICENSE": "echarts.LICENSE",
            "NOTICE": "echarts.NOTICE",
        },
    ),
    Package(
        "axe-core",
        "4.14.1",
        "MPL-2.0",
        "tests/vendor",
        {"axe.min.js": "axe.min.js", "LICENSE": "axe-core.LICENSE"},
    ),
)


def sha512(path: Path) -> str:
    """The file's hash as the lock writes it."""
    return hashlib.sha512(path.read_bytes()).hexdigest()


def fetch() -> None:
    """Ship the listed files of the listed versions, and write down what they are."""
    locks: dict[str, list[dict[str, object]]] = {}
    for package in PACKAGES:
        folder = ROOT / package.folder
        folder.mkdir(parents=True, exist_ok=True)
        _unpack(package, folder)
        entry: dict[str, object] = {
            "name": package.name,
            "version": package.version,
            "licence": package.licence,
            "files": {name: sha512(folder / name) for name in package.files.values()},
        }
        locks.setdefault(package.folder, []).append(entry)
    for name, entries in locks.items():
        (ROOT / name / LOCK).write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")


def _unpack(package: Package, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        command = ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
        subprocess.run(command, cwd=scratch, check=True)
        archive = next(Path(scratch).glob("*.tgz"))
        with tarfile.open(archive) as tar:
            for inside, name in package.files.items():
                member = tar.extractfile(f"package/{inside}")
                if member is None:
                    raise FileNotFoundError(f"{package.name}: {inside} is no file")
                (folder / name).write_bytes(member.read())


def differences() -> list[str]:
    """What is shipped otherwise than locked: one sentence each; empty when all is well."""
    found = []
    for package in PACKAGES:
        folder = ROOT / package.folder
        entries = json.loads((folder / LOCK).read_text(encoding="utf-8"))
        entry = next((entry for entry in entries if entry["name"] == package.name), None)
        if entry is None or entry["version"] != package.version:
            found.append(f"{package.folder}/{LOCK} does not hold {package.name} {package.version}")
            continue
        for name, expected in entry["files"].items():
            if not (folder / name).is_file():
                found.append(f"{package.folder}/{name} is missing")
            elif sha512(folder / name) != expected:
                found.append(f"{package.folder}/{name} is not the file of {package.name} {package.version}")
    return found


def main(words: list[str]) -> int:
    """Run the command line; the exit code."""
    if words == ["fetch"]:
        fetch()
        return 0
    if words == ["check"]:
        found = differences()
        print("\n".join(found) or "shipped files are as locked")
        return 1 if found else 0
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
