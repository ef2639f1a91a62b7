"""Numbers as people read them: one place for every unit that a card shows.

Refuses to round a thing away: what is not zero never reads as zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

CENT = Decimal("0.01")
_MINUS = "\N{MINUS SIGN}"


def money(value: Decimal) -> str:
    """US dollars, cents always shown.

    Examples
    --------
    >>> money(Decimal("-1234.5"))
    '−$1,234.50'
    """
    rounded = value.quantize(CENT)
    if value and not rounded:
        return "less than $0.01" if value > 0 else "a loss under $0.01"
    return f"{_MINUS if rounded < 0 else ''}${abs(rounded):,}"


def signed_money(value: Decimal) -> str:
    """US dollars with their sign, for results.

    Examples
    --------
    >>> signed_money(Decimal("12.3"))
    '+$12.30'
    """
    return f"+{money(value)}" if value.quantize(CENT) > 0 else money(value)


def price(value: Decimal | float) -> str:
    """A price with as many digits as its size deserves, at least two decimals.

    Examples
    --------
    >>> price(64123.4), price(Decimal("31.2450")), price(0.0123456)
    ('64,123.40', '31.245', '0.012346')
    """
    exact = Decimal(repr(value)) if isinstance(value, float) else value
    size = abs(exact)
    decimals = 2 if size >= 100 else 4 if size >= 1 else 6
    whole, _, fraction = f"{exact:,.{decimals}f}".partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"


def quantity(value: Decimal, instrument: str) -> str:
    """Base units with the name of what is owned, without trailing zeros.

    Examples
    --------
    >>> quantity(Decimal("0.01230000"), "BTC-USD")
    '0.0123 BTC'
    """
    digits = f"{value:,f}"
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return f"{digits} {instrument.partition('-')[0]}"


def share(fraction: float, decimals: int = 1) -> str:
    """A fraction in percent: probabilities, sizes, caps.

    Examples
    --------
    >>> share(0.412), share(0.00004)
    ('41.2 %', '0.004 %')
    """
    while fraction and decimals < 4 and not float(f"{fraction * 100:.{decimals}f}"):
        decimals += 1
    return _typeset(f"{fraction * 100:.{decimals}f} %")


def signed_share(fraction: float, decimals: int = 2) -> str:
    """A fraction in percent with its sign: changes and expected values.

    Examples
    --------
    >>> signed_share(-0.0021), signed_share(0.0)
    ('−0.21 %', '0.00 %')
    """
    text = share(fraction, decimals)
    return f"+{text}" if fraction > 0 else text


def nats(value: float) -> str:
    """A step of log-odds.

    Examples
    --------
    >>> nats(0.314)
    '+0.31'
    """
    return _typeset(f"{value:+.2f}" if abs(value) >= 0.005 else f"{value:+.3f}" if value else "0")


def risk_multiple(value: float) -> str:
    """A result over the money that stood at risk.

    Examples
    --------
    >>> risk_multiple(1.25)
    '+1.25 R'
    """
    return _typeset(f"{value:+.2f} R")


def duration(span: timedelta) -> str:
    """A span in its two largest units.

    Examples
    --------
    >>> duration(timedelta(days=2, hours=4, minutes=3)), duration(timedelta(seconds=40))
    ('2 d 4 h', '40 s')
    """
    left = max(0, round(span.total_seconds()))
    if left < 60:
        return f"{left} s"
    parts = []
    for unit, seconds in (("d", 86400), ("h", 3600), ("min", 60)):
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])


def arrow(change: float | Decimal) -> str:
    """Direction as a glyph that every font has."""
    return "▲" if change > 0 else "▼" if change < 0 else "■"


def clip(content: str, limit: int) -> str:
    """`content` in at most `limit` characters, ending in an ellipsis where it was cut.

    Examples
    --------
    >>> clip("a long reason", 7)
    'a long…'
    """
    flat = " ".join(content.split())
    return flat if len(flat) <= limit else f"{flat[: limit - 1].rstrip()}…"


def plain(content: str) -> str:
    r"""Somebody's own words, so that they cannot format, mention or link.

    Examples
    --------
    >>> plain("*no* @everyone")
    '\\*no\\* @\u200beveryone'
    """
    safe = content.replace("\\", "\\\\").replace("@", "@\u200b")
    for mark in "*_~`|>#[]<":
        safe = safe.replace(mark, f"\\{mark}")
    return safe


def count(number: int, noun: str) -> str:
    """A number with its noun in the right form.

    Examples
    --------
    >>> count(1, "position"), count(3, "position")
    ('1 position', '3 positions')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(words: Sequence[str], nothing: str) -> str:
    """Words as a list in a sentence, or `nothing` where there are none."""
    return " · ".join(words) if words else nothing


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A code block with columns; the first is left-aligned, the others right-aligned."""
    columns = list(zip(header, *rows, strict=True))
    widths = [max(len(cell) for cell in column) for column in columns]
    body = [
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (header, *rows)
    ]
    return "```\n" + "\n".join(body) + "\n```"


def _typeset(number: str) -> str:
    return number.replace("-", _MINUS)
