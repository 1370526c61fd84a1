"""Telling words and sentences that people wrote from values that a machine drew.

A stand-in keeps length, case and separators, so the answers of `is_plain` and `is_mixed` are the same for it
as for what it replaces; a replay has nothing else to judge by.
"""

from __future__ import annotations

import re

_WORD = r"(?![Aa]{16})(?:A+|A?a+(?:Aa+)*)"
_PLAIN = re.compile(
    rf"{_WORD}(?:[ _.-]{_WORD}){{0,2}}"
    r"|9{4}-99-99(?:[A ]99:99(?::99(?:\.9{1,9})?)?(?:A|[+-]99:?99)?)?"
)
_SPOKEN = re.compile(
    r"[(\"'\u2018\u201c]*(?:[^\W\d_](?:[^\W\d_]|['\u2019/-])*|\d{1,5})[\"')\u2019\u201d.,;:!?%]*"
)
_FUNCTION_WORDS = frozenset(
    re.findall(
        r"\S+",
        "is are be been was were must cannot can't can has have had should may not no too does doesn't isn't "
        "the a an will please needs requires required invalid least most than your you "
        "our my to of for and or with",
    )
)
_PREFERENCE = re.compile(r"[A-Za-z]?[a-z]{1,9}|[A-Z][a-z]+/[A-Z][A-Za-z_]+|[A-Z]{2,3}|[a-z]{2}[-_][A-Z]{2}")
_SESSION_NAME = re.compile(
    r"se?ss|sid|auth|tok|jwt|key|secret|csrf|xsrf|pass|remember|cred|uid|(?:^|[_-])id", re.I
)


def _shape(text: str) -> str:
    return "".join(
        ["A" if c.isupper() else "9" if c.isdecimal() else "a" if c.isalnum() else c for c in text]
    )


def is_plain(value: str) -> bool:
    """Whether a value is up to three ordinary words, or a date: ``SecretRef``, ``development-key``."""
    return len(value) <= 50 and _PLAIN.fullmatch(_shape(value)) is not None


def is_mixed(value: str) -> bool:
    """Whether a value has digits and letters."""
    shape = _shape(value)
    return "9" in shape and ("a" in shape or "A" in shape)


_IDENTIFIER = re.compile(
    r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|\d[\d.,:TZ+/-]*|[a-z]{1,8}-[0-9a-f]{8,17}"
    r"|[A-Za-z][A-Za-z0-9+.-]*://.*|(?:[A-Za-z][A-Za-z0-9+.-]*:)?/(?:.*[^=])?|arn:.*|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,12}(?:[:/].*)?"
    r"|(?:[A-Za-z]+[-_.:/ ])*[A-Za-z]+[-_.:/ ]?\d{1,5}"
)


_PLACE = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?/.*|arn:.*|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,12}")


def names_place(value: str) -> bool:
    """Whether a value is a path, an ARN or a name with dots, such as ``db.t3.micro``."""
    return _PLACE.fullmatch(value) is not None


def is_opaque(value: str) -> bool:
    """Whether a value is drawn by a machine and names nothing: no UUID, date, path, host name or word."""
    return len(value) >= 8 and is_mixed(value) and " " not in value and _IDENTIFIER.fullmatch(value) is None


def is_sentence(text: str, *, terse: bool = False) -> bool:
    """Whether a text is prose: words and small numbers, and one of the words that hold sentences together.

    A ``terse`` one needs no such word, only two words: ``minimum length``.
    """
    words = text.split(" ")
    if not 2 <= len(words) <= 80 or not all(_SPOKEN.fullmatch(word) for word in words):
        return False
    return terse or any(word.lower() in _FUNCTION_WORDS for word in words)


_LABELS = frozenset(
    re.findall(
        r"\S+",
        "passwort kennwort contraseña contrasena motdepasse wachtwoord senha palavrapasse lösenord "
        "adgangskode passord salasana hasło heslo jelszó parola şifre пароль лозинка σύνθημα パスワード "
        "密码 密碼 비밀번호 geheimnis secreto segreto jeton clave clavesecreta clédapi schlüssel "
        "apischlüssel zugangsschlüssel",
    )
)
"""What forms call a password, a token or a key in other languages than that of the names."""


def is_label(value: str, name: str) -> bool:
    """Whether a value is what a page says at a field: ``"Enter your password"``, ``"Passwort"``."""
    if not value or value[0].islower() or not value[0].isalpha():
        return False
    plain = re.sub(r"[\W_]", "", value).lower()
    return (
        plain == re.sub(r"[\W_]", "", name).lower()
        or plain in _LABELS
        or (value.count(" ") > 1 and is_sentence(value))
    )


def is_told(value: str, *, alone: bool) -> bool:
    """Whether a value among messages is one: words, or, if one may stand ``alone``, one with a capital."""
    return is_sentence(value, terse=True) or (alone and value[:1].isupper() and is_plain(value))


def is_preference(name: str, value: str) -> bool:
    """Whether a cookie holds a setting, such as ``theme=dark``: a session id is never one short word."""
    return _PREFERENCE.fullmatch(value) is not None and _SESSION_NAME.search(name) is None
