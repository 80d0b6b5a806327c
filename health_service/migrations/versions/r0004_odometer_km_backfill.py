"""Migrate: the rows from before the expansion get their `odometer_km`, a batch at a time.

The trigger of 0002 fills what is written meanwhile, and also what the revision before writes after
a rollback, so this is done once. The contraction is not here: it must not come before the revision
that reads `odometer` cannot come back (docs/ROLLBACK_PROCEDURES.md).
"""

from uuid import UUID

import sqlalchemy as sa
from alembic import op

from health_service.migrations.limits import each_statement_commits

revision = "0004"
down_revision = "0003"

BATCH = 1000
# In the order of the key, from where the batch before ended: nothing is read twice.
NEXT = """
SELECT id FROM vehicles WHERE id > :behind AND odometer_km IS NULL ORDER BY id LIMIT :batch
"""
FILL = """
UPDATE vehicles SET odometer_km = odometer
WHERE id = ANY(CAST(:ids AS uuid[])) AND odometer_km IS NULL
"""
ALL = "UPDATE vehicles SET odometer_km = odometer WHERE odometer_km IS NULL"


def upgrade() -> None:
    with each_statement_commits():
        if op.get_context().as_sql:
            op.execute(ALL)  # A script has no loop; by hand, repeat it with a limit.
        else:
            _fill(op.get_bind())
        op.execute("ALTER TABLE vehicles VALIDATE CONSTRAINT vehicles_odometer_km_not_negative")


def _fill(connection: sa.Connection) -> None:
    behind = UUID(int=0)
    while ids := connection.scalars(sa.text(NEXT), {"behind": behind, "batch": BATCH}).all():
        connection.execute(sa.text(FILL), {"ids": ids})
        behind = ids[-1]
