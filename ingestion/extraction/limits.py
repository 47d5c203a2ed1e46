"""
How much one document may cost, in memory, time and size.
"""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ExtractionLimits:
    """
    What one document may use before it is given up.

    A document that needs more is quarantined with the limit it met; it never
    takes anything from the documents after it.
    """

    input_bytes: int = 32 * MIB
    """The largest file that is tried: the parsers hold several copies of it in memory."""

    output_characters: int = 20_000_000
    """The longest text that is accepted: a small file can unfold into any amount of text."""

    memory_bytes: int = 512 * MIB
    """The address space of the child, its code included: a bomb must not starve the host."""

    cpu_seconds: int = 30
    """Processor time of the child: the kernel ends a loop even when nobody watches the clock."""

    wall_seconds: float = 30.0
    """From request to answer: a child that sleeps uses no processor time and still blocks."""

    pages: int = 5_000
    """The most pages of a PDF: a page of a few bytes can be repeated without end."""

    unpacked_bytes: int = 128 * MIB
    """What a zip container may declare as its content: the sign of a zip bomb."""

    archive_members: int = 5_000
    """How many files a zip container may hold: each one costs, also when it is empty."""
