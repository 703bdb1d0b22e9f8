"""Procedures from the shell: check FILE, simulate PACK SCRIPT, diagram PACK, document PACK, scxml PACK.

Exit 0 when all is well, 1 when a simulation does not end as its script expects, 2 with every fault on
standard error when something cannot be read or is refused.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from definitions.fault import DefinitionFaults, Fault
from definitions.source import load_yaml
from workflow.calendar_definition import load_calendar
from workflow.definition import Workflow, load_workflow
from workflow.diagram import document, mermaid
from workflow.scxml import to_scxml
from workflow.simulation import Script, simulate

FAULTY = 2
DIFFERENT = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except DefinitionFaults as refused:
        for fault in refused.faults:
            print(fault, file=sys.stderr)
        return FAULTY


def _run(options: argparse.Namespace) -> int:
    if options.command == "check":
        workflow = load_workflow(load_yaml(options.file))
        print(f"流程完好：{workflow.name}，{len(workflow.states)}个状态，{len(workflow.triggers)}个步骤")
        return 0
    if options.command == "simulate":
        return _simulate(options.pack, options.script)
    workflow = _workflow_in(options.pack, options.workflow)
    told = {"diagram": mermaid, "document": document, "scxml": to_scxml}[options.command]
    print(told(workflow), end="")
    return 0


def _simulate(pack: Path, file: Path) -> int:
    script = Script.read(load_yaml(file))
    calendar = load_calendar(load_yaml(pack / "calendar.yaml"))
    story = simulate(_workflow_in(pack, script.workflow), calendar, script)
    print(script.name)
    print("\n".join(story.lines))
    differences = story.differences(script.expect)
    for sentence in differences:
        print(f"{file.name}：{sentence}", file=sys.stderr)
    return DIFFERENT if differences else 0


def _workflow_in(pack: Path, key: str) -> Workflow:
    file = pack / "workflows" / f"{key}.yaml"
    if not file.is_file():
        raise DefinitionFaults([Fault(str(pack), f"方案包里没有流程文件 workflows/{key}.yaml")])
    return load_workflow(load_yaml(file))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workflow", description="流程的检查、模拟和图示")
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="检查一个流程文件，列出全部问题及位置")
    check.add_argument("file", type=Path)
    simulation = commands.add_parser("simulate", help="按脚本在虚拟时间里走完一起事项")
    simulation.add_argument("pack", type=Path)
    simulation.add_argument("script", type=Path)
    for name, words in (
        ("diagram", "输出 Mermaid 状态图"),
        ("document", "输出流程说明（Markdown）"),
        ("scxml", "输出 SCXML"),
    ):
        command = commands.add_parser(name, help=words)
        command.add_argument("pack", type=Path)
        command.add_argument("--workflow", default="rectification", help="流程的键")
    return parser


if __name__ == "__main__":
    sys.exit(main())
