"""People and rights (人员与权限): who may do what, how somebody proves who they are, and what takes two people.

Decides only: values come in, values go out. Accounts are kept by `store.accounts`, acts are carried out by `desks`.
"""

from central_hub import HubError


class PeopleError(HubError):
    """Something that a person may not do or did not prove. code names the text for a screen."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
