from extractor.project.convention import Kind
from extractor.project.facts import project_of
from extractor.source.tree import MemoryTree


def project(*paths):
    return project_of(MemoryTree(dict.fromkeys(paths, b"")))


def test_a_migration_is_a_file_of_versions_beside_what_runs_them():
    for beside in ("p/db/env.py", "p/db/migrate.cfg"):
        found = project("p/db/versions/001_a.py", beside)
        assert "alembic" in found.conventions
        assert found.kind_of("p/db/versions/001_a.py") is Kind.MIGRATION
        assert found.keeps("p/db/versions/001_a.py", "upgrade") == "alembic"
        assert found.keeps("p/db/versions/001_a.py", "helper") == ""


def test_a_folder_called_versions_alone_is_none():
    found = project("p/api/versions/v1.py")
    assert "alembic" not in found.conventions
    assert found.kind_of("p/api/versions/v1.py") is Kind.PRODUCTION
    assert found.keeps("p/api/versions/v1.py", "upgrade") == ""
