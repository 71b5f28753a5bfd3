"""What a player does, in Python: from the bytes of a record back to what is drawn in each state."""

import json
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from live.ink import BREAK, FIFTHS
from live.pack import ALONG, FROM


@dataclass
class Unpacked:
    """A record out of its bytes: `poses[part][state]` begins with the number of a look."""

    head: dict[str, Any]
    poses: list[list[np.ndarray]]

    def marks(self, part: int, state: int) -> list[tuple[list, Any]]:
        """Return what a part shows in a state: each mark's look, and its places in points."""
        pose = self.poses[part][state]
        looks, at, found = self.head["parts"][part]["looks"][pose[0]], 1, []
        for look in looks:
            if look[0] == "words":
                word, *place = pose[at : at + 3]
                found.append((look, (self.head["words"][word], np.array(place) / FIFTHS)))
                at += 3
            elif look[0] == "image":
                rows, columns = pose[at : at + 2]
                cells = pose[at + 6 : at + 6 + rows * columns].reshape(rows, columns)
                found.append((look, (pose[at + 2 : at + 6] / FIFTHS, cells)))
                at += 6 + rows * columns
            else:
                n = int(pose[at])
                numbers = pose[at + 1 : at + 1 + 2 * n].reshape(2, n).T
                found.append((look, numbers[numbers[:, 0] != BREAK] / FIFTHS))
                at += 1 + 2 * n
        assert at == len(pose)
        return found


def unpack(packed: bytes) -> Unpacked:
    """Undo `live.pack.pack`."""
    text = zlib.decompress(packed)
    begin = 4 + int.from_bytes(text[:4], "little")
    head = json.loads(text[4:begin])
    low, high = np.frombuffer(text[begin:], np.uint8).reshape(2, -1).astype(np.uint16)
    numbers, at, parts = (low | high << 8).astype(np.int16), 0, []
    for part in head["parts"]:
        sizes = int(np.prod(head["counts"])), part["poses"], part["size"]
        index, lengths, values = np.split(numbers[at : at + sum(sizes)], np.cumsum(sizes)[:-1])
        poses = restored(values, np.cumsum(lengths), part["how"])
        parts.append([poses[pose] for pose in np.cumsum(index)])
        at += sum(sizes)
    assert at == len(numbers)
    return Unpacked(head, parts)


def restored(values: np.ndarray, lengths: np.ndarray, how: int) -> list[np.ndarray]:
    """Return the poses that differences stand for. int16 wraps around."""
    poses = np.split(values, np.cumsum(lengths)[:-1])
    if how & ALONG:
        poses = [np.cumsum(pose, dtype=np.int16) for pose in poses]
    if how & FROM:
        for place in range(1, len(poses)):
            if len(poses[place]) == len(poses[place - 1]):
                poses[place] = poses[place] + poses[place - 1]
    return poses
