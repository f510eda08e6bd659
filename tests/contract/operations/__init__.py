"""Every operation that the tool uses, as a table. A product's rows are in the module of its name; add it here."""

from __future__ import annotations

from tests.contract.operations import bss, cr, cr_personal, ecs, ram, vpc
from tests.contract.operations.stage import Operation

OPERATIONS: tuple[Operation, ...] = (
    *bss.OPERATIONS,
    *cr.OPERATIONS,
    *cr_personal.OPERATIONS,
    *vpc.OPERATIONS,
    *ecs.OPERATIONS,
    *ram.OPERATIONS,
)
