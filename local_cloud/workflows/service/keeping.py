"""Between the models and a store: what is kept of a workflow, and what is made of it again."""

from local_cloud.workflows.engine.compiler import BuildFailed, compile_source
from local_cloud.workflows.engine.program import Program
from local_cloud.workflows.language.choices import Choices
from local_cloud.workflows.service.deployments import Deployment, Revision
from local_cloud.workflows.service.names import Projects
from local_cloud.workflows.service.store import KeptRevision, KeptWorkflow

_REFUSED = """main:
  steps:
    - refuse:
        raise: "the source of this revision is not accepted by this version of the local cloud"
"""
"""What stands in for a source that was accepted once; its document keeps the real one."""


def kept_workflow(deployment: Deployment, project_number: str) -> KeptWorkflow:
    revisions = [
        KeptRevision(one.revision_id, one.service_account, dict(one.environment), one.document)
        for one in deployment.revisions
    ]
    return KeptWorkflow(str(deployment.name), project_number, deployment.created, revisions)


def deployment_of(kept: KeptWorkflow, projects: Projects, choices: Choices) -> Deployment:
    """Return a workflow with all its revisions, each compiled again."""
    name = projects.workflow(kept.name)
    projects.learn(name.project, kept.project_number)
    revisions = [
        Revision(
            one.revision_id,
            _program(one.document["sourceContents"], choices),
            one.service_account,
            one.environment,
            one.document,
        )
        for one in kept.revisions
    ]
    return Deployment(name, kept.created, revisions)


def _program(source: str, choices: Choices) -> Program:
    try:
        return compile_source(source, choices)
    except BuildFailed:
        return compile_source(_REFUSED)
