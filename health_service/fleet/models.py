"""What the fleet routes take and give. The document at /openapi.json is made of these models.

Every rule stands in a form that JSON Schema can say, so that what is documented and what is refused
cannot differ. Not here: HTTP, SQL.
"""

import datetime as dt
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

ODOMETER_KM_MAX: Final = 10_000_000
NAME_CHARACTERS_MAX: Final = 100
LIMIT_DEFAULT: Final = 20
LIMIT_MAX: Final = 100

VIN_RULE: Final = (
    "must be 17 capital letters and digits without I, O and Q, such as 1HGCM82633A004352"
)
# U+0000 is what PostgreSQL cannot store in a text; the other control characters only garble lists.
NAME_RULE: Final = (
    f"must be a text of 1 to {NAME_CHARACTERS_MAX} characters without control characters"
    " (U+0000 to U+001F, U+007F), such as Van 12"
)
ODOMETER_RULE: Final = f"must be whole kilometres from 0 to {ODOMETER_KM_MAX}, such as 1200"


def _whole(value: Any) -> Any:
    """To JSON Schema 1.0 is an integer; to a strict parser it is not."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Vin = Annotated[
    str,
    Field(
        pattern=r"^[A-HJ-NPR-Z0-9]{17}$",
        min_length=17,
        max_length=17,
        description=f"Vehicle identification number; {VIN_RULE}.",
        examples=["1HGCM82633A004352"],
    ),
]
Name = Annotated[
    str,
    Field(
        pattern=r"^[^\u0000-\u001f\u007f]+$",
        min_length=1,
        max_length=NAME_CHARACTERS_MAX,
        description=f"What people call it; {NAME_RULE}.",
        examples=["Van 12"],
    ),
]
OdometerKm = Annotated[
    int,
    Field(
        ge=0,
        le=ODOMETER_KM_MAX,
        description=f"What the odometer shows; {ODOMETER_RULE}.",
        examples=[1200],
    ),
    BeforeValidator(_whole),
]


class NewVehicle(BaseModel):
    """What a vehicle is created from."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    vin: Vin
    name: Name
    odometer_km: OdometerKm = 0


class Vehicle(BaseModel):
    """A vehicle as it is stored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: UUID
    vin: Vin
    name: Name
    odometer_km: OdometerKm
    created: dt.datetime = Field(description="When it was stored, UTC.")


class Page(BaseModel):
    """Some of the vehicles, oldest first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    vehicles: list[Vehicle] = Field(max_length=LIMIT_MAX)
    after: UUID | None = Field(
        description="What to ask for the next page with (`?after=`); null: this is the last one."
    )


class Problem(BaseModel):
    """One thing that is wrong with a request: `<name> is <value>: <rule>`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(description="The field or parameter; `body` for the whole.")
    value: str | None = Field(
        description="What was sent, as JSON, cut where it is long; null: nothing was sent."
    )
    rule: str = Field(description="What it must be, with an example.")


class Refusal(BaseModel):
    """A request that was understood and is not accepted, with all that is wrong at once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    error: str
    problems: list[Problem] = Field(min_length=1)


class Failure(BaseModel):
    """Why there is no better answer, in plain words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    error: str
