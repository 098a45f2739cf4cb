"""Runs a command and writes the peak resident memory of its largest process, in bytes, to a file.

A process of its own, because Linux counts a child's memory from that of its parent on (setmax_mm_hiwater_rss in execve): this parent is small.
"""

import resource
import subprocess
import sys


def main() -> int:
    """Run it.

    Returns:
        The command's status; of one that a signal ended, 128 and the signal's number.
    """
    file, *command = sys.argv[1:]
    status = subprocess.call(command)
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2)
    with open(file, "w", encoding="ascii") as out:  # noqa: PTH123 - pathlib would double what this process takes
        out.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit))
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
