"""The fleet's vehicles."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("""
CREATE TABLE vehicles (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    vin text NOT NULL CONSTRAINT vehicles_vin_key UNIQUE
        CONSTRAINT vehicles_vin_form CHECK (vin ~ '^[A-HJ-NPR-Z0-9]{17}$'),
    name text NOT NULL
        CONSTRAINT vehicles_name_length CHECK (char_length(name) BETWEEN 1 AND 100),
    odometer bigint NOT NULL DEFAULT 0
        CONSTRAINT vehicles_odometer_not_negative CHECK (odometer >= 0),
    created timestamptz NOT NULL DEFAULT now()
)
""")
