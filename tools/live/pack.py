"""Pack a record into few bytes, for a page.

The bytes are deflated. Unpacked they are the length of a head in four bytes, the head in JSON, and
16-bit numbers, all their low bytes before all their high bytes. For each part these are the pose of
each state, the length of each pose, both as differences from the one before, and the poses. Of the
poses differences are kept too, where that is shorter: ALONG the numbers of a pose, FROM the pose
before, if that is as long, or both.
"""

import json
import zlib
from typing import Any

import numpy as np

from live.record import Record

ALONG, FROM = 1, 2


def pack(record: Record, values: list[list[str]]) -> bytes:
    """Return the record in bytes. values: for each control the words for each position."""
    heads, numbers = [], []
    for part in record.parts:
        poses = part.arrays()
        lengths = np.array([len(pose) for pose in poses])
        how = min(range(4), key=lambda how: len(deflate(differences(poses, how), 1)))
        heads.append({"looks": [list(map(list, look)) for look in part.looks], "how": how})
        heads[-1] |= {"poses": len(poses), "size": int(lengths.sum())}
        numbers += [steps(np.array(part.index)), steps(lengths), differences(poses, how)]
    head = json.dumps(
        head_of(record) | {"values": values, "parts": heads}, ensure_ascii=False
    ).encode()
    every = np.concatenate(numbers).astype("<i2") if numbers else np.zeros(0, "<i2")
    planes = every.view(np.uint8).reshape(-1, 2).T.tobytes()
    return zlib.compress(len(head).to_bytes(4, "little") + head + planes, 9)


def head_of(record: Record) -> dict[str, Any]:
    """Return what a page must know of a record besides its parts."""
    counts = [len(values) for values in record.positions.values()]
    return {"counts": counts, "first": list(record.first), "words": record.words}


def differences(poses: list[np.ndarray], how: int) -> np.ndarray:
    """Return all poses end to end as differences. int16 wraps around, and so back again."""
    found = poses
    if how & FROM:
        before = [np.zeros(0, np.int16), *poses[:-1]]
        found = [p - b if len(p) == len(b) else p for p, b in zip(poses, before, strict=True)]
    if how & ALONG:
        found = [np.diff(pose, prepend=np.int16(0)) for pose in found]
    return np.concatenate(found)


def steps(values: np.ndarray) -> np.ndarray:
    """Return each value less the one before it."""
    return np.diff(values, prepend=0).astype(np.int16)


def deflate(values: np.ndarray, level: int) -> bytes:
    """Return numbers deflated, low bytes first."""
    return zlib.compress(values.astype("<i2").view(np.uint8).reshape(-1, 2).T.tobytes(), level)
