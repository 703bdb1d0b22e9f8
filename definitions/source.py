"""Strict reading of YAML: what the author wrote is what is read, or a fault with its line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from definitions.fault import DefinitionFaults, Fault

#: Far more levels than a definition has, far fewer than make the reader stumble.
_DEEPEST = 60


class _StrictLoader(yaml.CSafeLoader):
    """Safe loader without surprises: no timestamps, only true/false are booleans."""


# YAML 1.1 turns `no`, `on` and 2012-04-09 into things the author did not write.
_StrictLoader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


def read_yaml(text: str, *, name: str) -> Any:
    """The document as plain dicts, lists and scalars.

    name: what the text is called in faults, usually its file name.
    Raises DefinitionFaults with the line for broken YAML and for every duplicate key.
    """
    try:
        refused = _refused_constructs(text, name)
        if refused:
            raise DefinitionFaults(refused)
        node = yaml.compose(text, Loader=_StrictLoader)
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}:{mark.line + 1}" if mark else name
        raise DefinitionFaults(
            [Fault(where, f"YAML 写法有误：{getattr(error, 'problem', error)}")]
        ) from error
    if node is None:
        raise DefinitionFaults([Fault(name, "文件是空的")])
    duplicates = list(_duplicate_keys(node, name))
    if duplicates:
        raise DefinitionFaults(duplicates)
    loader = _StrictLoader("")
    try:
        return loader.construct_document(node)
    except (yaml.YAMLError, ValueError) as error:
        raise DefinitionFaults([Fault(name, f"YAML 写法有误：{error}")]) from error
    finally:
        loader.dispose()


def load_yaml(path: Path) -> Any:
    """Read one definition file; see `read_yaml`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionFaults([Fault(path.name, f"无法读取：{error}")]) from error
    return read_yaml(text, name=path.name)


def _refused_constructs(text: str, name: str) -> list[Fault]:
    """References, which can make a small file endless, and nesting that no definition needs."""
    depth = 0
    for event in yaml.parse(text, Loader=_StrictLoader):
        where = f"{name}:{event.start_mark.line + 1}" if event.start_mark else name
        if isinstance(event, yaml.AliasEvent):
            return [Fault(where, "定义中不能用引用（*），请把内容写出来")]
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            return [Fault(where, f"嵌套超过 {_DEEPEST} 层")]
    return []


def _duplicate_keys(node: yaml.Node, name: str) -> list[Fault]:
    faults: list[Fault] = []
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                faults.append(Fault(f"{name}:{key.start_mark.line + 1}", "键应为文字"))
                continue
            if key.value in seen:
                faults.append(Fault(f"{name}:{key.start_mark.line + 1}", f"键“{key.value}”重复"))
            seen.add(key.value)
            faults += _duplicate_keys(value, name)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            faults += _duplicate_keys(item, name)
    return faults
