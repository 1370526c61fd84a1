from __future__ import annotations

from sealtape.renaming import Bindings, skeleton


def region(value: str) -> tuple[str, str]:
    return ("region", value)


def caller(value: str) -> tuple[str, str]:
    return ("caller", value)


def test_the_clients_own_region_becomes_a_mark_and_another_region_stays() -> None:
    ours, _ = skeleton('{"Arn":"arn:aws:sns:eu-west-1::t","To":"us-east-1"}', "eu-west-1")
    theirs, _ = skeleton('{"Arn":"arn:aws:sns:ap-south-1::t","To":"us-east-1"}', "ap-south-1")
    other, _ = skeleton('{"Arn":"arn:aws:sns:ap-south-1::t","To":"us-east-2"}', "ap-south-1")
    assert ours == theirs != other


def test_the_account_of_an_arn_is_a_name() -> None:
    text, names = skeleton('{"R":"arn:aws:iam::210987654321:role/x"}', "eu-west-1")
    assert names == (("account", "210987654321"),)
    assert "210987654321" not in text


def test_the_account_of_a_queue_url_is_a_name() -> None:
    _, names = skeleton('{"QueueUrl":"https://sqs.eu-west-1.amazonaws.com/210987654321/jobs"}', "eu-west-1")
    assert names == (("account", "210987654321"),)


def test_twelve_digits_elsewhere_are_the_callers_own() -> None:
    for text in (
        '{"Key":"backups/202611200612/a"}',
        '{"N":"202611200612"}',
        '{"Size":202611200612}',
        '{"Key":"logs/202611200612/part-1.gz"}',
    ):
        assert skeleton(text, "eu-west-1")[1] == ()


def test_one_consistent_change_of_region_is_admitted() -> None:
    bindings = Bindings([region("us-east-1")])
    assert bindings.admits([region("eu-west-1")], [region("us-east-1")])
    bindings.bind([region("eu-west-1")], [region("us-east-1")])
    assert bindings.admits([region("eu-west-1")], [region("us-east-1")])
    assert not bindings.admits([region("ap-south-1")], [region("us-east-1")])
    assert bindings.renamed == {region("eu-west-1"): region("us-east-1")}


def test_a_name_the_recording_knows_stands_only_for_itself() -> None:
    bindings = Bindings([region("us-east-1"), region("eu-west-1")])
    assert not bindings.admits([region("eu-west-1")], [region("us-east-1")])
    assert bindings.admits([region("eu-west-1")], [region("eu-west-1")])


def test_a_recorded_name_that_is_taken_does_not_answer_for_its_own() -> None:
    bindings = Bindings([caller("A")])
    bindings.bind([caller("invented")], [caller("A")])
    assert not bindings.admits([caller("A")], [caller("A")])


def test_two_new_names_may_not_share_one_recorded_name() -> None:
    bindings = Bindings([("account", "1"), ("account", "2")])
    assert not bindings.admits([("account", "8"), ("account", "9")], [("account", "1"), ("account", "1")])
    assert not bindings.admits([("account", "8"), ("account", "8")], [("account", "1"), ("account", "2")])
    assert bindings.admits([("account", "8"), ("account", "9")], [("account", "1"), ("account", "2")])


def test_names_of_different_kinds_never_stand_for_each_other() -> None:
    assert not Bindings([region("x")]).admits([caller("y")], [region("x")])
