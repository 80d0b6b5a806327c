"""What the revision before this one sends to the database: a frozen copy. It is never edited.

It knows `odometer` and nothing of `odometer_km`. A rollback brings it back, so it must get on with
every schema that this revision's migrations leave.
"""

INSERT = """
INSERT INTO vehicles (vin, name, odometer) VALUES ($1, $2, $3)
RETURNING id, vin, name, odometer, created
"""
GET = "SELECT id, vin, name, odometer, created FROM vehicles WHERE id = $1"
LIST = "SELECT id, vin, name, odometer, created FROM vehicles ORDER BY created, id LIMIT $1"
DRIVE = "UPDATE vehicles SET odometer = $2 WHERE id = $1"
RENAME = "UPDATE vehicles SET name = $2 WHERE id = $1"
