from __future__ import annotations

from xml.etree import ElementTree

from sealtape.report.junit import junit


def test_each_checked_file_is_a_case_and_its_problems_one_failure() -> None:
    text = junit("lint", ["a.tape", "b.tape"], [("b.tape", "first", "mend it"), ("b.tape", "second", "")])
    suite = ElementTree.fromstring(text)[0]
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    fine, failed = suite
    assert (fine.get("name"), len(fine)) == ("a.tape", 0)
    assert (failed[0].get("message"), failed[0].text) == ("first", "first\nhint: mend it\nsecond")


def test_a_problem_elsewhere_is_a_case_of_its_own() -> None:
    suite = ElementTree.fromstring(junit("lint", [], [("keyring", "not one", "")]))[0]
    assert [case.get("name") for case in suite] == ["keyring"]


def test_what_xml_cannot_hold_is_replaced() -> None:
    suite = ElementTree.fromstring(junit("lint", ["a\x1b[31m<&>\ud800.tape"], []))[0]
    assert suite[0].get("name") == "a?[31m<&>?.tape"
