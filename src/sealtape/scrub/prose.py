"""Prose, logs and scripts: known values, addresses, assignments, tables and patterns, one after another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from sealtape.scrub import codecs, escapes
from sealtape.scrub.detector import SHORT, Detector
from sealtape.scrub.detectors import LOOSE_RULES, NEAR_ACCESS_KEY
from sealtape.scrub.evidence import ASSIGNMENT, PAIR, PAIR_ANCHORS, PASSWORDS
from sealtape.scrub.features import Features
from sealtape.scrub.known import Note
from sealtape.scrub.placeholders import is_placeholder
from sealtape.scrub.replace import MAX_DEPTH, URL
from sealtape.scrub.spotting import flattened, has_marks
from sealtape.scrub.survey import ASSIGNMENTS, CODED, EVERYTHING, LARGE, PATTERNS
from sealtape.scrub.syntax import Syntax
from sealtape.scrub.wording import is_plain

_BASE64_RUN = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{20,}={0,2}")
_FIELD = re.compile(r"(\"[^\"\n]*\"|[^,;\t\n]+|(?<=[,;\t])|\A(?=[,;\t]))([,;\t]|\Z)")
_COLUMN = re.compile(r"[A-Za-z][\w-]{0,40}(?: [\w()-]{1,20}){0,4}")
_SEPARATOR = re.compile("[=:]")
_BEFORE_SEPARATOR = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9_.-]{1,60}(?:\\{0,4}[\"'])?\s{0,2}\Z")
_RESOURCE = re.compile(r"(?<![A-Za-z0-9])(?:arn|urn):[^\s\"'<>=&]*\Z|[A-Za-z0-9]/\Z")
_RESOURCE_CHARS = 512
_ESCAPED_END = re.compile(r"(?:\\+r)?\\+n")
_RUN_END = re.compile(r"[\s\"'<>]")
_REACH, _SPARSE = 72, 16
_PAIR_STARTS = ("name", "variable", "ENV", "ARG", "set", "export", "(")
_STRUCTURED = frozenset({"authorization", "registered-pattern"})


class Prose(Syntax):
    """Looks into text that has no syntax as a whole."""

    __slots__ = ()

    def known_in(self, text: str, place: str) -> str:
        """Return ``text`` with the known values in it replaced."""
        return self.known.within(text, self.noting(place)) if self.known.edition else text

    def noting(self, place: str) -> Note | None:
        """Return what takes note of replacements at ``place``; None where nobody asks."""
        if self.notes is None:
            return None
        return lambda rule, value, stand_in: self._note(rule, place, value, stand_in)

    def _hex(self, text: str, place: str) -> str:
        """Look into the hex digits of something readable."""
        inner = codecs.printable(bytes.fromhex(text)) if self.depth < MAX_DEPTH else None
        if inner is None:
            return text
        changed = self.text(inner, place)
        return text if changed is inner else escapes.with_hex(changed, text)

    def _quoted(self, text: str, place: str) -> str:
        """Look into a JSON string that is part of a text."""
        tree = codecs.parse_json(f"[{text}]") if self.depth < MAX_DEPTH else None
        if tree is None or len(tree) != 1 or tree[0] == text[1:-1]:
            return text
        changed = self.text(tree[0], place)
        return text if changed == tree[0] else codecs.splice_json(f"[{text}]", tree, [changed])[1:-1]

    def flat(self, text: str, place: str) -> str:
        """Look into prose: known values, URLs, then patterns and base64 in what lies between."""
        if "{" in text or "[" in text:
            text = self._with_documents(text, place)
        steps = self._steps(text)
        if "://" not in text:
            return self._prose(text, place, steps)
        text = self.known.spanning_urls(text, self.noting(place))
        pieces, at = [], 0
        for match in URL.finditer(text):
            pieces.append(self._prose(text[at : match.start()], place, steps))
            pieces.append(self._url_in_text(match[0], place))
            at = match.end()
        return "".join([*pieces, self._prose(text[at:], place, steps)])

    def _steps(self, text: str) -> int:
        """Return which steps may find something in a text; all of them in one that is not large."""
        survey = self.lexicon.survey if len(text) >= LARGE else None
        if survey is None or has_marks(text) or not survey.tells:
            return EVERYTHING
        return survey.steps(flattened(f"\0{text}\0"), self.lexicon.may_claim)

    def _with_documents(self, text: str, place: str) -> str:
        """Look into the JSON documents that are part of a text: of log lines, callbacks, event streams."""
        edits = []
        for start, end in escapes.documents_in(text) if self.depth < MAX_DEPTH else ():
            document = text[start:end]
            changed = self.text(document, place)
            if changed != document:
                edits.append((start, end, changed))
        return codecs.splice(text, edits) if edits else text

    def _prose(self, text: str, place: str, steps: int) -> str:
        if len(text) < 4:
            return text
        found = self.known_in(text, place)
        found = self.detect(found, place) if steps & PATTERNS else found
        # What was asked of the text as it came says nothing about another.
        if found != text:
            steps = self._steps(found)
        text = found
        if steps & ASSIGNMENTS and ("=" in text or ":" in text):
            text = self._assignments(text, place)
        if steps & PATTERNS and any(anchor in text for anchor in PAIR_ANCHORS):
            text = self._pairs(text, place)
        if "\n" in text:
            text = self._table(text, place)
        if self.beside_key:
            text = self._apply(_NEAR, text, place)
        if "%" in text:
            text = self._each(text, escapes.PERCENT, "\"'<>&=?", lambda piece: self.escaped(piece, place))
        if "&" in text:
            text = self._undone(
                escapes.ENTITIES, escapes.without_entities, escapes.with_entities, text, place
            )
        if "\\" in text:
            text = escapes.STRINGS.sub(lambda match: self._quoted(match[0], place), text)
            text = self._undone(escapes.ESCAPES, escapes.without_escapes, escapes.with_escapes, text, place)
        return self._decoded(text, place) if steps & CODED or text != found else text

    def _decoded(self, text: str, place: str) -> str:
        """Look into hex digits and base64."""
        features = Features(text) if len(text) > SHORT else None
        if len(text) >= 24 and (features is None or features.has("hex")):
            text = escapes.HEX.sub(lambda match: self._hex(match[0], place), text)
        if len(text) >= 20 and (features is None or features.has("base64")):
            text = self._base64_in(text, place)
        return text

    def _base64_in(self, text: str, place: str) -> str:
        """Look into base64; no line of what goes on over several lines is looked into by itself."""
        pieces, at = [], 0
        for wrapped in escapes.WRAPPED.finditer(text) if "\n" in text else ():
            changed = self.base64(wrapped[0], place)
            if changed is not None:
                pieces += [self._base64_runs(text[at : wrapped.start()], place), changed]
                at = wrapped.end()
        return "".join([*pieces, self._base64_runs(text[at:], place)])

    def _base64_runs(self, text: str, place: str) -> str:
        return _BASE64_RUN.sub(lambda match: self._base64_run(match[0], place), text)

    def _base64_run(self, run: str, place: str) -> str:
        """Look into a run of base64, or, where it is a path, into its parts."""
        changed = self.base64(run, place)
        parts = escapes.segments(run) if changed is None else []
        return "/".join([self.base64(part, place) or part for part in parts]) or changed or run

    def _undone(
        self,
        pattern: re.Pattern[str],
        undo: Callable[[str], str],
        redo: Callable[[str, str], str],
        text: str,
        place: str,
    ) -> str:
        """Look into the stretches of ``text`` that are written with escapes."""

        def looked_into(piece: str) -> str:
            plain = undo(piece)
            if plain == piece:
                return piece
            changed = self.text(plain, place)
            return piece if changed == plain else redo(changed, piece)

        return self._each(text, pattern, "\"'<>", looked_into) if self.depth < MAX_DEPTH else text

    def _each(self, text: str, escape: re.Pattern[str], ends: str, look_into: Callable[[str], str]) -> str:
        edits = [
            (start, end, changed)
            for start, end in escapes.stretches(text, escape, ends)
            if (changed := look_into(text[start:end])) != text[start:end]
        ]
        return codecs.splice(text, edits) if edits else text

    def _assignments(self, text: str, place: str) -> str:
        edits: list[tuple[int, int, str]] = []
        at = 0
        sparse = len(text) > SHORT and (text.count("=") + text.count(":")) * _SPARSE < len(text)
        while match := (_next_assignment if sparse else ASSIGNMENT.search)(text, at):
            group = match.lastindex or 0
            queried = text[match.start() - 1 : match.start()] in ("?", "&")
            rule = self.lexicon.claim(match[1], match[group], aws=self.aws, query=queried)
            # What no name claims may itself be an assignment: ``--from-literal=password=…``.
            at = match.end() if rule else match.start(group)
            if (
                rule
                and not is_placeholder(match[group])
                and not _is_resource(text, match)
                and not self.stand_ins.is_one(_run_from(text, match.start(group)))
            ):
                edits.append((*match.span(group), self.secret(match[group], rule, place)))
        return codecs.splice(text, edits) if edits else text

    def _pairs(self, text: str, place: str) -> str:
        """Look into pairs of a name and a value that are written in some other way than as an assignment."""
        edits: list[tuple[int, int, str]] = []
        for match in PAIR.finditer(text) if len(text) <= SHORT else _pairs_in(text):
            name, group = next(filter(None, match.groups())), match.lastindex or 0
            rule = self.lexicon.rule(name)
            if rule and not is_placeholder(match[group]):
                edits.append((*match.span(group), self.secret(match[group], rule, place)))
        return codecs.splice(text, edits) if edits else text

    def _table(self, text: str, place: str) -> str:
        """Look into a table: below a secret name in its first line stand secrets."""
        head, _, rows = text.partition("\n")
        names = [name.strip('" \r') for name, _ in _FIELD.findall(head)]
        if not 1 < len(names) <= 64 or not all(map(_COLUMN.fullmatch, names)):
            return text
        rules = [self.lexicon.rule(name) for name in names]
        if not any(rules):
            return text
        cells, at = [], len(head) + 1
        for row in rows.splitlines(keepends=True):
            fields = list(_FIELD.finditer(row.rstrip("\r\n")))
            for column, cell in enumerate(fields) if len(fields) == len(rules) else ():
                value = cell[1].strip('"')
                if rules[column] and value and not is_placeholder(value):
                    start = at + cell.start(1) + cell[1].find(value)
                    cells.append((column, start, value))
            at += len(row)
        # Tokens may be those of a language, and then no column of secrets has a plain word in it.
        wordy = {
            column for column, _, value in cells if is_plain(value) and not PASSWORDS.search(names[column])
        }
        edits = [
            (start, start + len(value), self.secret(value, rules[column], place))
            for column, start, value in cells
            if column not in wordy
        ]
        return codecs.splice(text, edits) if edits else text

    def _url_in_text(self, url: str, place: str) -> str:
        core = url.rstrip(".,;:!?)]*")
        whole = self.known.whole(core, self.noting(place))
        if whole is not None:
            return whole + url[len(core) :]
        return self.url(core, place) + url[len(core) :]

    def escaped(self, text: str, place: str) -> str:
        plain = codecs.unquoted(text)
        changed = self.text(plain, place)
        return text if changed == plain else codecs.quoted_like(changed, text)

    def detect(self, text: str, place: str, *, binary: bool = False) -> str:
        """Return ``text`` without what the patterns find; in binary data only those with an anchor."""
        if len(text) <= SHORT and self.lexicon.detectable(text) is None:
            return text
        if len(text) >= LARGE and not binary and not has_marks(text):
            return self._detect_in_large(text, place)
        features: Features | None = None
        for detector in self.lexicon.binary_detectors if binary else self.lexicon.detectors:
            if len(text) > SHORT:
                if features is None or features.text is not text:
                    features = Features(text)
                text = self._apply(detector, text, place, features)
                continue
            # Most texts hold no anchor, and this is asked of every text for every detector.
            for anchor in detector.anchors:
                if anchor in text:
                    text = self._apply(detector, text, place)
                    break
        return text

    def _detect_in_large(self, text: str, place: str) -> str:
        """Do the same with those patterns only that can match somewhere."""
        possible = self.lexicon.survey.possible(text)
        for index, detector in enumerate(self.lexicon.detectors):
            if index in possible:
                changed = self._apply(detector, text, place)
                if changed != text:
                    text, possible = changed, self.lexicon.survey.possible(changed)
        return text

    def in_binary(self, text: str, place: str) -> str:
        """Look into what can be read in binary data."""
        readable = codecs.readable(text)
        if not any(True for d in self.lexicon.binary_detectors for _ in d.found_in(readable)):
            return text
        return codecs.PRINTABLE_RUN.sub(lambda run: self.detect(run[0], place, binary=True), text)

    def _apply(self, detector: Detector, text: str, place: str, features: Features | None = None) -> str:
        edits: list[tuple[int, int, str]] = []
        groups = detector.groups
        loose = detector.rule in LOOSE_RULES
        for match in detector.found_in(text, features):
            if loose and self._is_within_stand_in(match):
                continue
            for group in groups:
                value = match[group]
                if value:
                    edits.append((*match.span(group), self._matched(value, detector.rule, place)))
        return codecs.splice(text, edits) if edits else text

    def _is_within_stand_in(self, match: re.Match[str]) -> bool:
        """Whether what a pattern found is no more than a part of a stand-in."""
        return any(self.stand_ins.is_one(_around(match, marks)) for marks in (" \n\"'<>", " \n\"'<>\\=,;:&"))

    def _matched(self, value: str, rule: str, place: str) -> str:
        if rule in _STRUCTURED:
            return self.secret(value, rule, place)
        end = _ESCAPED_END.search(value) if rule == "private-key" else None
        if end is None:
            return self.swap(value, rule, place)
        # The same key stands for the same, with its line ends escaped or not.
        return self.swap(_ESCAPED_END.sub("\n", value), rule, place).replace("\n", end[0])


def _pairs_in(text: str) -> Iterator[re.Match[str]]:
    """Yield the pairs of a long text: the pattern is tried only where one can begin."""
    end = 0
    for start in sorted(at for word in _PAIR_STARTS for at in _places(text, word)):
        if start >= end and (match := PAIR.match(text, start)):
            end = match.end()
            yield match


def _is_resource(text: str, match: re.Match[str]) -> bool:
    """Whether what looks like an assignment is the name of a resource: a part of an ARN, a tagged image."""
    if text[match.end(1) : match.end(1) + 1] != ":" or text[match.end(1) + 1 : match.end(1) + 2] in " \"'":
        return False
    return _RESOURCE.search(text, max(0, match.start(1) - _RESOURCE_CHARS), match.start(1)) is not None


def _places(text: str, word: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)


def _next_assignment(text: str, at: int) -> re.Match[str] | None:
    """Return the first assignment from ``at`` on, looking only at what stands around the signs of one."""
    for sign in _SEPARATOR.finditer(text, at):
        end = sign.start()
        start = max(at, end - _REACH)
        # No name goes on over a blank, and two at most stand behind it.
        start = max(start, text.rfind(" ", start, end - 2) + 1, text.rfind("\n", start, end - 2) + 1)
        name = _BEFORE_SEPARATOR.search(text, start, end)
        if name and (match := ASSIGNMENT.match(text, name.start())):
            return match
    return None


def _around(match: re.Match[str], marks: str) -> str:
    """Return what stands around a match, up to any of ``marks``."""
    text = match.string
    start = max(text.rfind(mark, 0, match.start()) for mark in marks) + 1
    return text[
        start : min((at for mark in marks if (at := text.find(mark, match.end())) >= 0), default=None)
    ]


def _run_from(text: str, start: int) -> str:
    """Return what goes on from ``start`` to the next blank or quotation mark; stand-ins can hold an ``&``."""
    end = _RUN_END.search(text, start)
    return text[start : end.start() if end else len(text)]


_NEAR = Detector("secret-access-key", ("",), NEAR_ACCESS_KEY)
