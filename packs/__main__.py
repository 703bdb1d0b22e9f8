"""``python -m packs check FOLDER``: is the pack sound? Exit status 2 when it is not.

``python -m packs export FOLDER FILE`` writes it as one file, ``diff OLD NEW`` says in words what changed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from definitions.fault import DefinitionFaults
from packs.archive import ArchiveRefused, export_pack, import_pack
from packs.diff import difference
from packs.pack import Pack, load_pack


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 good, 2 when something is at fault, with every fault on standard error."""
    asked = _parser().parse_args(arguments)
    try:
        return int(asked.run(asked))
    except DefinitionFaults as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)
        print(f"共 {len(error.faults)} 处问题，请逐项修改后再查。", file=sys.stderr)
    except (ArchiveRefused, OSError) as error:
        print(error, file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m packs", description="方案包")
    commands = parser.add_subparsers(required=True)
    check = commands.add_parser("check", help="检查方案包，列出全部问题")
    check.add_argument("folder", type=Path)
    check.set_defaults(run=_check)
    export = commands.add_parser("export", help="导出为一个文件")
    export.add_argument("folder", type=Path)
    export.add_argument("file", type=Path)
    export.set_defaults(run=_export)
    diff = commands.add_parser("diff", help="说明两个方案包的差别（目录或导出文件）")
    diff.add_argument("old", type=Path)
    diff.add_argument("new", type=Path)
    diff.set_defaults(run=_diff)
    return parser


def _check(asked: argparse.Namespace) -> int:
    pack = load_pack(asked.folder)
    print(f"方案包完好：{pack.sheet.name}，第{pack.sheet.version}版，{len(pack.parts)} 个定义文件。")
    return 0


def _export(asked: argparse.Namespace) -> int:
    data = export_pack(asked.folder)
    asked.file.write_bytes(data)
    print(f"已导出：{asked.file}（{len(data)} 字节）。")
    return 0


def _diff(asked: argparse.Namespace) -> int:
    sentences = difference(_pack(asked.old), _pack(asked.new))
    print("\n".join(sentences) if sentences else "两个方案包没有差别。")
    return 0


def _pack(path: Path) -> Pack:
    return load_pack(path) if path.is_dir() else import_pack(path.read_bytes())[0]


if __name__ == "__main__":
    sys.exit(main())
