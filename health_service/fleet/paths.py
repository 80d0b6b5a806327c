"""Where the fleet's routes are, with a database and without one. Imports nothing heavy."""

from typing import Final

PATH: Final = "/vehicles"
VEHICLE_PATH: Final = "/vehicles/{id}"
RETRY_AFTER_SECONDS: Final = 5
