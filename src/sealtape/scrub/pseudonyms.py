"""Stand-ins: the same value always becomes the same stand-in, of the same type, length and alphabet.

A stand-in is drawn from SHAKE-256 over the project's scrub key and the value, and from nothing else:
not from the rule or the place. So a secret that came in one response and goes out in a later request,
a header or a URL has one stand-in in all of them, in every cassette of the project, and a machine that
meets the value again draws the same. Nothing can be computed back from it without the key, and a short
or guessable value (an account id has twelve digits) cannot be found by trial without it either.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import json
import re
import string

from sealtape.scrub.archives import unpacked
from sealtape.scrub.evidence import ORDINARY_WORDS
from sealtape.scrub.placeholders import is_placeholder
from sealtape.scrub.tokens import TOKEN_PREFIX

_BASE32 = string.ascii_uppercase + "234567"
_LOWER, _UPPER, _DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
_BASE64_STANDARD = _UPPER + _LOWER + _DIGITS + "+/"
_BASE64_URL = _UPPER + _LOWER + _DIGITS + "-_"
_FAR_EXPIRY = 4102444800  # 2100-01-01: a token in a recording must not expire
_EXPIRY_CLAIMS = frozenset({"exp"})
_TIME_CLAIMS = frozenset({"iat", "nbf", "auth_time", "updated_at"})
_JWT_KEPT = frozenset({"alg", "typ", "cty", "enc", "token_use", "zip", "ver", "version"})

_ACCOUNT = re.compile(r"\d{12}")
_KEY_ID = re.compile(r"(A[A-Z]{2}A)[A-Z0-9]{12,124}")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_HEX = re.compile(r"[0-9a-f]{8,}|[0-9A-F]{8,}")
_JWT = re.compile(r"eyJ[\w-]+={0,2}\.[\w-]+={0,2}\.[\w-]+={0,2}")
_ARMOUR = re.compile(r"(-----(?:BEGIN|END) [A-Z0-9 ]+-----|\\+[rn]|[\r\n]|(?:Proc-Type|DEK-Info):[^\r\n\\]*)")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}|[A-Za-z0-9_-]+={0,2}")
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_EMAIL = re.compile(r"([^@\s]+)@([^@\s]+)(\.[A-Za-z]{2,})")
_NOBODYS = "@example.com"
_SHORTEST_LOCAL = 6
_URL = re.compile(r"([a-z][a-z0-9+.-]*://[^/?#@\s]+)([/?#]\S+)")
_RUN = re.compile(r"[^\W_]+")


class _Draw:
    """An endless stream of choices that depends on nothing but its seed."""

    __slots__ = ("_at", "_bytes", "_seed")

    def __init__(self, seed: bytes, size: int) -> None:
        self._seed = seed
        self._bytes = hashlib.shake_256(seed).digest(4 * size + 64)
        self._at = 0

    def choice(self, alphabet: str) -> str:
        if self._at + 4 > len(self._bytes):
            self._bytes = hashlib.shake_256(self._seed).digest(2 * len(self._bytes))
        number = int.from_bytes(self._bytes[self._at : self._at + 4], "big")
        self._at += 4
        return alphabet[number % len(alphabet)]

    def text(self, alphabet: str, count: int) -> str:
        return "".join([self.choice(alphabet) for _ in range(count)])


def _digest(key: bytes, value: str) -> str:
    return hashlib.blake2b(value.encode("utf-8", "surrogatepass"), key=key, digest_size=8).hexdigest()


@functools.lru_cache(maxsize=16)
def _ordinary_digests(key: bytes) -> frozenset[str]:
    cases = (str, str.capitalize, str.upper)
    return frozenset(_digest(key, case(word)) for word in ORDINARY_WORDS for case in cases)


class StandIns:
    """Makes stand-ins, and knows those that were made here or were read from a cassette."""

    def __init__(self, key: bytes) -> None:
        self._draw_key = hashlib.blake2b(b"stand-in", key=key, digest_size=32).digest()
        self._digest_key = hashlib.blake2b(b"digest", key=key, digest_size=32).digest()
        self._origins: dict[str, tuple[str, int]] = {}
        self._drawn: dict[str, str] = {}
        self.adopted: set[str] = set()
        """Those that an opened cassette names, and may have given out."""
        self.held: dict[str, str] = {}
        """Values of this process by their stand-in, for stand-ins that an opened cassette names."""
        self.shown: list[tuple[str, str]] = []
        """The same, in the order in which this process showed to hold them."""

    def digest(self, value: str) -> str:
        """Return the keyed digest of a value: 16 hex digits."""
        return _digest(self._digest_key, value)

    def ordinary(self) -> frozenset[str]:
        """Return the digests of ordinary words, which are nobody's secret."""
        return _ordinary_digests(self._digest_key)

    def is_one(self, text: str) -> bool:
        """Whether ``text`` is a stand-in made here, or one that an opened cassette names."""
        return text in self._origins

    def all(self) -> tuple[str, ...]:
        """Every stand-in known here."""
        return tuple(self._origins)

    def adopt(self, stand_in: str, digest: str, length: int) -> None:
        """Take over a stand-in that an earlier process made."""
        self._origins.setdefault(stand_in, (digest, length))
        self.adopted.add(stand_in)

    def origin(self, stand_in: str) -> tuple[str, int]:
        """Return digest and length of what ``stand_in`` replaced."""
        return self._origins[stand_in]

    def of(self, value: str) -> str:
        """Return the stand-in of ``value``; a stand-in is its own."""
        made = self._drawn.get(value)
        if made is not None:
            return made
        if value in self._origins or not value:
            return value
        made = self._make(value)
        self.meet(made, value)
        self._origins[made] = (self.digest(value), len(value))
        self._drawn[value] = made
        return made

    def meet(self, stand_in: str, value: str) -> None:
        """Take note that this process holds what ``stand_in`` stands for."""
        if stand_in in self.adopted and stand_in not in self.held:
            self.held[stand_in] = value
            self.shown.append((stand_in, value))

    def hold(self, drawn: str, adopted: str) -> None:
        """Let the value that got the stand-in ``drawn`` here have the cassette's ``adopted`` from now on."""
        for value, made in self._drawn.items():
            if made == drawn:
                self._drawn[value] = adopted
                self.meet(adopted, value)
                return

    def of_bytes(self, value: bytes) -> bytes:
        """Return the stand-in of binary data: what the stand-in of its base64 decodes to.

        Archives of the same files have the same one, whenever they were packed.
        """
        encoded = base64.b64encode(value).decode("ascii")
        files = unpacked(value) if encoded not in self._drawn else None
        if files is not None:
            content = "".join(f"{len(name)} {name}{_sha(data)}" for name, data in sorted(files.items()))
            drawn = hashlib.shake_256(self._draw_key + b"archive" + content.encode()).digest(len(value))
            made = base64.b64encode(drawn).decode("ascii")
            self.meet(made, encoded)
            self._origins[made] = (self.digest(content), len(encoded))
            self._drawn[encoded] = made
        return base64.b64decode(self.of(base64.b64encode(value).decode("ascii")))

    def constant(self, value: str) -> str:
        """Return the one stand-in for every value of this length and alphabet (signatures).

        A signature differs from run to run and identifies nothing, so nothing is lost and a cassette
        that is recorded again does not change because of it.
        """
        if value in self._origins:
            return value
        alphabet = "0123456789abcdef" if _HEX.fullmatch(value) else _LOWER + _UPPER + _DIGITS
        body = value.rstrip("=")
        draw = _Draw(self._draw_key + b"constant" + alphabet.encode(), len(body))
        made = draw.text(alphabet, len(body)) + value[len(body) :]
        self._origins[made] = (self.digest(made), len(made))
        return made

    def _make(self, value: str) -> str:
        data = value.encode("utf-8", "surrogatepass")
        wanted = _classes(value)
        candidate = value
        for attempt in range(32):
            seed = self._draw_key + bytes([attempt]) + data
            candidate = self._shaped(value, _Draw(seed, min(len(value), 4096)))
            # A stand-in such as ``on`` would pass for no secret wherever it stands.
            if candidate != value and _classes(candidate) == wanted and not is_placeholder(candidate):
                break
        return candidate

    def _shaped(self, value: str, draw: _Draw) -> str:
        if _ACCOUNT.fullmatch(value):
            return draw.choice("123456789") + draw.text(_DIGITS, 11)
        if match := _KEY_ID.fullmatch(value):
            return match[1] + draw.text(_BASE32, len(value) - 4)
        if _JWT.fullmatch(value):
            return self._jwt(value, draw)
        if "-----BEGIN " in value:
            return _armoured(value, draw)
        if _UUID.fullmatch(value):
            return _uuid(value, draw)
        if _HEX.fullmatch(value) and not value.isalpha() and not value.isdecimal():
            alphabet = "0123456789ABCDEF" if value.upper() == value else "0123456789abcdef"
            return draw.text(alphabet, len(value))
        if _IPV4.fullmatch(value):
            return "10." + ".".join(str(1 + int(draw.text(_DIGITS, 2))) for _ in range(3))
        if match := TOKEN_PREFIX.match(value):
            return match[0] + _runs(value[match.end() :], draw)
        if match := _EMAIL.fullmatch(value):
            return _email(value, draw) or f"{_runs(match[1], draw)}@{_runs(match[2], draw)}{match[3]}"
        if match := _URL.fullmatch(value):
            return match[1] + _runs(match[2], draw)
        return _base64(value, draw) or _runs(value, draw)

    def _jwt(self, value: str, draw: _Draw) -> str:
        header, payload, signature = value.split(".")
        parts = [self._jwt_part(header), self._jwt_part(payload)]
        if None in parts:
            return "eyJ" + _runs(value[3:], draw)
        body = signature.rstrip("=")
        alphabet = _LOWER + _UPPER + _DIGITS + "-_"
        return ".".join([*map(str, parts), draw.text(alphabet, len(body)) + signature[len(body) :]])

    def _jwt_part(self, part: str) -> str | None:
        try:
            raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
            claims = json.loads(raw)
        except (binascii.Error, ValueError, RecursionError):
            return None
        if not isinstance(claims, dict):
            return None
        text = json.dumps(self._claims(claims), separators=(",", ":"), ensure_ascii=False).encode()
        # Blanks after the document keep the length of the token without changing what it says.
        encoded = base64.urlsafe_b64encode(text.ljust(len(raw))).decode("ascii")
        return encoded if part.endswith("=") else encoded.rstrip("=")

    def _claims(self, node: object, name: str = "") -> object:
        if isinstance(node, dict):
            return {key: self._claims(value, key) for key, value in node.items()}
        if isinstance(node, list):
            return [self._claims(value, name) for value in node]
        if name in _EXPIRY_CLAIMS and isinstance(node, int):
            return _FAR_EXPIRY
        if isinstance(node, str) and name not in _JWT_KEPT:
            return self._make(node)
        if isinstance(node, int) and abs(node) > 99999 and name not in _TIME_CLAIMS:
            return int(self._make(str(node)))
        return node


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _classes(text: str) -> tuple[bool, bool, bool]:
    ascii_only = text if text.isascii() else text.encode("ascii", "ignore").decode("ascii")
    return (
        any(c in _LOWER for c in ascii_only),
        any(c in _UPPER for c in ascii_only),
        any(c in _DIGITS for c in ascii_only),
    )


def _runs(value: str, draw: _Draw) -> str:
    """Replace every run of letters and digits; what stands between them is syntax and stays."""
    return _RUN.sub(lambda match: _run(match[0], draw), value)


def _run(run: str, draw: _Draw) -> str:
    if run.isdecimal():
        first = run[0] if run[0] == "0" else draw.choice("123456789")
        return first + draw.text(_DIGITS, len(run) - 1)
    if len(run) < 16:
        return "".join([draw.choice(_class_of(c)) for c in run])
    alphabet = "".join(sorted({_class_of(c) for c in run}))
    return draw.choice(_class_of(run[0])) + draw.text(alphabet, len(run) - 1)


def _class_of(char: str) -> str:
    if char.isdecimal():
        return _DIGITS
    return _UPPER if char.isupper() else _LOWER


def _email(value: str, draw: _Draw) -> str:
    """Return an address of the same length in a domain that is nobody's, where there is room for one."""
    room = len(value) - len(_NOBODYS)
    return draw.text(_LOWER, room) + _NOBODYS if room >= _SHORTEST_LOCAL else ""


def _uuid(value: str, draw: _Draw) -> str:
    alphabet = "0123456789ABCDEF" if value.upper() == value else "0123456789abcdef"
    # The version and variant digits are part of the type.
    return "".join([c if c == "-" or i in (14, 19) else draw.choice(alphabet) for i, c in enumerate(value)])


def _base64(value: str, draw: _Draw) -> str | None:
    if not _BASE64.fullmatch(value) or not (
        value.endswith("=") or (len(value) >= 16 and all(_classes(value)))
    ):
        return None
    body = value.rstrip("=")
    padding = len(value) - len(body)
    if len(value) % 4 or padding > 2:
        return None
    # What has no sign that needs quoting in a URL gets none: it may have come from one.
    alphabet = _BASE64_URL if "-" in value or "_" in value else _BASE64_STANDARD
    if alphabet is _BASE64_STANDARD and "+" not in value and "/" not in value:
        alphabet = alphabet[:62]
    # The last digit before padding carries unused bits, which an encoder writes as zero.
    last = [c for c in alphabet if _BASE64_STANDARD.find(c) % (1, 4, 16)[padding] == 0]
    return draw.text(alphabet, len(body) - 1) + draw.choice("".join(last)) + value[len(body) :]


def _armoured(value: str, draw: _Draw) -> str:
    alphabet = _LOWER + _UPPER + _DIGITS
    parts = _ARMOUR.split(value)
    for index in range(0, len(parts), 2):
        parts[index] = re.sub(r"[A-Za-z0-9+/]", lambda _: draw.choice(alphabet), parts[index])
    return "".join(parts)
