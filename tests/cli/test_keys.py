from __future__ import annotations

from sealtape.seal.keyring import new_key, parse_key
from tests.cli.project import Project


def key_file(project: Project, text: str, key_id: str, mode: int = 0o600) -> None:
    folder = project.home / ".config" / "sealtape" / "keys"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{key_id}.key").write_text(text)
    (folder / f"{key_id}.key").chmod(mode)


def test_new_prints_the_key_alone_on_standard_output(bare: Project) -> None:
    result = bare.run("keys", "new")
    assert result.code == 0
    key = parse_key(result.out.removesuffix("\n"))
    assert result.out == f"{key.text}\n"
    assert f'key_id = "{key.id}"' in result.err
    assert key.text not in result.err
    assert bare.files() == []


def test_every_new_key_is_another(bare: Project) -> None:
    assert bare.run("keys", "new").out != bare.run("keys", "new").out


def test_list_shows_ids_and_which_is_pinned_and_no_key(project: Project) -> None:
    other = new_key()
    key_file(project, other.text, other.id)
    result = project.run("keys", "list")
    assert result.code == 0
    assert f"{project.key.id}  SEALTAPE_KEY  (pinned)\n" in result.out
    assert f"{other.id}  {project.home}" in result.out
    assert project.key.text not in result.out
    assert other.text not in result.out


def test_list_says_which_pinned_key_is_missing(project: Project) -> None:
    result = project.run("keys", "list", SEALTAPE_KEY="")
    assert result.code == 0
    assert f"{project.key.id}  pinned, and not at hand\n" in result.out


def test_list_says_what_is_wrong_with_a_key_and_not_the_key(project: Project) -> None:
    open_to_all = new_key()
    key_file(project, open_to_all.text, open_to_all.id, mode=0o644)
    broken = project.key.text[:-3] + "zzz"
    result = project.run("keys", "list", SEALTAPE_KEY=broken)
    assert result.code == 0
    assert (
        "no key            SEALTAPE_KEY: this is not a sealtape key; its checksum does not fit" in result.out
    )
    assert "the key file can be read by others" in result.out
    assert broken not in result.out


def test_list_without_any_key_says_what_to_do(bare: Project) -> None:
    result = bare.run("keys", "list")
    assert result.code == 0
    assert "no key at hand" in result.out
    assert "sealtape init" in result.out
