"""
The errors of this service, grouped by whose fault they are.

Every error has two texts.
`public_message` may be shown to whoever asked; `diagnostics()` is for the operator alone.
"""


class ReadershipError(Exception):
    """
    Base of every error of this service. Never raised itself.
    """

    public_message = "the request failed"
    code = "error"

    def __init__(self, detail: str = "") -> None:
        super().__init__(self.public_message)
        self._detail = detail or self.public_message

    def diagnostics(self) -> str:
        """
        Return the full story, for operators.
        """
        return self._detail


class ConfigurationError(ReadershipError):
    """
    The operator's configuration cannot be used; the detail says what to change.
    """

    public_message = "the service is not configured correctly"
    code = "configuration"


class InputError(ReadershipError):
    """
    Something that a source delivered cannot be used; the detail names file and line or id.
    """

    public_message = "the input cannot be used"
    code = "input"


class RedactionError(InputError):
    """
    Personal data could not be looked for, so the text must not go on.
    """

    public_message = "the text could not be redacted"
    code = "redaction"


class ExtractionError(InputError):
    """
    A file could not be turned into text within its limits; it is quarantined.
    """

    public_message = "the file could not be read safely"
    code = "extraction"
