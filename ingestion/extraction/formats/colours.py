"""
When text is written in the colour of what it stands on.
"""

from typing import Any, Final

Colour = tuple[int, int, int]

WHITE: Final[Colour] = (255, 255, 255)
BLACK: Final[Colour] = (0, 0, 0)
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


def of_css(colour: Any) -> Colour:  # noqa: ANN401 - untyped library
    """
    Return a colour of CSS Color 4, of any space, as red, green and blue.
    """
    for space, parts in (("srgb", list), ("lab", _of_lab)):
        try:
            red, green, blue = parts(colour.to(space).coordinates)
        except NotImplementedError:
            continue
        return _byte(red), _byte(green), _byte(blue)
    # Another space of red, green and blue: near enough.
    red, green, blue = colour.coordinates
    return _byte(red), _byte(green), _byte(blue)


def _byte(part: float | None) -> int:
    return round(255 * min(1.0, max(0.0, part or 0.0)))


def _of_lab(lab: tuple[float, float, float]) -> list[float]:
    height = (lab[0] + 16) / 116
    parts = (height + lab[1] / 500, height, height - lab[2] / 200)
    x, y, z = (
        white * (part**3 if part > 6 / 29 else 3 * (6 / 29) ** 2 * (part - 4 / 29))
        for white, part in zip((0.9505, 1.0, 1.089), parts, strict=True)
    )
    linear = (
        3.2406 * x - 1.5372 * y - 0.4986 * z,
        -0.9689 * x + 1.8758 * y + 0.0415 * z,
        0.0557 * x - 0.2040 * y + 1.0570 * z,
    )
    return [max(0.0, one) ** (1 / 2.4) * 1.055 - 0.055 for one in linear]
