"""What EXIF says of an image: what is up in it. `src/images/exif.ts` has the same rules."""

import struct

_ORIENTATION = 274

# Types of TIFF's: BYTE, SHORT and LONG.
_WHOLE = {1: "B", 3: "H", 4: "I"}


def orientation_of(exif: bytes) -> int:
    """A number from 1 to 8; 1 where the data have none or are damaged, since the pixels may still be whole."""
    data = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None:
        return 1
    try:
        [start] = struct.unpack_from(f"{order}I", data, 4)
        [fields] = struct.unpack_from(f"{order}H", data, start)
        for at in range(start + 2, start + 2 + 12 * fields, 12):
            tag, kind, count = struct.unpack_from(f"{order}HHI", data, at)
            if tag == _ORIENTATION and kind in _WHOLE and count == 1:
                [number] = struct.unpack_from(f"{order}{_WHOLE[kind]}", data, at + 8)
                return int(number) if number in range(1, 9) else 1
    except struct.error:
        return 1
    return 1
