"""The index that a page of the list is read by."""

from alembic import op

from health_service.migrations.limits import patient

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with patient():
        # What a build that was broken off leaves is invalid, and its name is taken.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS vehicles_by_age")
        op.execute("CREATE INDEX CONCURRENTLY vehicles_by_age ON vehicles (created, id)")
