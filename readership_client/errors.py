"""
What can go wrong between a program and the service. No error holds a token.
"""

from typing import Any, Self


class ReadershipClientError(Exception):
    """
    The service was not asked, or gave no answer.
    """


class NoTokenError(ReadershipClientError):
    """
    There is no token for this request: nothing was sent.
    """


class NotSignedInError(ReadershipClientError):
    """
    The token is not accepted (401): the reader must sign in again. `challenge` says where and for
    what, as the service wrote it.
    """

    def __init__(self, message: str, challenge: str) -> None:
        super().__init__(message)
        self.challenge = challenge

    def __reduce__(self) -> tuple[type[Self], tuple[str, str]]:
        return type(self), (str(self), self.challenge)


class RefusedError(ReadershipClientError):
    """
    The service understood and refused; `status` and `code` are its own.
    """

    def __init__(self, message: str, status: int, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def __reduce__(self) -> tuple[type[Self], tuple[Any, ...]]:
        return type(self), (str(self), self.status, self.code)


class NotFoundError(RefusedError):
    """
    There is none for this reader (404), for whichever reason.
    """


class TryLaterError(RefusedError):
    """
    Not now (429, 503); `retry_after` is the number of seconds to wait, if the service said one.
    """

    def __init__(self, message: str, status: int, code: str, retry_after: float | None) -> None:
        super().__init__(message, status, code)
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[type[Self], tuple[Any, ...]]:
        return type(self), (str(self), self.status, self.code, self.retry_after)


class UnexpectedAnswerError(ReadershipClientError):
    """
    What came back is not an answer of this service.
    """
