"""Faults by kind; a new case is a :class:`Fault` in one of these lists."""

from faults import disks, files, gpus, stages, stores, workflow
from faults.case import Fault

KINDS: dict[str, list[Fault]] = {
    "stages": stages.CASES,
    "disks": disks.CASES,
    "files": files.CASES,
    "stores": stores.CASES,
    "gpus": gpus.CASES,
    "workflow": workflow.CASES,
}
