"""What an execution is told of its surroundings: the engine's Host, and what it draws kept.

Time stands still within a turn. While kept turns run again, chance gives what it gave then.
"""

import datetime as dt
import uuid
from collections import deque
from collections.abc import Mapping

from local_cloud.workflows.service.deployments import Revision
from local_cloud.workflows.service.names import WorkflowName
from local_cloud.workflows.service.world import World


class Diverged(Exception):
    """Turns that were kept do not give the same execution again: another engine wrote them."""


class RunHost:
    """The part of an execution that the engine asks."""

    __slots__ = (
        *("_answers", "_at", "_kept_answers", "_project_number", "execution_id", "revision"),
        *("workflow", "world"),
    )

    def __init__(
        self,
        world: World,
        workflow: WorkflowName,
        execution_id: str,
        revision: Revision,
        project_number: str,
    ) -> None:
        self.world = world
        self.workflow = workflow
        self.execution_id = execution_id
        self.revision = revision
        self._project_number = project_number
        self._at: dt.datetime = world.scheduler.now()
        self._answers: list[str] = []
        self._kept_answers: deque[str] | None = None
        """While turns are run again: what the engine was told then."""

    @property
    def name(self) -> str:
        return (
            f"projects/{self._project_number}/locations/{self.workflow.location}"
            f"/workflows/{self.workflow.workflow}/executions/{self.execution_id}"
        )

    @property
    def environment(self) -> Mapping[str, str]:
        """Made when it is asked for: most executions never do, and there may be thousands."""
        return {
            **self.revision.environment,
            "GOOGLE_CLOUD_PROJECT_ID": self.workflow.project,
            "GOOGLE_CLOUD_PROJECT_NUMBER": self._project_number,
            "GOOGLE_CLOUD_LOCATION": self.workflow.location,
            "GOOGLE_CLOUD_WORKFLOW_ID": self.workflow.workflow,
            "GOOGLE_CLOUD_WORKFLOW_REVISION_ID": self.revision.revision_id,
            "GOOGLE_CLOUD_WORKFLOW_EXECUTION_ID": self.execution_id,
            "GOOGLE_CLOUD_WORKFLOW_EXECUTION_ATTEMPT": "1",
            "GOOGLE_CLOUD_SERVICE_ACCOUNT_NAME": self.revision.service_account,
        }

    def now(self) -> float:
        return self._at.timestamp()

    def uuid(self) -> str:
        return str(uuid.UUID(int=int(self._chance(128), 16), version=4))

    def random(self) -> float:
        return int(self._chance(53), 16) / 2**53

    @property
    def replaying(self) -> bool:
        """Whether kept turns run again: what they wrote has been written."""
        return self._kept_answers is not None

    def _chance(self, bits: int) -> str:
        """Return random bits in hexadecimal: those of the turn that is run again, or others."""
        if self._kept_answers is not None:
            if not self._kept_answers:
                raise Diverged
            return self._kept_answers.popleft()
        answer = f"{self.world.rng.getrandbits(bits):x}"
        if self.world.store.keeps:
            self._answers.append(answer)
        return answer

    def callback_url(self, callback_id: str) -> str:
        # Not kept: where a port has changed, one that is handed out from then on should work.
        return f"{self.world.callback_base_url.rstrip('/')}/v1/{self.name}/callbacks/{callback_id}"
