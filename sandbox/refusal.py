"""What AWS answers when it does not do something."""


class Refusal(Exception):  # noqa: N818 - AWS refuses; the sandbox has no error
    """A call that AWS would refuse.

    Attributes:
        code: AWS's error code.
        message: AWS's message, as far as it is documented or known.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class UnknownTypeError(LookupError):
    """The sandbox does not know a resource type or look-up; it never answers for one that it does not simulate."""
