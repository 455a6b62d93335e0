"""Sources of every kind are read, never written, and nothing of theirs runs."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from extractor.errors import SourceError, UsageError
from extractor.history.blame import blame_lines
from extractor.source.objects import stream_objects
from extractor.source.opening import open_source
from extractor.source.tree import run_git


@pytest.fixture
def opened(workspace, progress):
    def open_it(spec, rev=None, **options):
        with open_source(
            str(spec), rev, workspace=workspace, progress=progress, **options
        ) as source:
            return source, {path: source.tree.read(path) for path in source.tree.paths()}

    return open_it


TIP = {"module": b"x = 2\n", "other": b"y = 1\n"}


class TestNamesOfTwo:
    """A name that git reads as one thing and a person may have meant for another."""

    @pytest.mark.parametrize(
        "rev, told",
        [
            ("two", "refs/heads/two has that name too"),
            ("two~1", "refs/heads/two has that name too"),
            ("heads/two", ""),
            ("refs/tags/two", ""),
            ("main", ""),
            ("HEAD~1", ""),
        ],
    )
    def test_a_tag_and_a_branch(self, checkout, opened, notes, rev, told):
        checkout.git("tag", "two")
        checkout.git("branch", "two", "HEAD~1")
        source, _files = opened(checkout.root, rev)
        assert source.revision == checkout.git("rev-parse", rev)
        assert (told in "".join(notes.lines)) if told else not notes.lines

    def test_a_branch_and_the_beginning_of_a_commit(self, checkout, opened, notes):
        short = checkout.git("rev-parse", "--short", "HEAD")
        checkout.git("branch", short, "HEAD~1")
        source, _files = opened(checkout.root, short)
        assert source.revision == checkout.git("rev-parse", "HEAD~1")
        assert f"object {checkout.git('rev-parse', 'HEAD')}" in notes.lines[0]


class TestKinds:
    def test_checkout(self, checkout, opened):
        source, files = opened(checkout.root)
        assert files == TIP
        assert source.revision == checkout.git("rev-parse", "HEAD")
        assert not source.dirty
        assert source.commit_date == 1519819200
        assert str(checkout.root) not in source.label
        assert source.described.endswith("of 2018-02-28")

    def test_history_is_reachable(self, checkout, opened):
        source, _ = opened(checkout.root)
        subjects = run_git(source.git_dir, "log", "--format=%s", source.revision)
        assert subjects.split() == [b"two", b"one"]

    def test_git_folder_itself(self, checkout, opened):
        source, files = opened(checkout.root / ".git")
        assert files == TIP
        assert source.location == checkout.root

    def test_bare(self, checkout, opened, tmp_path):
        checkout.git("clone", "-q", "--bare", checkout.root, tmp_path / "bare.git")
        source, files = opened(tmp_path / "bare.git")
        assert files == TIP
        assert not source.dirty

    def test_bare_without_the_usual_name(self, checkout, opened, tmp_path):
        checkout.git("clone", "-q", "--bare", checkout.root, tmp_path / "bare")
        assert opened(tmp_path / "bare")[1] == TIP

    def test_worktree_has_its_own_head(self, checkout, opened, tmp_path):
        checkout.git("worktree", "add", "-q", tmp_path / "wt", "HEAD~1")
        assert opened(tmp_path / "wt")[1] == {"module": b"x = 1\n"}
        assert opened(checkout.root)[1] == TIP

    def test_worktree_of_a_bare_repository(self, checkout, opened, tmp_path):
        checkout.git("clone", "-q", "--bare", checkout.root, tmp_path / "bare.git")
        checkout.git("-C", tmp_path / "bare.git", "worktree", "add", "-q", tmp_path / "wt")
        assert not opened(tmp_path / "wt")[0].dirty
        (tmp_path / "wt" / "module").write_text("x = 3\n")
        source, files = opened(tmp_path / "wt")
        assert source.dirty
        assert files == TIP

    def test_submodule(self, checkout, opened, tmp_path):
        checkout.git("clone", "-q", checkout.root, tmp_path / "inner")
        checkout.git("submodule", "add", "-q", tmp_path / "inner", "sub")
        checkout.commit("three")
        assert (checkout.root / "sub" / ".git").is_file()
        assert opened(checkout.root / "sub")[1] == TIP

    def test_holding_a_submodule(self, checkout, workspace, progress):
        commit = checkout.git("rev-parse", "HEAD")
        checkout.git("update-index", "--add", "--cacheinfo", f"160000,{commit},sub")
        checkout.git("commit", "-qm", "three")
        with open_source(
            str(checkout.root), None, workspace=workspace, progress=progress
        ) as source:
            assert "sub" in source.tree.paths()

    def test_objects_borrowed_from_elsewhere(self, checkout, opened, tmp_path):
        checkout.git("clone", "-q", "--shared", checkout.root, tmp_path / "first")
        checkout.git("clone", "-q", "--shared", tmp_path / "first", tmp_path / "second")
        for name in ("first", "second"):
            listed = tmp_path / name / ".git" / "objects" / "info" / "alternates"
            target = Path(listed.read_text().splitlines()[-1])
            relative = os.path.relpath(target, listed.parent.parent)
            listed.write_text(relative + "\n")
        assert opened(tmp_path / "second")[1] == TIP

    @pytest.mark.parametrize("name", ['with "quotes"', "with\nnewline", "# hash", "b\\s", "ü é"])
    def test_folder_of_a_funny_name(self, checkout, opened, tmp_path, name):
        checkout.git("clone", "-q", "--bare", checkout.root, tmp_path / name)
        assert opened(tmp_path / name)[1] == TIP

    def test_relative_path(self, checkout, opened, monkeypatch):
        monkeypatch.chdir(checkout.root.parent)
        assert opened("checkout")[1] == TIP

    def test_variables_of_the_caller_do_not_lead_elsewhere(self, checkout, opened, monkeypatch):
        for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE"):
            monkeypatch.setenv(name, "/nowhere")
        assert opened(checkout.root)[1] == TIP
        assert os.environ["GIT_DIR"] == "/nowhere"

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
    def test_somebody_elses(self, checkout, opened):
        subprocess.run(["chown", "-R", "65534", checkout.root], check=True)
        assert opened(checkout.root)[1] == TIP


class TestRevisions:
    @pytest.mark.parametrize("name", ["HEAD~1", "main~1", "first", ":/one", "annotated"])
    def test_names(self, checkout, opened, name):
        checkout.git("tag", "first", "HEAD~1")
        checkout.git("tag", "-am", "x", "annotated", "HEAD~1")
        source, files = opened(checkout.root, name)
        assert files == {"module": b"x = 1\n"}
        assert source.revision == checkout.git("rev-parse", "HEAD~1")

    def test_abbreviated(self, checkout, opened):
        revision = checkout.git("rev-parse", "HEAD")
        assert opened(checkout.root, revision[:8])[0].revision == revision

    @pytest.mark.parametrize(
        "name", ["--upload-pack=touch x", "-h", "--all", "", " ", "a\nb", "a\0b"]
    )
    def test_what_is_no_name_is_wrong_usage(self, checkout, opened, name):
        with pytest.raises(UsageError, match=r"looks like an option|cannot be the name"):
            opened(checkout.root, name)

    @pytest.mark.parametrize("name", ["nosuch", "0" * 40, "HEAD:module", "main..main", "HEAD~9"])
    def test_unknown(self, checkout, opened, name):
        with pytest.raises(SourceError, match=r"has no (usable )?revision") as caught:
            opened(checkout.root, name)
        assert "\n" not in str(caught.value)


class TestRefusals:
    def test_no_such_folder(self, opened, tmp_path):
        with pytest.raises(SourceError, match="does not exist"):
            opened(tmp_path / "nosuch")

    @pytest.mark.parametrize("spec", ["", " ", "a\0b"])
    def test_what_names_nothing(self, checkout, opened, monkeypatch, spec):
        monkeypatch.chdir(checkout.root)
        with pytest.raises(UsageError, match="cannot be the name of a source"):
            opened(spec)

    def test_too_long_a_name(self, opened):
        with pytest.raises(SourceError, match="cannot be opened: File name too long"):
            opened("x" * 5000)

    def test_links_that_go_round(self, opened, tmp_path):
        (tmp_path / "a").symlink_to(tmp_path / "b")
        (tmp_path / "b").symlink_to(tmp_path / "a")
        with pytest.raises(SourceError, match=r"cannot be opened|does not exist"):
            opened(tmp_path / "a")

    def test_file(self, opened, tmp_path):
        (tmp_path / "file").write_text("x")
        with pytest.raises(SourceError, match="is a file"):
            opened(tmp_path / "file")

    def test_not_a_repository(self, opened, workspace):
        with pytest.raises(SourceError, match="not a git repository"):
            opened(workspace)

    def test_folder_inside_a_repository(self, checkout, opened):
        (checkout.root / "sub").mkdir()
        with pytest.raises(SourceError, match="name the repository itself"):
            opened(checkout.root / "sub")

    @pytest.mark.parametrize(
        "spec",
        ["https://example.org/x.git", "git@example.org:x.git", "ssh://example.org/x", "ext::sh x"],
    )
    def test_address(self, opened, spec):
        with pytest.raises(SourceError, match=r"clone it first|does not exist"):
            opened(spec)

    def test_no_commit_yet(self, checkout, opened, tmp_path):
        checkout.git("init", "-q", tmp_path / "empty")
        with pytest.raises(SourceError, match="no commit yet"):
            opened(tmp_path / "empty")

    def test_worktree_whose_repository_is_gone(self, opened, tmp_path):
        (tmp_path / "wt").mkdir()
        (tmp_path / "wt" / ".git").write_text("gitdir: /nowhere/at/all\n")
        with pytest.raises(SourceError, match="not a git repository"):
            opened(tmp_path / "wt")

    @pytest.mark.parametrize(
        "more",
        [
            b"[user]\n\tname = J\xf6rg\n",
            b"[core]\n\tautocrlf = false # as we like it\n\tsymlinks\n",
            b"[include]\n\tpath = nowhere\n[core] eol = lf\n",
            b"\r\n[core]\r\n\tautocrlf = \\\r\nfalse\r\n",
        ],
    )
    def test_a_configuration_that_git_reads(self, checkout, opened, more):
        config = checkout.root / ".git/config"
        config.write_bytes(config.read_bytes() + more)
        source, files = opened(checkout.root)
        assert (files, source.dirty) == (TIP, False)

    def test_a_git_directory_by_another_name(self, checkout, opened, tmp_path):
        shutil.copytree(checkout.root / ".git", tmp_path / "kept/backup")
        source, files = opened(tmp_path / "kept/backup")
        assert (files, source.dirty) == (TIP, False)
        assert source.location == tmp_path / "kept/backup"

    def test_broken_configuration(self, checkout, opened):
        (checkout.root / ".git" / "config").write_text("[core\nbare = ?")
        with pytest.raises(SourceError) as caught:
            opened(checkout.root)
        assert "\n" not in str(caught.value)

    def test_sha256_names(self, checkout, opened, tmp_path):
        checkout.git("init", "-q", "--object-format=sha256", tmp_path / "new")
        with pytest.raises(SourceError, match="sha256"):
            opened(tmp_path / "new")

    def test_no_git(self, checkout, opened, monkeypatch):
        monkeypatch.setenv("PATH", "/nowhere")
        with pytest.raises(SourceError, match="git is not installed"):
            opened(checkout.root)

    def test_old_git(self, checkout, opened, tmp_path, monkeypatch):
        fake = tmp_path / "bin" / "git"
        fake.parent.mkdir()
        fake.write_text("#!/bin/sh\necho git version 2.20.1\n")
        fake.chmod(0o755)
        monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
        with pytest.raises(SourceError, match=r"2\.32 or newer.*2\.20\.1"):
            opened(checkout.root)


class TestIncompleteClones:
    def test_shallow_is_refused_where_history_is_needed(self, checkout, opened, tmp_path):
        checkout.git("clone", "-q", "--depth=1", f"file://{checkout.root}", tmp_path / "shallow")
        with pytest.raises(SourceError, match="--unshallow"):
            opened(tmp_path / "shallow")

    def test_shallow_serves_without_history(self, checkout, opened, tmp_path):
        checkout.git("clone", "-q", "--depth=1", f"file://{checkout.root}", tmp_path / "shallow")
        source, files = opened(tmp_path / "shallow", need_history=False)
        assert source.shallow
        assert files == TIP
        assert run_git(source.git_dir, "log", "--format=%s", "HEAD").split() == [b"two"]

    def test_revision_beyond_a_shallow_clone(self, checkout, opened, tmp_path):
        checkout.git("clone", "-q", "--depth=1", f"file://{checkout.root}", tmp_path / "shallow")
        with pytest.raises(SourceError, match=r"no revision 'HEAD~1'.*--unshallow"):
            opened(tmp_path / "shallow", "HEAD~1", need_history=False)

    def partial(self, checkout, target, kind, *options):
        checkout.git("config", "uploadpack.allowFilter", "true")
        checkout.git("clone", "-q", f"--filter={kind}", *options, f"file://{checkout.root}", target)
        # Whoever asks the promisor for an object leaves a trace.
        canary = target.parent / "canary"
        inside = target if "--bare" in options else target / ".git"
        subprocess.run(
            [
                "git",
                "--git-dir",
                inside,
                "config",
                "remote.origin.uploadpack",
                f"touch {canary}; x",
            ],
            check=True,
        )
        return canary

    @pytest.mark.parametrize("kind", ["blob:none", "tree:0"])
    def test_partial_clone_without_the_files(self, checkout, opened, tmp_path, kind):
        canary = self.partial(checkout, tmp_path / "partial", kind, "--bare")
        with pytest.raises(SourceError, match="partial clone: clone it again without --filter"):
            opened(tmp_path / "partial")
        assert not canary.exists()

    def test_partial_clone_with_the_files_of_the_revision(self, checkout, opened, tmp_path):
        canary = self.partial(checkout, tmp_path / "partial", "blob:none")
        source, files = opened(tmp_path / "partial")
        assert files == TIP
        assert source.partial
        assert not source.dirty
        with pytest.raises(SourceError, match=r"lacks 1 of the files .*module is one"):
            opened(tmp_path / "partial", "HEAD~1")
        with pytest.raises(SourceError, match="has no"):
            opened(tmp_path / "partial", "1" * 40)
        assert not canary.exists()

    @pytest.mark.parametrize("by", ["objects", "blame"])
    def test_partial_clone_without_what_the_history_needs(
        self, checkout, workspace, progress, tmp_path, by
    ):
        self.partial(checkout, tmp_path / "partial", "blob:none")
        old = checkout.git("rev-parse", "HEAD~1:module")
        with (
            pytest.raises(SourceError, match=f"partial lacks object {old} .*without --filter"),
            open_source(
                str(tmp_path / "partial"), None, workspace=workspace, progress=progress
            ) as source,
        ):
            if by == "objects":
                list(stream_objects(source.git_dir, [old]))
            else:
                blame_lines(source.git_dir, source.revision, "module")

    def test_damaged(self, checkout, opened):
        blob = checkout.git("rev-parse", "HEAD:module")
        (checkout.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
        with pytest.raises(SourceError, match="is damaged: clone it again"):
            opened(checkout.root)


class TestNothingIsWrittenAndNothingRuns:
    def test_dirty_is_mentioned_and_left_out(self, checkout, opened, notes):
        checkout.write("module", "x = 3\n")
        source, files = opened(checkout.root)
        assert source.dirty
        assert files == TIP
        assert any("uncommitted changes" in line for line in notes.lines)

    def test_untracked_is_dirty_and_ignored_is_not(self, checkout, opened, notes):
        checkout.write(".git/info/exclude", "*.log\n")
        checkout.write("a.log", "")
        assert not opened(checkout.root)[0].dirty
        checkout.write("new", "")
        assert opened(checkout.root)[0].dirty
        assert any("files that git does not track" in line for line in notes.lines)

    def test_staged_is_dirty(self, checkout, opened):
        checkout.write("module", "x = 3\n")
        checkout.git("add", "-A")
        assert opened(checkout.root)[0].dirty

    def test_dirty_worktree(self, checkout, opened, tmp_path):
        checkout.git("worktree", "add", "-q", tmp_path / "wt", "HEAD~1")
        assert not opened(tmp_path / "wt")[0].dirty
        (tmp_path / "wt" / "module").write_text("x = 3\n")
        assert opened(tmp_path / "wt")[0].dirty
        assert not opened(checkout.root)[0].dirty

    def test_touched_but_equal_is_clean(self, checkout, opened):
        os.utime(checkout.root / "module", (1, 1))
        assert not opened(checkout.root)[0].dirty

    def test_another_revision_than_the_one_checked_out(self, checkout, opened):
        assert not opened(checkout.root, "HEAD~1")[0].dirty

    def test_split_index(self, checkout, opened):
        checkout.git("update-index", "--split-index")
        assert not opened(checkout.root)[0].dirty

    @pytest.mark.parametrize("options", [(), ("--sparse-index",)])
    def test_sparse_checkout(self, checkout, opened, options):
        checkout.commit("folders", **{"a/file": "a\n", "b/file": "b\n"})
        checkout.git("sparse-checkout", "set", "--cone", *options, "a")
        assert not (checkout.root / "b").exists()
        source, files = opened(checkout.root)
        assert not source.dirty
        assert files["b/file"] == b"b\n"

    def test_bytes_and_times_stay(self, checkout, opened, unwritten):
        os.utime(checkout.root / "module", (1, 1))
        checkout.write("other", "y = 2\n")
        before = unwritten(checkout.root)
        opened(checkout.root)
        opened(checkout.root, "HEAD~1")
        assert unwritten(checkout.root) == before

    def test_read_only(self, checkout, opened):
        for folder, _, files in os.walk(checkout.root):
            for name in files:
                Path(folder, name).chmod(0o444)
            Path(folder).chmod(0o555)
        try:
            assert opened(checkout.root)[1] == TIP
        finally:
            for folder, _, _ in os.walk(checkout.root):
                Path(folder).chmod(0o755)

    def test_hooks_filters_monitors_and_aliases_stay_asleep(self, checkout, opened, tmp_path):
        canary = tmp_path / "canary"
        run = f"sh -c 'touch {canary}'"
        checkout.commit("attributes", **{".gitattributes": "* filter=evil diff=evil\n"})
        hooks = checkout.root / ".git" / "hooks"
        hooks.mkdir(exist_ok=True)
        names = (
            "post-checkout post-index-change reference-transaction fsmonitor-watchman pre-auto-gc"
        )
        for name in names.split():
            (hooks / name).write_text(f"#!/bin/sh\ntouch {canary}\n")
            (hooks / name).chmod(0o755)
        settings = {
            "core.fsmonitor": f"{hooks}/fsmonitor-watchman",
            "core.hooksPath": str(hooks),
            "core.pager": run,
            "core.sshCommand": run,
            "core.gitProxy": run,
            "core.attributesFile": str(checkout.root / ".gitattributes"),
            "filter.evil.clean": run,
            "filter.evil.smudge": run,
            "filter.evil.process": run,
            "filter.evil.required": "true",
            "diff.external": run,
            "diff.evil.textconv": run,
            "diff.evil.command": run,
            "gpg.program": run,
            "log.showSignature": "true",
            "alias.rev-parse": f"!{run}",
            "alias.status": f"!{run}",
        }
        config = checkout.root / ".git" / "config"
        lines = [config.read_text()]
        for name, value in settings.items():
            section, _, key = name.rpartition(".")
            head, _, sub = section.partition(".")
            title = f'[{head} "{sub}"]' if sub else f"[{head}]"
            lines.append(f'{title}\n\t{key} = "{value}"\n')
        config.write_text("".join(lines))
        (checkout.root / ".git" / "info").mkdir(exist_ok=True)
        (checkout.root / ".git" / "info" / "attributes").write_text("* filter=evil diff=evil\n")
        # Same size, other content: only by reading it through the filter could git be sure.
        checkout.write("module", "x = 9\n")

        source, files = opened(checkout.root)
        assert source.dirty
        assert files["module"] == b"x = 2\n"
        run_git(source.git_dir, "log", "-p", "--show-signature", source.revision)
        assert not canary.exists()

        # The trap is a real one: plain git springs it.
        subprocess.run(["git", "-C", checkout.root, "status"], capture_output=True)
        assert canary.exists()
