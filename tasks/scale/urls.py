"""Addresses of the interface: without slashes at their ends; names hold any character."""

from django.urls import include, re_path

from tasks.models import BatchState
from tasks.scale.access import Nothing
from tasks.scale.views import projects, second, tasks, team

NAME = "(?P<name>.+)"
KEY = "(?P<key>[^/]+)"

first = [
    re_path("^task$", tasks.AnyTask.as_view()),
    re_path(f"^task/{KEY}/cancel$", tasks.Cancel.as_view()),
    re_path(f"^task/{KEY}/audit$", tasks.Audit.as_view()),
    re_path(f"^task/{KEY}/unique_id$", tasks.UniqueId.as_view()),
    re_path(f"^task/{KEY}/setMetadata$", tasks.Metadata.as_view()),
    re_path(f"^task/{KEY}/tags$", tasks.Tags.as_view()),
    re_path("^task/(?P<name>[^/]+)$", tasks.Task.as_view()),
    re_path("^response/(?P<signed>[^/]+)$", tasks.Content.as_view()),
    re_path("^tasks$", tasks.Tasks.as_view()),
    re_path("^evaluation_tasks/(?P<name>[^/]+)$", tasks.KnownAnswer.as_view()),
    re_path("^training_tasks/(?P<name>[^/]+)$", tasks.Training.as_view()),
    re_path("^batches$", projects.Batches.as_view()),
    re_path(f"^batches/{NAME}/finalize$", projects.Finalize.as_view()),
    re_path(f"^batches/{NAME}/status$", projects.BatchStatus.as_view()),
    re_path(f"^batches/{NAME}/setMetadata$", projects.BatchMetadata.as_view()),
    re_path(f"^batches/{NAME}/prioritize$", projects.Prioritize.as_view()),
    re_path(f"^batches/{NAME}$", projects.OneBatch.as_view()),
    re_path("^projects$", projects.Projects.as_view()),
    re_path(f"^projects/{NAME}/setParams$", projects.Params.as_view()),
    re_path(f"^projects/{NAME}/setOntology$", projects.Ontology.as_view()),
    re_path(f"^projects/{NAME}/taskTemplates$", projects.Template.as_view()),
    re_path(f"^projects/{NAME}$", projects.OneProject.as_view()),
    re_path("^files/upload$", projects.Upload.as_view()),
    re_path("^files/import$", projects.Import.as_view()),
    re_path("^teams$", team.Team.as_view()),
    re_path("^teams/invite$", team.Invite.as_view()),
    re_path("^teams/set_role$", team.SetRole.as_view()),
    re_path("^quality/labelers$", team.Labelers.as_view()),
    re_path("^studio/assignments$", team.Assignments.as_view()),
    re_path("^studio/assignments/add$", team.Assign.as_view()),
    re_path("^studio/assignments/remove$", team.Assign.as_view(add=False)),
    re_path(f"^studio/projects/{NAME}/groups$", team.Groups.as_view()),
    re_path(f"^studio/projects/{NAME}/groups/(?P<group>[^/]+)$", team.OneGroup.as_view()),
    re_path("^studio/batches$", team.StudioBatches.as_view()),
    re_path("^studio/batches/set_priorities$", team.Priorities.as_view()),
    re_path("^studio/batches/reset_priorities$", team.Priorities.as_view(reset=True)),
    re_path(f"^studio/batches/{NAME}$", team.StudioBatch.as_view()),
    re_path("", Nothing.as_view()),
]
second_version = [
    re_path("^projects$", second.Projects.as_view()),
    re_path("^project$", second.OneProject.as_view()),
    re_path("^batches$", second.Batches.as_view()),
    re_path("^batch$", second.OneBatch.as_view()),
    re_path("^batch/finalize$", second.Finalize.as_view()),
    re_path("^batch/pause$", second.Move.as_view()),
    re_path("^batch/resume$", second.Move.as_view(state=BatchState.IN_PROGRESS)),
    re_path("^batch/cancel$", second.Move.as_view(state=BatchState.CANCELLED)),
    re_path("^batch/metadata$", second.BatchMetadata.as_view()),
    re_path("^task$", second.OneTask.as_view()),
    re_path("^tasks$", second.Tasks.as_view()),
    re_path("^task/chat$", second.Chat.as_view()),
    re_path("^task/metadata$", second.TaskMetadata.as_view()),
    re_path("^deliveries$", second.Deliveries.as_view()),
    re_path("^delivery/tasks$", second.DeliveredTasks.as_view()),
    re_path("^delivery$", second.OneDelivery.as_view()),
    re_path("^annotation$", second.Annotation.as_view()),
    re_path("^datasets$", second.Listed.as_view(empty={"datasets": []})),
    re_path("^datasets/deliveries$", second.Listed.as_view(empty={"deliveries": []})),
    re_path("^datasets/delivery$", second.Missing.as_view()),
    re_path("^datasets/tasks$", second.Listed.as_view(empty={"tasks": []})),
    re_path("^datasets/task$", second.Missing.as_view()),
    re_path("^datasets/task/(?P<task>[^/]+)/response_url/(?P<attachment>[^/]+)$", second.Missing.as_view()),
    re_path("^schema$", second.Missing.as_view()),
    re_path("", Nothing.as_view()),
]
# A base that ends in a slash gives two of them.
urlpatterns = [re_path("^(?:/*)v1/+", include(first)), re_path("^(?:/*)v2/+", include(second_version))]
