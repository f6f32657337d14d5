"""Files that are carried by hand where there is no network (离线摆渡): what stands in them, and whether one holds."""

from inspection import InspectionError


class CarriedError(InspectionError):
    """A carried file that is not taken. code says why, for counters: carried.truncated, .damaged, .signature, ..."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
