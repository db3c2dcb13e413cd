"""Tokens of large files, kept from one start to the next.

A folder of the user's own holds files of tokens, each named after the content it was made of (its
SHA-256 and the kind of tokenizer), and small files that remember which of them is which source's.
All of it may be removed at any time.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from rnntui.cache_folder import VARIABLE
from rnntui.data.file_signature import FileSignature
from rnntui.data.progress import Work
from rnntui.data.tokenfile import UNFINISHED, Contents, Ids, TokenFile, open_tokens, writer
from rnntui.errors import OutputError
from rnntui.numbers import size_in_words
from rnntui.text import fit, safe_text
from rnntui.trust import why_exposed

FORMAT = 2
MOST_KEPT = 20 << 30  # bytes of tokens; beyond, those not used for the longest time go
SPARE = 64 << 20  # bytes that are left free on the disk
ABANDONED = 600.0  # seconds without growing after which a file is not being written any more
_TOKENS, _MEMORY = ".tokens", ".json"


class TokenCache:
    """The tokens of one kind in a folder, which is made when something is to be kept."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self._kind = folder, kind

    def recall(self, source: Path, signature: FileSignature, work: Work) -> TokenFile | None:
        """Return the tokens of a source if its signature is unchanged since they were made.

        The source is not read, for a write to it changes its signature. The tokens are read and
        compared with their digest, because a disk can damage them without a write.
        """
        memory = self._memory_of(source)
        known = _recollection(memory)
        if known is None or known[0] != signature:
            return None
        found = open_tokens(self.folder / f"{known[1]}{_TOKENS}", None, work)
        if found is not None:
            with suppress(OSError):
                os.utime(memory)
        return found

    def find(self, digest: bytes, work: Work) -> TokenFile | None:
        """Return the tokens of that content after checking their digest, or None."""
        return open_tokens(self._place(digest), None, work)

    def remember(
        self, source: Path, signature: FileSignature, digest: bytes, tokens: TokenFile
    ) -> None:
        """Remember which tokens belong to a source with this signature."""
        text = json.dumps(
            [signature.to_list(), self._place(digest).stem, tokens.signature.to_list()]
        )
        import tempfile

        with suppress(OSError), ExitStack() as stack:
            descriptor, name = tempfile.mkstemp(UNFINISHED, dir=self.folder)
            stack.callback(Path(name).unlink, missing_ok=True)
            with os.fdopen(descriptor, "w") as file:
                file.write(text)
            Path(name).replace(self._memory_of(source))

    def put(
        self,
        digest: bytes,
        most: int,
        pieces: Iterator[Ids],
        contents: Callable[[int, str], Contents],
    ) -> TokenFile:
        """Keep the tokens of a content: at most `most` bytes of ids.

        `contents` is given their count and digest. Raises OutputError in one line; what `pieces`
        raises passes. Nothing unfinished stays.
        """
        place = self._place(digest)
        with ExitStack() as stack:
            with self._blamed():
                self._make_folder()
                self._make_room(most)
                out = stack.enter_context(writer(self.folder))
            for ids in pieces:
                with self._blamed():
                    out.add(ids)
            with self._blamed():
                signature = out.finish(contents(out.count, out.digest), place)
        found = open_tokens(place, signature)
        if found is None:
            raise self._error("tokens written there have disappeared")
        return found

    # ---- names ------------------------------------------------------------------------------

    def _place(self, digest: bytes) -> Path:
        key = sha256(f"{FORMAT} {self._kind} {digest.hex()}".encode()).hexdigest()
        return self.folder / f"{key}{_TOKENS}"

    def _memory_of(self, source: Path) -> Path:
        path = os.fsencode(os.path.realpath(source))
        key = sha256(f"{FORMAT} {self._kind} ".encode() + path).hexdigest()
        return self.folder / f"{key}{_MEMORY}"

    # ---- room -------------------------------------------------------------------------------

    def _make_folder(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        exposed = why_exposed(self.folder) if hasattr(os, "geteuid") else ""
        if exposed:
            raise OutputError(f"tokens are not kept: {exposed}: set {VARIABLE} to another folder")

    def _make_room(self, need: int) -> None:
        """Remove what was not used for the longest time if there would be too much."""
        import shutil

        kept = sorted(self._kept())
        total = sum(size for _, size, _ in kept)
        free = shutil.disk_usage(self.folder).free - SPARE
        if free + total < need:
            there, wanted = size_in_words(max(0, free)), size_in_words(need)
            raise self._error(f"needs {wanted} there, which has {there} free")
        for _, size, path in kept:
            if total + need <= MOST_KEPT and free >= need:
                break
            path.unlink(missing_ok=True)
            total, free = total - size, free + size

    def _kept(self) -> Iterator[tuple[float, int, Path]]:
        """When it was last used, size and place of each file of tokens; what is dead is removed."""
        used: dict[str, float] = {}
        for memory, about in self._files(_MEMORY):
            known = _recollection(memory)
            if known is None or not (self.folder / f"{known[1]}{_TOKENS}").exists():
                memory.unlink(missing_ok=True)
            else:
                used[known[1]] = max(used.get(known[1], 0.0), about.st_mtime)
        for part, about in self._files(UNFINISHED):
            if time.time() - about.st_mtime > ABANDONED:
                part.unlink(missing_ok=True)
        for path, about in self._files(_TOKENS):
            yield max(about.st_mtime, used.get(path.stem, 0.0)), about.st_size, path

    def _files(self, suffix: str) -> Iterator[tuple[Path, os.stat_result]]:
        for path in list(self.folder.glob(f"*{suffix}")):
            with suppress(FileNotFoundError):  # another process tidies up too
                yield path, path.stat()

    # ---- trouble ----------------------------------------------------------------------------

    @contextmanager
    def _blamed(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._error(error.strerror or "cannot be written to") from None

    def _error(self, what: str) -> OutputError:
        shown = fit(safe_text(str(self.folder)), 60)
        return OutputError(f"tokens are kept in {shown}: {what}: set {VARIABLE} to another folder")


def _recollection(memory: Path) -> tuple[FileSignature, str] | None:
    """The source's signature and the name of its tokens."""
    try:
        source, key, _ = json.loads(memory.read_bytes())
        signature = FileSignature.from_list(source)
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    if signature is None or not isinstance(key, str) or not key.isalnum():
        return None
    return signature, key
