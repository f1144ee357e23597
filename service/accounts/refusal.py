"""What accounts refuse, each in one sentence with its remedy."""


class AccountsError(Exception):
    """The accounts file cannot be used as it is."""


class AccountRefused(Exception):
    """A change of accounts breaks a rule; nothing was changed."""


class UnknownAccount(AccountRefused):
    """There is no user or token of that name."""


class StaleChange(AccountRefused):
    """Somebody else changed the user since it was looked at."""


class WrongPassword(AccountRefused):
    """The password that was shown is not the user's."""
