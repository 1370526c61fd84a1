from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest

from sealtape.interaction import (
    AwsRequest,
    HttpRequest,
    Interaction,
    Recording,
    Removal,
    Response,
    Scrubbed,
)
from sealtape.ledger import confirmed_at
from sealtape.seal.format import read_clear, seal
from sealtape.seal.keyring import new_key
from tests.cli.project import BINARY, ONE, POST, PUT, TWO, Project
from tests.cli.terminals import on_terminal

CASSETTE_ID = "0f" * 16
QUESTION = "[q]uit "


def users(body: object, status: int = 200, path: str = "users") -> Scrubbed:
    """An interaction whose answer is ``body``."""
    response = Response(status, "", (("Content-Type", "application/json"),), json.dumps(body).encode())
    return Scrubbed(Interaction(HttpRequest("GET", f"https://api.example.com/{path}"), response))


OLD = users({"name": "Grace", "lastLogin": 42})
NEW = users({"name": "Grace"})


def sealed(project: Project, path: str, *interactions: Scrubbed, clear: bool = True) -> Path:
    """Seal one version of the cassette at ``path``: its id is the same in all of them."""
    name = path.removesuffix(".new").removesuffix(".tape")
    return project.write(
        path, seal(Recording(CASSETTE_ID, name, interactions), project.key, clear=clear).data
    )


def waits(project: Project, path: str = ONE) -> None:
    sealed(project, path, PUT, OLD)
    sealed(project, path + ".new", PUT, NEW, POST)


# What is pending.


def test_nothing_pending_is_said_and_exits_with_0(project: Project) -> None:
    project.seal(ONE)
    for command in (("review",), ("accept",), ("accept", "--all"), ("reject", "--all")):
        result = project.run(*command)
        assert (result.code, result.out, result.err) == (0, "nothing is pending\n", "")


def test_without_a_terminal_the_changes_and_the_commands_to_type_are_printed(project: Project) -> None:
    waits(project)
    before = project.content()
    result = project.run("review")
    assert (result.code, result.err) == (1, "")
    lines = result.out.splitlines()
    assert f"{ONE}  changed" in lines
    assert "  ~  2 GET api.example.com/users  → 200" in lines
    assert "  +  3 POST api.example.com/users  → 201" in lines
    assert "  = 1 interaction as before" in lines
    assert "lastLogin" in result.out
    name = ONE.removesuffix(".tape")
    assert f"  sealtape accept {name}   # or: sealtape reject {name}" in lines
    assert project.content() == before


def test_the_printed_commands_can_be_typed(project: Project) -> None:
    waits(project)
    waits(project, TWO)
    typed = re.findall(
        r"^  sealtape (accept) (\S+)   # or: sealtape (reject) \S+$", project.run("review").out, re.M
    )
    (accept, first, _), (_, second, reject) = typed[:2]
    assert project.run(accept, first).code == 0
    assert project.run(reject, second).code == 0
    assert project.run("review").code == 0


def test_a_new_cassette_waits_as_one(project: Project) -> None:
    sealed(project, ONE + ".new", PUT)
    out = project.run("review").out
    assert f"{ONE}  new cassette\n  +  1 s3.PutObject  → 200\n" in out


def test_pending_recordings_can_be_reviewed_without_the_key(project: Project) -> None:
    waits(project)
    result = project.run("review", SEALTAPE_KEY="")
    assert result.code == 1
    assert "  ~  2 GET api.example.com/users  → 200\n" in result.out
    assert "locked  values and drift are not known" in result.out


def test_a_pending_recording_that_is_damaged_is_shown_as_such(project: Project) -> None:
    waits(project)
    path = project.root / (ONE + ".new")
    path.write_bytes(path.read_bytes()[:-100])
    result = project.run("review")
    assert result.code == 1
    assert "cannot be read: " in result.out
    assert "this cassette is not whole" in result.out


@pytest.mark.parametrize(
    ("keys", "code", "left", "said"),
    [
        ("a", 0, [ONE], "nothing is pending"),
        ("r", 0, [ONE], "nothing is pending"),
        ("s", 1, [ONE, ONE + ".new"], "1 recording still pending"),
        ("q", 1, [ONE, ONE + ".new"], "1 recording still pending"),
        (["x", "\x1b[A", "r"], 0, [ONE], "nothing is pending"),
        ("R", 0, [ONE], "nothing is pending"),
        ("\x04", 1, [ONE, ONE + ".new"], "1 recording still pending"),
    ],
)
def test_on_a_terminal_one_key_decides(
    project: Project, keys: str | list[str], code: int, left: list[str], said: str
) -> None:
    waits(project)
    accepted, new = project.read(ONE), project.read(ONE + ".new")
    ended, out = on_terminal(project, "review", keys=[keys], after=QUESTION)
    assert (ended, said in out) == (code, True)
    assert "GET api.example.com/users" in out
    assert [file for file in project.files() if ".tape" in file] == left
    assert project.read(ONE) == (new if "a" in keys else accepted)


def test_each_recording_is_asked_for_until_one_quits(project: Project) -> None:
    waits(project)
    waits(project, TWO)
    code, out = on_terminal(project, "review", keys=["r", "q"], after=QUESTION)
    assert code == 1
    assert "1/2" in out
    assert "2/2" in out
    assert ONE + ".new" not in project.files()
    assert TWO + ".new" in project.files()


def test_ctrl_c_at_the_question_changes_nothing(project: Project) -> None:
    waits(project)
    before = project.content()
    code, out = on_terminal(project, "review", keys=["\x03"], after=QUESTION)
    assert (code, "Traceback" in out) == (130, False)
    assert project.content() == before


# Accepting and rejecting by name.


@pytest.mark.parametrize(
    "name",
    [ONE, ONE + ".new", ONE.removesuffix(".tape"), "test_users/test_one", "test_one", "tests/cassettes"],
)
def test_a_recording_is_named_by_path_by_name_or_by_the_end_of_it(project: Project, name: str) -> None:
    waits(project)
    new = project.read(ONE + ".new")
    result = project.run("accept", name)
    assert (result.code, result.out, result.err) == (0, f"accepted {ONE}\n", "")
    assert project.read(ONE) == new
    assert ONE + ".new" not in project.files()


def test_what_was_accepted_is_confirmed_and_passes_lint_and_verify(project: Project) -> None:
    waits(project)
    assert project.run("accept", "--all").code == 0
    assert confirmed_at(project.root / ONE) is not None
    assert project.run("lint").code == 0
    assert project.run("verify").code == 0


def test_accepting_takes_no_key(project: Project) -> None:
    waits(project)
    assert project.run("accept", "--all", SEALTAPE_KEY="").code == 0


def test_rejecting_leaves_the_cassette_and_confirms_nothing(project: Project) -> None:
    waits(project)
    before = project.read(ONE)
    result = project.run("reject", "test_one")
    assert (result.code, result.out) == (0, f"rejected {ONE}.new\n")
    assert project.read(ONE) == before
    assert [file for file in project.files() if "cassettes" in file] == [ONE]


@pytest.mark.parametrize("command", ["accept", "reject"])
@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((), "no recording was named: 2 pending: tests/cassettes/test_users/test_one, tests/"),
        (("nope",), "no pending recording is called 'nope'"),
        (("test_one", "nope"), "no pending recording is called 'nope'"),
        (("one",), "no pending recording is called 'one'"),
        (("test_one", "--all"), "name recordings, or take them all with --all"),
        (("test_same",), "'test_same' could mean 2 pending recordings"),
    ],
)
def test_a_name_that_does_not_say_which_one_is_refused_and_nothing_is_decided(
    project: Project, command: str, names: tuple[str, ...], said: str
) -> None:
    waits(project)
    if "test_same" in names:
        waits(project, "tests/cassettes/a/test_same.tape")
        waits(project, "tests/cassettes/b/test_same.tape")
    else:
        waits(project, TWO)
    before = project.content()
    result = project.run(command, *names)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert "\nhint: sealtape " in result.err
    assert project.content() == before


def test_a_recording_that_could_not_be_replayed_is_not_accepted(project: Project) -> None:
    waits(project)
    path = project.root / (ONE + ".new")
    whole = path.read_bytes()
    other = Recording(CASSETTE_ID, ONE.removesuffix(".tape"), (PUT,))
    elsewhere = Recording(CASSETTE_ID, "elsewhere", (PUT,))
    for data, said in (
        (whole[:-50], "this cassette is not whole"),
        (b"", "this cassette is not whole"),
        (seal(other, new_key()).data, "sealed with another key"),
        (seal(elsewhere, project.key).data, "bound to the name 'elsewhere'"),
    ):
        path.write_bytes(data)
        before = project.content()
        result = project.run("accept", "--all")
        assert (result.code, result.out) == (3, "")
        assert said in result.err
        assert "\nhint: " in result.err
        assert project.content() == before


def test_a_ledger_that_cannot_be_read_is_told_of_before_anything_is_accepted(project: Project) -> None:
    waits(project)
    project.write(str(Path(ONE).with_name("sealtape-ledger.json")), "{")
    before = project.content()
    result = project.run("accept", "--all")
    assert result.code == 3
    assert "the ledger of these cassettes cannot be read" in result.err
    assert project.content() == before


def test_a_rename_that_the_system_refuses_leaves_both_files(project: Project) -> None:
    waits(project)
    before = project.content()
    with mock.patch("sealtape.review.os.replace", side_effect=PermissionError(13, "Permission denied")):
        result = project.run("accept", "--all")
    assert result.code == 3
    assert "permission denied" in result.err
    assert project.content() == before


# Two revisions.


@pytest.fixture
def history(project: Project) -> Project:
    """A repository with a first commit, in which there are two cassettes."""
    sealed(project, ONE, PUT, OLD, BINARY)
    project.seal(TWO, PUT)
    project.git("init", "-q", "-b", "main")
    commit(project)
    return project


def commit(project: Project) -> None:
    project.git("add", "-A")
    project.git("commit", "-qm", "a commit", "--allow-empty")


def test_a_range_says_which_operations_were_added_removed_and_changed(history: Project) -> None:
    sealed(history, ONE, PUT, NEW, POST)
    commit(history)
    result = history.run("review", "HEAD~1..HEAD")
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0] == "1 cassette in HEAD~1..HEAD  interactions: 1 added, 1 removed, 1 changed"
    assert f"{ONE}  changed" in lines
    assert "  ~  2 GET api.example.com/users  → 200" in lines
    assert "  +  3 POST api.example.com/users  → 201" in lines
    assert "  -  3 GET api.example.com/image  → 200" in lines
    assert "  = 1 interaction as before" in lines
    assert "lastLogin" in result.out


def test_a_status_that_changed_is_told_with_what_it_was(history: Project) -> None:
    sealed(history, ONE, PUT, users({"error": "gone"}, 410), BINARY)
    commit(history)
    assert "GET api.example.com/users  → 410, was 200" in history.run("review", "HEAD~1..HEAD").out


def test_a_range_says_what_was_scrubbed_and_what_was_before(history: Project) -> None:
    token = Removal("token-header", "request.headers.Authorization", "x" * 9, "ab" * 16, 9)
    sealed(history, ONE, PUT, replace(OLD, removals=(token,)), BINARY)
    commit(history)
    out = history.run("review", "HEAD~1..HEAD").out
    assert "scrubbed  2 account-id; 1 token-header, was 0" in out


def test_without_the_key_a_range_says_what_the_clear_words_allow(history: Project) -> None:
    sealed(history, ONE, PUT, NEW, POST)
    commit(history)
    result = history.run("review", "HEAD~1..HEAD", SEALTAPE_KEY="")
    assert (result.code, result.err) == (0, "")
    assert "1 added, 1 removed, 1 changed" in result.out
    assert "locked  values and drift are not known: there is no key here" in result.out
    assert "lastLogin" not in result.out


def test_hidden_clear_words_stay_hidden_without_the_key(project: Project) -> None:
    sealed(project, ONE, PUT, OLD, clear=False)
    project.git("init", "-q")
    commit(project)
    sealed(project, ONE, PUT, NEW, clear=False)
    commit(project)
    locked = project.run("review", "HEAD~1..HEAD", SEALTAPE_KEY="").out
    assert "  ~  2 (hidden without the key)" in locked
    assert "api.example.com" not in locked
    assert "  ~  2 GET api.example.com/users  → 200" in project.run("review", "HEAD~1..HEAD").out


def test_cassettes_come_go_and_are_renamed(history: Project) -> None:
    data = (history.root / TWO).read_bytes()
    assert history.run("mv", TWO, TWO.replace("two", "renamed")).code == 0
    assert data != (history.root / TWO.replace("two", "renamed")).read_bytes()
    (history.root / ONE).unlink()
    history.seal(ONE.replace("one", "three"), POST)
    commit(history)
    lines = history.run("review", "HEAD~1..HEAD").out.splitlines()
    assert f"{ONE}  cassette removed" in lines
    assert f"{ONE.replace('one', 'three')}  new cassette" in lines
    assert f"{TWO.replace('two', 'renamed')}  renamed from {TWO}" in lines


def test_rows_that_moved_are_not_all_changed(history: Project) -> None:
    sealed(history, ONE, POST, PUT, OLD, BINARY)
    commit(history)
    assert "interactions: 1 added\n" in history.run("review", "HEAD~1..HEAD").out


def test_a_cassette_recorded_from_scratch_is_compared_by_content_with_the_key_only(history: Project) -> None:
    history.seal(TWO, PUT, POST)
    commit(history)
    assert "interactions: 1 added\n" in history.run("review", "HEAD~1..HEAD").out
    locked = history.run("review", "HEAD~1..HEAD", SEALTAPE_KEY="").out
    assert "interactions: 1 added, 1 changed\n" in locked
    assert "sealed anew  recorded from scratch or under another key" in locked


def test_a_cassette_under_another_key_is_locked_and_still_told_in_clear_words(history: Project) -> None:
    other = Recording(CASSETTE_ID, ONE.removesuffix(".tape"), (PUT, NEW))
    history.write(ONE, seal(other, new_key()).data)
    commit(history)
    result = history.run("review", "HEAD~1..HEAD")
    assert result.code == 0
    assert "locked  values and drift are not known: this cassette was sealed with another key" in result.out


def test_a_range_without_a_changed_cassette_says_so(history: Project) -> None:
    history.write("README.md", "nothing about cassettes")
    commit(history)
    assert history.run("review", "HEAD~1..HEAD").out == "no cassette differs in HEAD~1..HEAD\n"


def test_three_dots_start_where_head_left_base(history: Project) -> None:
    history.git("switch", "-qc", "topic")
    sealed(history, ONE, PUT, NEW, BINARY)
    commit(history)
    history.git("switch", "-q", "main")
    history.seal(TWO, POST)
    commit(history)
    history.git("switch", "-q", "topic")
    assert TWO in history.run("review", "main..").out
    assert TWO not in history.run("review", "main...").out


def test_one_fact_in_several_cassettes_is_summed_up_once(history: Project) -> None:
    sealed(history, ONE, PUT, NEW, BINARY)
    for number in range(3):
        sealed(history, f"more/{number}.tape", OLD)
    commit(history)
    for number in range(3):
        sealed(history, f"more/{number}.tape", NEW)
    commit(history)
    out = history.run("review", "HEAD~1..HEAD").out
    summed = out.partition("drift in all of them, by fact\n")[2]
    assert summed.count("lastLogin") == 1
    assert "3 responses in 3 tests" in summed
    page = history.run("review", "HEAD~1..HEAD", "--format", "markdown").out
    assert page.count("lastLogin") == 1


def test_of_a_very_long_cassette_the_beginning_is_listed(history: Project) -> None:
    sealed(history, "long.tape", *[users({"n": n}) for n in range(100)])
    commit(history)
    for form in ("text", "markdown"):
        out = history.run("review", "HEAD~1..HEAD", "--format", form).out
        assert out.count("GET api.example.com/users") == 40
        assert "… and 60 interactions more" in out


def test_the_work_tree_makes_no_difference(history: Project) -> None:
    sealed(history, ONE, PUT, NEW)
    commit(history)
    before = history.run("review", "HEAD~1..HEAD").out
    for path in (ONE, TWO):
        (history.root / path).unlink()
    assert history.run("review", "HEAD~1..HEAD").out == before


def test_a_pending_recording_that_was_committed_is_compared_and_exits_with_1(history: Project) -> None:
    sealed(history, ONE + ".new", PUT, NEW, BINARY)
    commit(history)
    result = history.run("review", "HEAD~1..HEAD")
    assert result.code == 1
    assert f"{ONE}.new  pending, not accepted yet" in result.out
    assert "  ~  2 GET api.example.com/users  → 200" in result.out


def test_a_damaged_cassette_is_told_beside_the_others_and_exits_with_1(history: Project) -> None:
    history.write(ONE, (history.root / ONE).read_bytes().replace(b'"status":200', b'"status":201', 1))
    history.seal(TWO, PUT, POST)
    commit(history)
    result = history.run("review", "HEAD~1..HEAD")
    assert result.code == 1
    assert "cannot be read: " in result.out
    assert "this row was edited" in result.out
    assert f"{TWO}  changed" in result.out


def test_markdown_is_for_a_pull_request(history: Project) -> None:
    sealed(history, ONE, PUT, NEW, POST)
    commit(history)
    result = history.run("review", "HEAD~1..HEAD", "--format", "markdown")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("## sealtape: 1 cassette in `HEAD~1..HEAD`\n")
    assert f"\n### `{ONE}`: changed\n" in result.out
    assert "\n- **added** 3 `POST api.example.com/users` → `201`\n" in result.out
    assert "\n- **changed** 2 `GET api.example.com/users` → `200`\n" in result.out
    assert "lastLogin" in result.out


def test_recorded_words_cannot_drive_the_terminal_or_the_page(history: Project) -> None:
    hostile = users({}, path="`@team`\x1b[J<i>|\u202e")
    sealed(history, ONE, PUT, OLD, BINARY, hostile)
    commit(history)
    text = history.run("review", "HEAD~1..HEAD").out
    page = history.run("review", "HEAD~1..HEAD", "--format", "markdown").out
    for out in (text, page):
        assert not any(char in out for char in "\x1b\u202e")
    rows = [line for line in page.splitlines() if "@team" in line]
    assert rows
    for row in rows:
        assert "@team" not in re.sub(r"(`{2,})(.*?[^`])\1(?!`)", "", row), row


@pytest.mark.parametrize(
    ("revisions", "said"),
    [
        ("nope..HEAD", "git knows no revision 'nope' here"),
        ("HEAD..nope", "git knows no revision 'nope' here"),
        ("HEAD", "'HEAD' is not a range of revisions"),
        ("..", "'..' is not a range of revisions"),
        ("HEAD..a b", "git knows no revision 'a b' here"),
    ],
)
def test_what_is_no_range_exits_with_2(history: Project, revisions: str, said: str) -> None:
    result = history.run("review", revisions)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert "\nhint: " in result.err


def test_outside_a_repository_there_are_no_revisions(project: Project) -> None:
    result = project.run("review", "main..HEAD", GIT_CEILING_DIRECTORIES=str(project.root.parent))
    assert (result.code, result.out) == (2, "")
    assert "this is not a git repository" in result.err


def test_without_git_there_are_no_revisions(history: Project) -> None:
    result = history.run("review", "main..HEAD", PATH="")
    assert result.code == 2
    assert "git is not installed" in result.err


def test_operations_of_aws_have_their_findings_beneath_them(project: Project) -> None:
    old, new = (
        Scrubbed(
            Interaction(
                AwsRequest(
                    "dynamodb", "DescribeTable", {"TableName": "jobs"}, region="eu-west-1", protocol="json"
                ),
                Response(200, "OK", (), body),
            )
        )
        for body in (b'{"Table":{"ItemCount":3,"TableName":"jobs"}}', b'{"Table":{"TableName":"jobs"}}')
    )
    sealed(project, ONE, old)
    sealed(project, ONE + ".new", new)
    lines = project.run("review").out.splitlines()
    at = lines.index("  ~  1 dynamodb.DescribeTable  → 200")
    assert "ItemCount" in lines[at + 1]


def table(count: int | None, media: str = "application/json", name: str = "jobs") -> Scrubbed:
    """A table as its service describes it, without a count where that is None."""
    told = {"TableName": name} if count is None else {"TableName": name, "ItemCount": count}
    request = AwsRequest(
        "dynamodb", "DescribeTable", {"TableName": name}, region="eu-west-1", protocol="json"
    )
    body = json.dumps({"Table": told}).encode()
    return Scrubbed(Interaction(request, Response(200, "OK", (("Content-Type", media),), body)))


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_quiet_findings_are_counted_and_shown_when_asked_for(project: Project, form: str) -> None:
    sealed(project, ONE, table(3))
    sealed(project, ONE + ".new", table(None, "text/plain"))
    brief, full = (project.run("review", "--format", form, *more).out for more in ((), ("-v",)))
    assert "ItemCount" in brief
    assert "1 quiet" in brief if form == "markdown" else "quiet  1 fact" in brief
    assert ("content-type-unread" in brief) == (form == "markdown")  # folded away there
    assert "content-type-unread" in full


def test_interactions_that_say_nothing_new_are_counted_and_shown_when_asked_for(project: Project) -> None:
    sealed(project, ONE, table(3), table(3, name="runs"), PUT)
    sealed(project, ONE + ".new", table(None), table(3, "text/plain", name="runs"), POST)
    sealed(project, TWO, table(3), users({"id": 17}), PUT)
    sealed(project, TWO + ".new", table(3), users({"id": 18}), PUT)
    brief, full = (project.run("review", *more).out for more in ((), ("-v",)))
    assert "  = 1 interaction as before but for ids, times and the like\n" in brief
    assert "GET api.example.com/users  → 200" not in brief
    assert "  ~  2 GET api.example.com/users  → 200\n" in full


def test_a_fact_that_shows_in_several_interactions_is_told_once_with_their_numbers(project: Project) -> None:
    names = [f"table-{word}" for word in ("one", "two", "three")]
    sealed(project, ONE, *(table(3, name=name) for name in names), PUT)
    sealed(project, ONE + ".new", *(table(None, name=name) for name in names), PUT)
    lines = project.run("review").out.splitlines()
    at = lines.index("  ~ 1, 2, 3 dynamodb.DescribeTable  → 200")
    assert "ItemCount" in lines[at + 1]
    assert "3 responses" in lines[at + 1]
    assert lines[at + 2] == "  = 1 interaction as before"
    page = project.run("review", "--format", "markdown").out
    assert "- **changed** 1, 2, 3 `dynamodb.DescribeTable` → `200`\n" in page


def test_markdown_of_what_is_pending_ends_with_the_commands_to_type(project: Project) -> None:
    waits(project)
    page = project.run("review", "--format", "markdown").out
    name = ONE.removesuffix(".tape")
    assert page.endswith(
        f"```sh\nsealtape accept {name}   # or: sealtape reject {name}\n"
        "sealtape accept --all   # or: sealtape reject --all\n```\n"
    )


def test_the_worst_is_told_first_in_markdown(history: Project) -> None:
    sealed(history, ONE, PUT, NEW, BINARY)
    commit(history)
    page = history.run("review", "HEAD~1..HEAD", "--format", "markdown").out
    assert page.index("lastLogin") < page.index(f"### `{ONE}`")
    assert "sealtape accept" not in page


def test_the_port_of_a_service_is_told_where_it_is_not_the_usual_one(project: Project) -> None:
    def local(body: object) -> Scrubbed:
        request = HttpRequest("GET", "http://127.0.0.1:8642/users")
        headers = (("Content-Type", "application/json"),)
        return Scrubbed(Interaction(request, Response(200, "", headers, json.dumps(body).encode())))

    sealed(project, ONE, local({"a": 1, "b": 2}))
    sealed(project, ONE + ".new", local({"a": 1}))
    lines = project.run("review").out.splitlines()
    at = lines.index("  ~  1 GET 127.0.0.1/users  → 200")
    assert "breaking  GET 127.0.0.1:8642/users  b  field-removed" in lines[at + 1]


def test_the_same_row_is_known_by_its_tag(project: Project) -> None:
    first = read_clear(sealed(project, ONE, PUT, OLD).read_bytes(), where=ONE)
    second = read_clear(sealed(project, ONE, OLD, PUT).read_bytes(), where=ONE)
    assert [row.tag for row in first.rows] == [row.tag for row in reversed(second.rows)]


def test_drift_is_judged_as_the_settings_say(project: Project) -> None:
    project.set_up('[tool.sealtape.drift]\nfield-removed = "info"\n')
    waits(project)
    result = project.run("review")
    assert any(
        line.strip().startswith("info") and "field-removed" in line for line in result.out.splitlines()
    )
    assert "breaking" not in result.out


def test_scrub_rules_that_are_turned_off_are_said(project: Project) -> None:
    pyproject = project.root / "pyproject.toml"
    pyproject.write_text(f"{pyproject.read_text()}\n[tool.sealtape.scrub]\noff = ['jwt']\n")
    assert "not all is scrubbed, [tool.sealtape.scrub] off: jwt" in project.run("review").err
