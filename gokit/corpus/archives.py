"""The files in a folder, a zip or a tar, one at a time, whatever is broken between them."""

from __future__ import annotations

import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from gokit.go.errors import GoError

MAX_BYTES = 256 << 20
MAX_DEPTH = 4
TARS = (".tar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz")
# What the standard library raises for archives that are cut off, altered, locked or no archives.
UNREADABLE = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    RuntimeError,
    OverflowError,
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    TypeError,  # tarfile, where a compressed header ends within its first bytes
)

Skip = Callable[[str, str, str], None]


def files_at(
    path: str | Path, suffixes: tuple[str, ...], skip: Skip
) -> Iterator[tuple[str, bytes]]:
    """Yield (place, content) of the files with these suffixes: in folders, zips and tars, nested.

    A path that is itself a file is yielded whatever it is called. Folders are read in the order
    of their names, archives in their own. skip(reason, place, detail) is called for what cannot
    be read, and the rest goes on. Raises GoError where there is nothing at `path`.
    """
    path = Path(path)
    if path.is_dir():
        for inner in sorted(path.rglob("*")):
            if inner.is_file() and _wanted(inner.name, suffixes):
                yield from _read_file(inner, suffixes, skip)
    elif path.is_file():
        yield from _read_file(path, suffixes, skip)
    else:
        raise GoError(f"there is no file and no folder {str(path)[:200]!r}")


def _wanted(name: str, suffixes: tuple[str, ...]) -> bool:
    return name.lower().endswith((*suffixes, ".zip", *TARS))


def _read_file(path: Path, suffixes: tuple[str, ...], skip: Skip) -> Iterator[tuple[str, bytes]]:
    try:
        with open(path, "rb") as file:
            yield from _unpacked(str(path), file, suffixes, skip, 0)
    except OSError as error:
        skip("unreadable file", str(path), str(error))


def _unpacked(
    place: str, file: BinaryIO, suffixes: tuple[str, ...], skip: Skip, depth: int
) -> Iterator[tuple[str, bytes]]:
    """Yield a file, or what is in it where its name is an archive's."""
    name = place.lower()
    archive = name.endswith((".zip", *TARS)) and not name.endswith(suffixes)
    if archive and depth == MAX_DEPTH:
        skip("archive too deep", place, f"more than {MAX_DEPTH} archives in each other")
        return
    if archive and depth == 0:
        yield from _in_archive(place, file, suffixes, skip, depth)
        return
    try:
        content = file.read(MAX_BYTES + 1)
    except UNREADABLE as error:
        skip("unreadable file", place, _said(error))
        return
    if len(content) > MAX_BYTES:
        skip("file too large", place, f"more than {MAX_BYTES:,} bytes")
    elif archive:  # in another one, and read by seeks
        yield from _in_archive(place, io.BytesIO(content), suffixes, skip, depth)
    else:
        yield place, content


def _in_archive(
    place: str, file: BinaryIO, suffixes: tuple[str, ...], skip: Skip, depth: int
) -> Iterator[tuple[str, bytes]]:
    read = _in_zip if place.lower().endswith(".zip") else _in_tar
    return read(place, file, suffixes, skip, depth + 1)


def _in_zip(
    place: str, file: BinaryIO, suffixes: tuple[str, ...], skip: Skip, depth: int
) -> Iterator[tuple[str, bytes]]:
    try:
        archive = zipfile.ZipFile(file)
    except UNREADABLE as error:
        skip("unreadable file", place, _said(error))
        return
    with archive:
        for info in archive.infolist():
            if not _wanted(info.filename, suffixes):
                continue
            inner = f"{place}/{info.filename}"
            try:
                member = archive.open(info)
            except UNREADABLE as error:
                skip("unreadable file", inner, _said(error))
                continue
            with member:
                yield from _unpacked(inner, member, suffixes, skip, depth)


def _in_tar(
    place: str, file: BinaryIO, suffixes: tuple[str, ...], skip: Skip, depth: int
) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(fileobj=file, mode="r|*") as archive:
            for info in archive:
                if info.isfile() and _wanted(info.name, suffixes):
                    inner = f"{place}/{info.name}"
                    member = archive.extractfile(info)
                    yield from _unpacked(inner, member, suffixes, skip, depth)
    except UNREADABLE as error:
        skip("unreadable file", place, _said(error))


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
