"""One rollout of a good image, from its push to its promotion: 21 looks, a minute apart."""

import random

from local_cloud.kit.http import Inbound, Outbound
from tests.flow.flow import DELIVERY, Flow, changed
from tests.simulation.traffic import BatchTraffic

SETTINGS = changed(
    DELIVERY,
    steps="[10, 50, 100]",
    window="[5m, 5m, 10m]",
    check_every="60s",
    deadline="2h",
    analysis="{}",
)
RPS = 5


class Played(Flow):
    """A flow whose users come in batches. Remembers what functions were asked and answered."""

    looks_every_seconds = 10

    def __init__(self, seed: int) -> None:
        self.exchanged: list[tuple[bytes, bytes]] = []
        super().__init__(SETTINGS, rps=RPS, seed=seed)

    def make_traffic(self, rng: random.Random, rps: int) -> BatchTraffic:
        return BatchTraffic(rng, rps)

    def call(self, name: str, request: Outbound) -> Inbound:
        answered = super().call(name, request)
        self.exchanged.append((request.body, answered.body))
        return answered


def play(seed: int, *, checked: bool = True) -> Played:
    """Play a rollout; `checked` asks the invariants at each change of a service and each batch."""
    flow = Played(seed)
    if not checked:
        flow.cloud.run.on_service_change.clear()
        flow.invariants.check = lambda: None  # type: ignore[method-assign]
    flow.built(flow.image("v2"))
    flow.until_ended()
    outcome, because = flow.outcome()
    assert outcome == "promoted", because
    return flow
