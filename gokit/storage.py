"""Files that are never half-written: a reader sees the old content or the new one, whole."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_atomic(path: str | Path, content: bytes) -> None:
    """Write `content` to `path` through a temporary file in the same folder, fsync and rename.

    The file gets the permissions of any new file. After an error the old content stays.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        # `tempfile` would leave the file closed to everybody else.
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
