"""Parts of a corpus to its files: the range's numbers of words become those of the vocabulary."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from datamodules.sentences.corpus import PARTS, SPECIAL, UNKNOWN
from datamodules.sentences.cutting import Range
from datamodules.sentences.growing import Growing
from datamodules.sentences.settings import Words
from datamodules.sentences.vocabulary import TRAIN, Part, Vocabulary, read_part
from encoders.atomic import replacing


class Writer:
    """The three files of train, validation or test, in its folder.

    Args:
        folder: of the part.
        stack: closes the files.
    """

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        folder.mkdir(exist_ok=True)
        self.tokens = stack.enter_context(Growing(folder / "tokens.npy", np.int32))
        self.offsets = stack.enter_context(Growing(folder / "offsets.npy", np.int64))
        self.pictures = stack.enter_context(Growing(folder / "pictures.npy", np.int32))
        self.offsets.append(np.zeros(1, np.int64))

    def append(self, tokens: NDArray[np.int32], lengths: NDArray[np.int32], picture: NDArray[np.int32]) -> None:
        """Add S sentences: (T,) numbers of words, (S,) lengths, (S,) pictures."""
        self.offsets.append(self.tokens.length + np.cumsum(lengths, dtype=np.int64))
        self.tokens.append(tokens)
        self.pictures.append(picture)


class Joined:
    """What is written so far, with its counts.

    Args:
        folder: of the corpus.
        vocabulary: known words.
        settings: what becomes of others.
        pictures: how many there are.
    """

    def __init__(self, folder: Path, vocabulary: Vocabulary, settings: Words, pictures: int) -> None:
        self.folder, self.drop = folder, settings.unknown == "drop"
        self.special = SPECIAL[:UNKNOWN] if self.drop else SPECIAL
        self.vocabulary = vocabulary
        self.number = {word: number for number, word in enumerate(vocabulary.words, start=len(self.special))}
        self.counts = {name: Counter(sentences=0, words=0, unknown=0, without_picture=0) for name in PARTS}
        self.dropped = Counter(unknown_words_only=0, outside_split=0)
        self.used = np.full(pictures, -1, np.int8)  # which part a picture has sentences in

    def write(self, parts: Sequence[Range], progress: Callable[[int, int], None]) -> None:
        """Append all parts in their order."""
        with ExitStack() as stack:
            writers = [Writer(self.folder / name, stack) for name in PARTS]
            for done, given in enumerate(parts, start=1):
                self._append(read_part(given), writers)
                progress(done, len(parts))
        self._write_words()

    def info(self) -> dict[str, dict[str, int]]:
        """Counts of the parts that have sentences; `words` are all, `unknown` those that the vocabulary lacks."""
        images = {name: int((self.used == code).sum()) for code, name in enumerate(PARTS)}
        return {name: {"images": images[name], **found} for name, found in self.counts.items() if found["sentences"]}

    def _append(self, part: Part, writers: list[Writer]) -> None:
        final = np.array([self.number.get(word, -1) for word in part.words], np.int32)  # own number -> the vocabulary's
        tokens = final[part.tokens]
        known = tokens >= 0
        begin = np.cumsum(part.lengths) - part.lengths
        told = np.add.reduceat(known.astype(np.int32), begin) if len(begin) else begin  # known words of each sentence
        stays = (part.code >= 0) & (told > 0)
        self.dropped["outside_split"] += int((part.code < 0).sum())
        self.dropped["unknown_words_only"] += int(((part.code >= 0) & (told == 0)).sum())
        tokens[~known] = UNKNOWN
        for code, (name, writer) in enumerate(zip(PARTS, writers, strict=True)):
            chosen = stays & (part.code == code)
            lengths, picture = part.lengths[chosen], part.picture[chosen]
            taken = np.repeat(chosen, part.lengths) & (known | (not self.drop))
            writer.append(tokens[taken], told[chosen] if self.drop else lengths, picture)
            self.used[picture[picture >= 0]] = code
            words, without = int(lengths.sum()), int((picture < 0).sum())
            unknown = words - int(told[chosen].sum())
            self.counts[name].update(sentences=len(lengths), words=words, unknown=unknown, without_picture=without)

    def _write_words(self) -> None:
        train = self.counts[PARTS[TRAIN]]
        special = [train["sentences"], train["sentences"], train["unknown"]][: len(self.special)]
        rows = {
            "word": pa.array([*self.special, *self.vocabulary.words], pa.string()),
            "count": pa.array([*special, *self.vocabulary.counts], pa.int64()),
        }
        with replacing(self.folder / "words.parquet") as path:
            pq.write_table(pa.table(rows), path, compression="zstd")
