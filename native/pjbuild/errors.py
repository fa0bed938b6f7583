"""What can go wrong in a build, told with its remedy."""

from collections.abc import Sequence


class BuildError(Exception):
    """A build that cannot go on.

    `remedy` says what the user can do about it, `tail` holds the last lines of the
    command that failed.
    """

    def __init__(self, message: str, remedy: str = "", tail: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.tail = list(tail)

    def report(self) -> str:
        """All of it as text for a terminal."""
        parts = [f"error: {self.message}"]
        if self.tail:
            parts.append("last lines:")
            parts.extend(f"    {line}" for line in self.tail)
        if self.remedy:
            parts.append(f"remedy: {self.remedy}")
        return "\n".join(parts)


def refusal(error: OSError) -> BuildError:
    """What the system refused, as a BuildError."""
    where = f"{error.filename}: " if error.filename else ""
    return BuildError(f"{where}{error.strerror or error}", "look at the disk's space and rights")
