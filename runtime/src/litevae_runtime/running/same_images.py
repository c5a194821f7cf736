"""Whether all processes have the same images, which they share out by their positions."""

import socket
from collections.abc import Iterable
from typing import Any

from accelerate.utils import gather_object

from ..common.errors import InputError
from ..data.fingerprint import differences, fingerprint
from ..data.images import Images
from .processes import Processes


def require_same_images(processes: Processes, sets: Iterable[Images]) -> list[dict[str, Any]]:
    """The fingerprints of these sets.

    InputError where a process has other images than the main one, as on disks of other machines.
    """
    own = [fingerprint(images) for images in dict.fromkeys(sets)]
    if processes.num_processes == 1:
        return own
    everywhere = gather_object([(socket.gethostname(), own)])
    main_host, main_sets = everywhere[0]
    for process, (host, found) in enumerate(everywhere):
        for main, other in zip(main_sets, found, strict=True):
            if differences(main, other):
                raise InputError(
                    f"the processes do not have the same images in {main['place']}",
                    expected="one set for all of them: they share it out by the positions of its images",
                    found=f"{main['images']:,} images at process 0 on {main_host}, "
                    f"{other['images']:,} at process {process} on {host}"
                    + (", of other names, sizes or contents" if main["images"] == other["images"] else ""),
                    remedy="copy the images whole to every machine, or put them on a disk that all share",
                )
    return own
