"""Sprig's functions on strings. Widths, lengths and places count bytes, as in Go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from imgupdate.templates.formatting import text_of
from imgupdate.templates.functions import Budget
from imgupdate.templates.quoting import quoted
from imgupdate.templates.sprig import runes, words
from imgupdate.templates.sprig.declare import Table, bounded_repeat, costly, named, plain, slice_bounds, variadic
from imgupdate.templates.values import ANY, INT, STRING, from_bytes, joined, to_bytes


def substring(start: int, end: int, text: str) -> str:
    """The bytes from start to end; up to the end of the text where `end` is negative or beyond it."""
    data = to_bytes(text)
    if start < 0:
        if not 0 <= end <= len(data):
            raise slice_bounds(None, end, len(data))
        return from_bytes(data[:end])
    if end < 0 or end > len(data):
        if start > len(data):
            raise slice_bounds(start, None, len(data))
        return from_bytes(data[start:])
    if start > end:
        raise slice_bounds(start, end, len(data))
    return from_bytes(data[start:end])


def truncate(count: int, text: str) -> str:
    """The first bytes, or with a negative count the last ones."""
    data = to_bytes(text)
    if count < 0 < len(data) + count:
        return from_bytes(data[len(data) + count :])
    return from_bytes(data[:count]) if count >= 0 else text


def abbreviate(width: int, text: str) -> str:
    """At most `width` bytes, the last three of which are dots where something was cut off."""
    return text if width < 4 else from_bytes(_abbreviated(to_bytes(text), 0, width))


def abbreviate_both(left: int, right: int, text: str) -> str:
    """As `abbreviate`, and with dots at the front too if the text is to begin at a later place."""
    if right < 4 or (left > 0 and right < 7):
        return text
    return from_bytes(_abbreviated(to_bytes(text), left, right))


def _abbreviated(data: bytes, offset: int, width: int) -> bytes:
    length = len(data)
    if length <= width:
        return data
    offset = min(offset, length)
    if length - offset < width - 3:
        offset = length - (width - 3)
    if offset <= 4:
        return data[: width - 3] + b"..."
    if offset + width - 3 < length:
        return b"..." + _abbreviated(data[offset:], 0, width - 3)
    return b"..." + data[length - (width - 3) :]


def initials(text: str) -> str:
    """The first byte of each word, each as the character with that number."""
    written = []
    after_gap = True
    for character in to_bytes(text).decode("latin-1"):
        if runes.is_space(character):
            after_gap = True
        elif after_gap:
            written.append(character)
            after_gap = False
    return "".join(written)


def without_space(text: str) -> str:
    """No white space; where there was some, each byte has become the character with that number."""
    characters = to_bytes(text).decode("latin-1")
    kept = "".join(character for character in characters if not runes.is_space(character))
    return text if len(kept) == len(characters) else kept


def _wrap(budget: Budget, length: int, text: str) -> str:
    return _wrapped(budget, text, length, "\n", cut=False)


def _wrap_with(budget: Budget, length: int, separator: str, text: str) -> str:
    return _wrapped(budget, text, length, separator or "\n", cut=True)


def _wrapped(budget: Budget, text: str, width: int, separator: str, *, cut: bool) -> str:
    """Lines of at most so many bytes; words that are longer are cut or left."""
    data = to_bytes(text)
    width = max(width, 1)
    lines = []
    offset = 0
    while len(data) - offset > width:
        if data[offset] == 0x20:
            offset += 1
            continue
        space = data.rfind(b" ", offset, offset + width + 1)
        if space >= 0:
            end, following = space, space + 1
        elif cut:
            end = following = offset + width
        else:
            space = data.find(b" ", offset + width)
            if space < 0:
                break
            end, following = space, space + 1
        budget.text(len(separator) + 8)
        lines.append(data[offset:end])
        offset = following
    lines.append(data[offset:])
    return from_bytes(to_bytes(separator).join(lines))


def _by_character(call: Callable[[str], str], cost: int = 8) -> Callable[[Budget, str], str]:
    """A function that looks at each character, which costs more than the character itself."""

    def called(budget: Budget, text: str) -> str:
        budget.spend(cost * len(text))
        return call(text)

    return called


def _quote(budget: Budget, *values: object) -> str:
    return " ".join(quoted(text_of(value, budget)) for value in values if value is not None)


def _single_quote(budget: Budget, *values: object) -> str:
    return " ".join(f"'{text_of(value, budget)}'" for value in values if value is not None)


def _cat(budget: Budget, *values: object) -> str:
    return " ".join(text_of(value, budget) for value in values if value is not None)


def _indent(budget: Budget, spaces: int, text: str) -> str:
    pad = bounded_repeat(budget, " ", spaces)
    budget.text(spaces * text.count("\n"))
    return pad + text.replace("\n", "\n" + pad)


def _replace(budget: Budget, old: str, new: str, text: str) -> str:
    """Every place of one text in another, as bytes; an empty one is before each character and at the end."""
    if old:
        data, part = to_bytes(text), to_bytes(old)
        budget.text(len(new) * data.count(part))
        return from_bytes(data.replace(part, to_bytes(new)))
    budget.text(len(new) * (len(text) + 1))
    return joined(new, *(character + new for character in text))


def _trim_all(cut: str, text: str) -> str:
    return text.strip(cut)


def _trim_suffix(suffix: str, text: str) -> str:
    return from_bytes(to_bytes(text).removesuffix(to_bytes(suffix)))


def _trim_prefix(prefix: str, text: str) -> str:
    return from_bytes(to_bytes(text).removeprefix(to_bytes(prefix)))


def _plural(one: str, many: str, count: int) -> str:
    return one if count == 1 else many


def _to_string(budget: Budget, value: object) -> str:
    return text_of(value, budget)


def _contains(part: str, text: str) -> bool:
    return to_bytes(part) in to_bytes(text)


def _has_prefix(prefix: str, text: str) -> bool:
    return to_bytes(text).startswith(to_bytes(prefix))


def _has_suffix(suffix: str, text: str) -> bool:
    return to_bytes(text).endswith(to_bytes(suffix))


FUNCTIONS: Final[Table] = (
    plain("hello", call=lambda: "Hello!"),
    plain("abbrev", INT, STRING, call=abbreviate),
    plain("abbrevboth", INT, INT, STRING, call=abbreviate_both),
    plain("trunc", INT, STRING, call=truncate),
    plain("substr", INT, INT, STRING, call=substring),
    plain("trim", STRING, call=lambda text: text.strip(runes.TRIMMED)),
    *named(("trimAll", "trimall"), plain, STRING, STRING, call=_trim_all),
    plain("trimSuffix", STRING, STRING, call=_trim_suffix),
    plain("trimPrefix", STRING, STRING, call=_trim_prefix),
    costly("nospace", STRING, call=_by_character(without_space)),
    costly("initials", STRING, call=_by_character(initials)),
    costly("upper", STRING, call=_by_character(runes.upper)),
    costly("lower", STRING, call=_by_character(runes.lower)),
    costly("title", STRING, call=_by_character(runes.title)),
    costly("untitle", STRING, call=_by_character(runes.first_of_words_lower)),
    costly("swapcase", STRING, call=_by_character(runes.swap_case)),
    costly("camelcase", STRING, call=_by_character(words.camel_case, 32)),
    costly("snakecase", STRING, call=_by_character(words.snake_case, 32)),
    costly("kebabcase", STRING, call=_by_character(words.kebab_case, 32)),
    costly("wrap", INT, STRING, call=_wrap),
    costly("wrapWith", INT, STRING, STRING, call=_wrap_with),
    plain("contains", STRING, STRING, call=_contains),
    plain("hasPrefix", STRING, STRING, call=_has_prefix),
    plain("hasSuffix", STRING, STRING, call=_has_suffix),
    costly("repeat", INT, STRING, call=lambda budget, count, text: bounded_repeat(budget, text, count)),
    costly("indent", INT, STRING, call=_indent),
    costly("nindent", INT, STRING, call=lambda budget, spaces, text: "\n" + _indent(budget, spaces, text)),
    costly("replace", STRING, STRING, STRING, call=_replace),
    plain("plural", STRING, STRING, INT, call=_plural),
    variadic("quote", ANY, call=_quote),
    variadic("squote", ANY, call=_single_quote),
    variadic("cat", ANY, call=_cat),
    costly("toString", ANY, call=_to_string),
)
