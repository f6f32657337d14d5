"""Stickers on paper and on screens: the certificate's page, the label, the electronic certificate."""

from central_hub import HubError


class PaperError(HubError):
    """A paper that cannot be made, or is none of this hub; its text says what to mend."""
