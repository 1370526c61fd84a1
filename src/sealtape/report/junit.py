"""JUnit XML, which CI systems show beside the tests'."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(suite: str, checked: Iterable[str], problems: Iterable[tuple[str, str, str]]) -> str:
    """Return a report in which each of ``checked`` is a case of ``suite``, failed by its ``problems``.

    A problem is where it is, what it is, and a hint; one in a place that was not ``checked`` is a case of its
    own.
    """
    cases: dict[str, list[tuple[str, str]]] = {where: [] for where in checked}
    for where, text, hint in problems:
        cases.setdefault(where, []).append((text, hint))
    failed = sum(map(bool, cases.values()))
    root = ElementTree.Element("testsuites")
    counts = {"tests": str(len(cases)), "failures": str(failed), "errors": "0", "skipped": "0"}
    element = ElementTree.SubElement(root, "testsuite", {"name": suite, **counts})
    for where, found in cases.items():
        case = ElementTree.SubElement(element, "testcase", {"classname": suite, "name": _plain(where)})
        if found:
            # One element a case: most readers show no more.
            failure = ElementTree.SubElement(case, "failure", {"message": _plain(found[0][0])})
            said = [f"{text}\nhint: {hint}" if hint else text for text, hint in found]
            failure.text = _plain("\n".join(said))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _plain(text: str) -> str:
    return _NOT_XML.sub("?", text)
