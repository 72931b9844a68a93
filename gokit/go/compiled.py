"""How kernels are compiled, and where the compiled code is kept between runs.

numba looks only at a function's own file to tell whether its compiled code is still good. But code
of other files is copied into it, so that after a change in one file the code kept for another
would go on with the old rules. So it is kept under a name that says what all the sources were.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from numba import config, njit

PACKAGE = Path(__file__).resolve().parents[1]
COMPILED_FOLDERS = ("go", "search", "nn")
DAYS_KEPT = 7


def kernel(function: Callable) -> Callable:
    """Compile a function that may allocate arrays; it runs without Python's global lock."""
    return _compile(function)


def lean(function: Callable) -> Callable:
    """Compile a function that allocates nothing, without reference counting of its arrays.

    Three times as fast where calls are short, since an atomic counter would else move for every
    array at every call. `row[a:b] = array` allocates; a loop does not.
    """
    return _compile(function, _nrt=False)


def inline(function: Callable) -> Callable:
    """Compile a small or hot `lean` function and copy it into its callers."""
    return _compile(function, _nrt=False, forceinline=True)


def _compile(function: Callable, **options: bool) -> Callable:
    before = config.CACHE_DIR
    config.CACHE_DIR = str(cache_folder())
    try:
        return njit(nogil=True, cache=True, error_model="numpy", **options)(function)
    finally:
        config.CACHE_DIR = before


@cache
def fingerprint() -> str:
    """Return a short name of the present sources of all compiled functions."""
    digest = hashlib.sha256()
    for folder in COMPILED_FOLDERS:
        for path in sorted((PACKAGE / folder).glob("*.py")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


@cache
def cache_folder() -> Path:
    """Return the folder for compiled code, made if need be; those of older sources go in time.

    It lies in $NUMBA_CACHE_DIR where that is set, else in the package's __pycache__, else, where
    neither can be written to, among the temporary files.
    """
    chosen = Path(config.CACHE_DIR) if config.CACHE_DIR else PACKAGE / "__pycache__"
    for root in (chosen / "kernels", Path(tempfile.gettempdir()) / "gokit-kernels"):
        folder = root / fingerprint()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            folder.touch()
        except OSError:
            continue
        for other in root.iterdir():
            if other.stat().st_mtime < time.time() - DAYS_KEPT * 24 * 3600:
                shutil.rmtree(other, ignore_errors=True)
        break
    return folder
