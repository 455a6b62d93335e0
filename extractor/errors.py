"""What can go wrong, told apart by whose move it is, and the exit code of each."""

from __future__ import annotations

import enum
import errno


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


class MachineError(ExtractorError):
    """This machine has no room, no memory or no permission: neither plan nor source is wrong."""

    exit_code = ExitCode.USAGE


# What the system says no with when neither we nor what we were given is wrong.
_MACHINE_SAYS_NO = frozenset(
    {
        errno.E2BIG,
        errno.EACCES,
        errno.EAGAIN,
        errno.EBUSY,
        errno.EDQUOT,
        errno.EFBIG,
        errno.EIO,
        errno.EISDIR,
        errno.ELOOP,
        errno.EMFILE,
        errno.ENAMETOOLONG,
        errno.ENFILE,
        errno.ENODEV,
        errno.ENOLCK,
        errno.ENOMEM,
        errno.ENOSPC,
        errno.ENOTDIR,
        errno.ENOTSUP,
        errno.ENXIO,
        errno.EPERM,
        errno.EROFS,
        errno.ESTALE,
        errno.ETXTBSY,
    }
)
_NO_ROOM = (
    "No space left on device",
    "Disk quota exceeded",
    "Read-only file system",
    "File too large",
    "Too many open files",
    "Cannot allocate memory",
    "Out of memory",
    "Resource temporarily unavailable",
    "Input/output error",
    "can't start new thread",
)
# Of an error that has to do with no one file: full, out of handles, out of memory.
_SHORT = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM})


def is_short(error: OSError) -> bool:
    """Whether the machine ran out of something, which no other file would change."""
    return error.errno in _SHORT or error.errno in {errno.EFBIG, errno.EROFS, errno.EIO}


def machine_error(error: BaseException) -> MachineError | None:
    """The sentence for what the system refused; ``None`` when it is not the machine's."""
    if isinstance(error, MemoryError):
        return MachineError("this machine does not have enough memory for it")
    if isinstance(error, OSError) and error.errno in _MACHINE_SAYS_NO:
        where = error.filename if isinstance(error.filename, str) else "this machine"
        return MachineError(f"{where}: {error.strerror}")
    return None


def machine_complaint(said: str) -> MachineError | None:
    """The same of what a program said before it failed."""
    found = next((words for words in _NO_ROOM if words.lower() in said.lower()), None)
    return None if found is None else MachineError(f"this machine: {found}")


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
