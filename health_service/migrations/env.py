"""Alembic's door: it loads this file for each command. `upgrade.py` opens it, and nobody else.

No metadata and no models: a migration is SQL that was written and read by people.
"""

from alembic import context

from health_service.migrations.limits import Limits

attributes = context.config.attributes
limits: Limits = attributes["limits"]
# Each step commits by itself: a lock is held for one step, and what is done stays done.
if context.is_offline_mode():
    context.configure(dialect_name="postgresql", transaction_per_migration=True, limits=limits)
    for statement in limits.statements():
        context.execute(statement)
else:
    context.configure(
        connection=attributes["connection"],
        transaction_per_migration=True,
        on_version_apply=attributes["on_step"],
        limits=limits,
    )
with context.begin_transaction():
    context.run_migrations()
