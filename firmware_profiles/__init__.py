"""What a device kind is and runs: signed, versioned TOML profiles (设备配置) and the code that reads them.

This module knows the room's root error. The shape of a profile is in `schema`, its reading in `parsing`, its signature
in `signed`, the disk in `files`.
"""


class ProfileError(ValueError):
    """A profile that is refused; the text is written for the person who has to mend it."""
