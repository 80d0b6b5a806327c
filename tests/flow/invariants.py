"""What must hold at every moment of every run, whatever goes wrong: DESIGN.md, rules 1 and 2.

Looked at after every change of a service and in every virtual second. What a person or
Terraform wrote is theirs: rules about a split's content are Barq's only for Barq's own writes.
"""

from local_cloud.cloud import LocalCloud
from local_cloud.run.resources import Service, ServiceKey
from rollouts.record import Rollout
from rollouts.record_json import parse_record
from rollouts.traffic import Entry, shares

RECORD = "rollout.barq.dev/record"


class Invariants:
    """Watches every service. `accounts` ends the e-mails of Barq's own functions."""

    def __init__(self, cloud: LocalCloud, accounts: str) -> None:
        self._cloud = cloud
        self._accounts = accounts
        self._last: dict[ServiceKey, tuple[int, Rollout | None]] = {}
        self._rolled_back: set[str] = set()
        self._drivers: dict[str, str] = {}
        self.writes: list[tuple[str, str]] = []
        """Barq's writes: service's project, and the state that the record was in afterwards."""

    def attach(self) -> None:
        self._cloud.run.on_service_change.append(self._changed)

    def check(self) -> None:
        """Look at every service as it is now."""
        for service in self._cloud.run.services():
            self._whole(service)

    def _whole(self, service: Service) -> None:
        for split in (service.traffic, service.served):
            total = 0
            for entry in split:
                total += entry.percent or 0
            assert total == 100 or not split, f"{service.key.name}: {total} %: {split}"
        for served in service.served:
            if served.percent:
                state = self._cloud.run.revision(service.key, served.revision).state
                assert state == "ready", f"{served.revision} is {state}"

    def _changed(self, key: ServiceKey) -> None:
        if key not in {service.key for service in self._cloud.run.services()}:
            return
        service = self._cloud.run.service(key)
        self._whole(service)
        if not service.modifier.endswith(self._accounts):
            self._last.pop(key, None)
            return
        rollout = parse_record(service.annotations.get(RECORD)).rollout
        written = service.generation, rollout
        before = self._last.get(key)
        if written == before:
            return
        self._last[key] = written
        assert rollout is not None, "Barq wrote without a record"
        self.writes.append((key.project, rollout.state))
        self._split(service, rollout)
        self._way(rollout, before[1] if before else None)

    def _split(self, service: Service, rollout: Rollout) -> None:
        entries = [Entry(one.revision, one.percent or 0, one.tag) for one in service.traffic]
        found = shares(tuple(entries), None)
        if rollout.state == "stopped":
            return  # Traffic stays as a person left it.
        assert all(entry.revision for entry in entries), f"LATEST is in the split: {entries}"
        assert found == rollout.shares, f"written {found}, the record explains {rollout.shares}"
        for revision in found:
            state = self._cloud.run.revision(service.key, revision).state
            assert state == "ready", f"{revision} gets {found[revision]} % and is {state}"

    def _way(self, rollout: Rollout, before: Rollout | None) -> None:
        driver = self._drivers.setdefault(rollout.id, rollout.execution)
        assert driver == rollout.execution, f"{rollout.id} changed its driver"
        if rollout.state == "rolled_back":
            self._rolled_back.add(rollout.id)
        assert (rollout.id in self._rolled_back) == (rollout.state == "rolled_back"), (
            f"{rollout.id} is {rollout.state} after its rollback"
        )
        if before is not None and before.id == rollout.id:
            assert rollout.percent >= before.percent, "a share fell without a rollback"
            assert not before.ended or rollout.ended, f"{rollout.id} went on after {before.state}"
