"""The fonts of the documents: where they lie, whether they are ready, and how they are made.

``python -m notices.fonts build DEST`` fetches what is missing from the distribution (about 50 MB, no TeX
installation) and builds the private fonts once; a second call only checks. ``check DEST`` tells what is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO
from xml.sax.saxutils import escape

from notices.fontbuild import CUTS, RECIPE, build_font, missing_sources

#: Where a distribution keeps the sources when their packages are installed.
INSTALLED = (
    Path("/usr/share/fonts/opentype/noto"),
    Path("/usr/share/texlive/texmf-dist/fonts/opentype/public/fandol"),
    Path("/usr/share/texmf-dist/fonts/opentype/public/fandol"),
)
_PACKAGE_OF = {"Fandol": "texlive-lang-chinese", "Noto": "fonts-noto-cjk"}
_MANIFEST = "manifest.json"


class FontsMissing(Exception):
    """The fonts cannot be used or built; the message says why and what to do."""


def fonts_directory() -> Path:
    """PINGDU_FONTS, or var/fonts beside the packages."""
    configured = os.environ.get("PINGDU_FONTS")
    return (
        Path(configured).resolve() if configured else Path(__file__).resolve().parent.parent / "var" / "fonts"
    )


def fonts_ready(directory: Path) -> list[str]:
    """What keeps the fonts from being used, in Chinese; empty when all is well.

    Without any font the page engine dies with SIGSEGV instead of raising, so this is asked before it is loaded.
    """
    if not directory.is_dir():
        return [f"字体目录不存在：{directory}。请运行 python -m notices.fonts build {directory}"]
    manifest = _read_manifest(directory)
    if manifest.get("recipe") != RECIPE:
        return [f"字体尚未生成或版本过旧：{directory}。请运行 python -m notices.fonts build {directory}"]
    problems = []
    for cut in CUTS:
        file = directory / cut.file
        if not file.is_file():
            problems.append(f"缺少字体文件 {file}")
        elif file.stat().st_size != manifest.get(cut.file):
            problems.append(f"字体文件不完整：{file}，请删除后重新生成")
    if not (directory / "fonts.conf").is_file():
        problems.append(f"缺少字体配置 {directory / 'fonts.conf'}")
    elif escape(str(directory)) not in (directory / "fonts.conf").read_text(encoding="utf-8"):
        problems.append(f"字体目录被移动过，请重新运行 python -m notices.fonts build {directory}")
    return problems


def use_fonts(directory: Path) -> None:
    """Make the page engine see these fonts and no others; must run before weasyprint is imported.

    Raises FontsMissing when they are not ready or another configuration is already loaded.
    """
    problems = fonts_ready(directory)
    if problems:
        raise FontsMissing("；".join(problems))
    configuration = str(directory / "fonts.conf")
    if "weasyprint.text.ffi" in sys.modules and os.environ.get("FONTCONFIG_FILE") != configuration:
        raise FontsMissing("排版引擎已用其他字体配置启动，请在导入 weasyprint 之前设置字体")
    os.environ["FONTCONFIG_FILE"] = configuration


def build_fonts(directory: Path, *, sources: Sequence[Path] = INSTALLED) -> bool:
    """Build what is missing; True when anything was built.

    sources: folders searched for the source files before a package is fetched.
    """
    directory = directory.resolve()
    if not fonts_ready(directory):
        return False
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pingdu-fonts-") as work:
        files = _find(sources)
        needed = missing_sources(files)
        if needed:
            files.update(_fetch(needed, Path(work)))
        for cut in CUTS:
            build_font(cut, files[cut.source], directory / cut.file)
    _write_configuration(directory)
    sizes = {cut.file: (directory / cut.file).stat().st_size for cut in CUTS}
    (directory / _MANIFEST).write_text(json.dumps({"recipe": RECIPE, **sizes}, indent=1), encoding="utf-8")
    return True


def _read_manifest(directory: Path) -> dict[str, int]:
    try:
        manifest = json.loads((directory / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def _find(folders: Iterable[Path]) -> dict[str, Path]:
    wanted = {cut.source for cut in CUTS}
    found: dict[str, Path] = {}
    for folder in folders:
        for name in wanted - set(found):
            if (folder / name).is_file():
                found[name] = folder / name
    return found


def _fetch(needed: Sequence[str], work: Path) -> dict[str, Path]:
    """Fetch the packages that hold these files and take just the files out of them."""
    packages = sorted(
        {_PACKAGE_OF[prefix] for prefix in _PACKAGE_OF for name in needed if name.startswith(prefix)}
    )
    apt, dpkg, tar = (shutil.which(program) for program in ("apt-get", "dpkg-deb", "tar"))
    if apt is None or dpkg is None or tar is None:
        raise FontsMissing(
            f"本机没有 apt-get，无法取得字体。请把 {'、'.join(needed)} 放入一个目录，"
            "再运行 python -m notices.fonts build DEST --source 该目录"
        )
    print(f"fetching {', '.join(packages)} (fonts only, nothing is installed)", flush=True)
    _run([apt, "-q", "download", *packages], work)
    for package in sorted(work.glob("*.deb")):
        archive = work / "package.tar"
        with archive.open("wb") as stream:
            _run([dpkg, "--fsys-tarfile", str(package)], work, stream)
        patterns = [f"*/{name}" for name in needed if name.startswith(_prefix_of(package.name))]
        _run([tar, "-xf", str(archive), "--wildcards", *patterns], work)
        archive.unlink()
    files = {name: path for name in needed for path in work.rglob(name)}
    if absent := [name for name in needed if name not in files]:
        raise FontsMissing(f"软件包中没有找到字体：{'、'.join(absent)}")
    return files


def _prefix_of(package_file: str) -> str:
    return next(prefix for prefix, package in _PACKAGE_OF.items() if package_file.startswith(package))


def _run(command: list[str], folder: Path, output: IO[bytes] | None = None) -> None:
    # S603: a fixed program of the system with arguments from this module alone.
    result = subprocess.run(  # noqa: S603
        command,
        cwd=folder,
        check=False,
        stdout=output or subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    if result.returncode:
        told = result.stderr.decode("utf-8", "replace").strip().splitlines()
        raise FontsMissing(
            f"{Path(command[0]).name} 失败：{told[-1] if told else result.returncode}（可先运行 apt-get update）"
        )


def _write_configuration(directory: Path) -> None:
    text = (
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n'
        f"<fontconfig><dir>{escape(str(directory))}</dir>"
        f"<cachedir>{escape(str(directory / 'cache'))}</cachedir></fontconfig>\n"
    )
    (directory / "fonts.conf").write_text(text, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 when the fonts are ready."""
    parser = argparse.ArgumentParser(prog="python -m notices.fonts", description=__doc__)
    parser.add_argument("command", choices=("build", "check"))
    parser.add_argument("directory", type=Path, nargs="?", default=None)
    parser.add_argument(
        "--source", type=Path, action="append", default=[], help="folder with source font files"
    )
    options = parser.parse_args(arguments)
    directory = (options.directory or fonts_directory()).resolve()
    try:
        if options.command == "build":
            built = build_fonts(directory, sources=(*options.source, *INSTALLED))
            print(f"fonts {'built' if built else 'ready'}: {directory}")
    except FontsMissing as error:
        print(f"字体未能生成：{error}", file=sys.stderr)
        return 1
    problems = fonts_ready(directory)
    print("\n".join(problems), file=sys.stderr, end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
