"""The shipped procedure, read once."""

from __future__ import annotations

from pathlib import Path

import pytest

from definitions.source import load_yaml
from workflow.definition import Workflow, load_workflow

PACK = Path(__file__).parents[3] / "packs" / "district-2012"


@pytest.fixture(scope="session")
def rectification() -> Workflow:
    """流程“整改督办” of the 2012 plan."""
    return load_workflow(load_yaml(PACK / "workflows" / "rectification.yaml"))
