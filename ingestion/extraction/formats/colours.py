"""
When text is written in the colour of what it stands on.
"""

from typing import Final

Colour = tuple[int, int, int]

WHITE: Final[Colour] = (255, 255, 255)
SAME: Final = 24
"""
How far two colours may be apart in each of red, green and blue, of 255, and not be told apart.
"""

LEAST_POINTS: Final = 2.0
"""
The size of letters, in points, below which nobody reads them.
"""


def same(one: Colour, other: Colour) -> bool:
    """
    Say whether nobody can read the one on the other.
    """
    return all(abs(a - b) <= SAME for a, b in zip(one, other, strict=True))


def of_hex(written: str) -> Colour | None:
    """
    Read six hex digits, or eight that begin with the opacity, as office formats write colours.
    """
    digits = written[-6:]
    try:
        return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)
    except ValueError:
        return None
