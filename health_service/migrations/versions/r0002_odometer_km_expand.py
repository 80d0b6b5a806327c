"""Expand: `odometer` gets its unit into its name, as a second column beside it.

The revision before writes `odometer`, the new one `odometer_km`; a trigger gives each what the
other wrote, for as long as either may run. Adding a column without a default rewrites nothing.
"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE vehicles ADD COLUMN odometer_km bigint")
    # The rows that are there are looked at later, under a lock that stops nobody: 0004.
    op.execute("""
ALTER TABLE vehicles ADD CONSTRAINT vehicles_odometer_km_not_negative
    CHECK (odometer_km >= 0) NOT VALID
""")
    op.execute("""
CREATE FUNCTION vehicles_odometer_both() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.odometer_km IS NULL
       OR (TG_OP = 'UPDATE' AND NEW.odometer_km IS NOT DISTINCT FROM OLD.odometer_km) THEN
        NEW.odometer_km := NEW.odometer;
    ELSE
        NEW.odometer := NEW.odometer_km;
    END IF;
    RETURN NEW;
END
$$
""")
    op.execute("""
CREATE TRIGGER vehicles_odometer_both BEFORE INSERT OR UPDATE ON vehicles
    FOR EACH ROW EXECUTE FUNCTION vehicles_odometer_both()
""")
