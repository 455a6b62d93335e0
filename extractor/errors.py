"""What can go wrong, told apart by whose move it is, and the exit code of each."""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """The meaning of the process's exit status, the same for every verb."""

    DONE = 0
    DID_NOT_HOLD = 1
    USAGE = 2
    SOURCE = 3
    NOTHING_TO_DO = 4
    BUG = 70


class ExtractorError(Exception):
    """An error a user can act on: the message is one sentence that says what to do."""

    exit_code = ExitCode.BUG


class UsageError(ExtractorError):
    """The command line, the plan or the overlay is wrong."""

    exit_code = ExitCode.USAGE


class SourceError(ExtractorError):
    """The source repository or release cannot be used."""

    exit_code = ExitCode.SOURCE


class MissingObject(SourceError):
    """The repository at ``where`` lacks the git object ``name``."""

    def __init__(self, name: str, where: object) -> None:
        super().__init__(
            f"object {name} is missing from {where}: use a full clone, not a shallow or partial one"
        )
        self.name = name
        self.where = where


class NothingToDo(ExtractorError):
    """The work is already done, or nothing matched."""

    exit_code = ExitCode.NOTHING_TO_DO


class RootMissing(UsageError):
    """The root ``package`` of a plan is not there at the revision that was asked for."""

    def __init__(self, package: str) -> None:
        super().__init__(
            f"root package {package!r} does not exist at this revision: "
            "choose a revision that has it, or another plan"
        )
        self.package = package


class DidNotHold(ExtractorError):
    """The work was done but a promise about the result was broken."""

    exit_code = ExitCode.DID_NOT_HOLD
