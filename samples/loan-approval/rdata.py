"""Reads a data frame from an R workspace file (.rda) without R.

Covers what a table of numbers and factors needs of R's serialisation format (R Internals, section 1.8):
XDR, version 2, with or without compression. Anything else is refused.
"""

import bz2
import gzip
import lzma
import struct

import numpy as np
import pandas as pd

SYMBOL, PAIRLIST, CHARACTER = 1, 2, 9
INTEGER, REAL, STRINGS, LIST = 13, 14, 16, 19
NIL, REFERENCE = 254, 255
HAS_ATTRIBUTES, HAS_TAG = 1 << 9, 1 << 10
DECOMPRESSORS = {b"\xfd7zXZ": lzma.decompress, b"\x1f\x8b": gzip.decompress, b"BZh": bz2.decompress}


def read_data_frame(path, name):
    """The data frame called `name`; factors become pandas categoricals with their levels in R's order."""
    with open(path, "rb") as file:
        data = file.read()
    for magic, decompress in DECOMPRESSORS.items():
        if data.startswith(magic):
            data = decompress(data)
            break
    header = b"RDX2\nX\n\0\0\0\2"  # format, encoding XDR, serialisation version 2
    if not data.startswith(header):
        raise ValueError(f"{path}: not an XDR workspace of version 2")
    reader = Reader(data, len(header) + 8)  # skips the two versions of R that follow
    columns, attributes = reader.item()[name]
    names, _ = attributes["names"]
    return pd.DataFrame({n: column(*c) for n, c in zip(names, columns)})


def column(values, attributes):
    if "levels" not in attributes:
        return values
    levels, _ = attributes["levels"]
    return pd.Categorical.from_codes(values - 1, categories=levels)


class Reader:
    def __init__(self, data, position):
        self.data, self.position, self.symbols = data, position, []

    def take(self, length):
        end = self.position + length
        if length < 0 or end > len(self.data):
            raise ValueError("the workspace ends too early")
        taken = self.data[self.position:end]
        self.position = end
        return taken

    def integer(self):
        return struct.unpack(">i", self.take(4))[0]

    def item(self):
        """A pairlist as a dictionary, a symbol or string as text, a vector as (values, attributes)."""
        flags = self.integer()
        kind = flags & 0xFF
        if kind == PAIRLIST:
            return self.pairlist(flags)
        if kind == NIL:
            return {}
        if kind == SYMBOL:
            self.symbols.append(self.item())
            return self.symbols[-1]
        if kind == REFERENCE:
            return self.symbols[(flags >> 8) - 1]
        if kind == CHARACTER:
            length = self.integer()
            return None if length == -1 else self.take(length).decode("utf-8")
        values = self.vector(kind)
        return values, self.item() if flags & HAS_ATTRIBUTES else {}

    def pairlist(self, flags):
        entries = {}
        while flags & 0xFF == PAIRLIST:
            if flags & HAS_ATTRIBUTES or not flags & HAS_TAG:
                raise ValueError("a pairlist with attributes or without tags is not read here")
            tag = self.item()
            entries[tag] = self.item()
            flags = self.integer()
        if flags & 0xFF != NIL:
            raise ValueError("a pairlist that does not end in nil is not read here")
        return entries

    def vector(self, kind):
        length = self.integer()
        if kind == INTEGER:
            return np.frombuffer(self.take(4 * length), dtype=">i4").astype(np.int32)
        if kind == REAL:
            return np.frombuffer(self.take(8 * length), dtype=">f8").astype(np.float64)
        if kind in (STRINGS, LIST):
            return [self.item() for _ in range(length)]
        raise ValueError(f"values of R type {kind} are not read here")
