"""Facts about a project, each kept in one place: ``facts.project_of(tree)`` answers for all."""
