from __future__ import annotations

import inspect
import os
import signal
import subprocess
import sys
import time

import click
import pytest

from sealtape.cli import COMMANDS, Commands, commands
from tests.cli.project import ONE, POST, PROGRAM, PUT, Project

HEAVY = {
    "botocore",
    "boto3",
    "vcr",
    "cryptography",
    "rich",
    "tomlkit",
    "defusedxml",
    "platformdirs",
    "pytest",
}


def every_command() -> list[tuple[str, click.Command]]:
    """Return all commands, those of groups too, each with the words that call it."""
    found: list[tuple[str, click.Command]] = []
    context = click.Context(commands)
    for name in COMMANDS:
        command = commands.get_command(context, name)
        assert command is not None
        found.append((name, command))
        if isinstance(command, click.Group):
            found += [(f"{name} {sub}", inner) for sub, inner in command.commands.items()]
    return found


@pytest.mark.parametrize(("name", "command"), every_command(), ids=[n for n, _ in every_command()])
def test_every_command_and_every_option_has_help_and_an_example(name: str, command: click.Command) -> None:
    assert command.help
    said, _, examples = inspect.cleandoc(command.help).partition("\b\nExamples:\n")
    assert said.strip().endswith(".")
    assert f"sealtape {name}" in examples
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help
            assert parameter.help.endswith(".")


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_printed_for_each_command(bare: Project, name: str) -> None:
    result = bare.run(name, "--help")
    assert result.code == 0
    assert result.out.startswith(f"Usage: sealtape {name}")
    assert result.err == ""


def test_without_a_command_the_commands_are_listed(bare: Project) -> None:
    result = bare.run_process()
    assert result.code == 0
    for name, summary in COMMANDS.items():
        assert f"  {name} " in result.out
        assert summary in result.out


def test_the_list_of_commands_is_the_list_of_files() -> None:
    assert isinstance(commands, Commands)
    assert commands.list_commands(click.Context(commands)) == list(COMMANDS)


def test_help_and_a_wrong_command_load_nothing_heavy(bare: Project) -> None:
    program = (
        "import sys; from sealtape.cli import main; main(sys.argv[1:]); "
        "print(*{n.split('.')[0] for n in sys.modules}, file=sys.stderr)"
    )
    for arguments in ([], ["--help"], ["shwo"]):
        ended = subprocess.run(
            [sys.executable, "-c", program, *arguments], env=bare.environ(), capture_output=True, text=True
        )
        assert not HEAVY & set(ended.stderr.split())


def test_a_wrong_command_names_the_nearest(bare: Project) -> None:
    result = bare.run_process("shwo")
    assert (result.code, result.out) == (2, "")
    assert result.err == ("error: there is no command 'shwo'; did you mean 'show'?\nhint: sealtape --help\n")


@pytest.mark.parametrize("arguments", [("show",), ("show", "--nope"), ("show", "a", "b"), ("keys", "nwe")])
def test_wrong_usage_exits_with_2_and_a_hint(bare: Project, arguments: tuple[str, ...]) -> None:
    result = bare.run(*arguments)
    assert (result.code, result.out) == (2, "")
    first, hint = result.err.splitlines()
    assert first.startswith("error: ")
    assert not first.endswith(".")
    assert hint == f"hint: sealtape {arguments[0]} --help"


def test_an_unknown_setting_exits_with_2(bare: Project) -> None:
    bare.write("pyproject.toml", '[tool.sealtape]\nkeyid = "x"\n')
    result = bare.run("lint")
    assert result.code == 2
    assert "unknown setting 'keyid'" in result.err
    assert "hint: rename it to 'key_id'" in result.err


def test_the_version_is_printed(bare: Project) -> None:
    result = bare.run("--version")
    assert result.code == 0
    assert result.out.startswith("sealtape ")


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_closed_pipe_is_quiet(project: Project, options: tuple[str, ...]) -> None:
    project.seal(ONE, *[PUT, POST] * 400)
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "show", *options, ONE],
        cwd=project.root,
        env=project.environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


def test_ctrl_c_exits_with_130_and_without_a_traceback(project: Project) -> None:
    fifo = project.home / "key"
    os.mkfifo(fifo, 0o600)  # reading it waits for a writer that never comes
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "keys", "list"],
        cwd=project.root,
        env={**project.environ(), "SEALTAPE_KEY_FILE": str(fifo)},
        stderr=subprocess.PIPE,
    ) as process:
        # It opens for reading once the command is there, and not before.
        while process.poll() is None:
            try:
                writer = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
                break
            except OSError:
                time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        said = process.stderr.read()
        os.close(writer)
        assert process.wait() == 130
    assert b"Traceback" not in said


def test_a_file_that_the_system_refuses_is_an_error_and_no_traceback(project: Project) -> None:
    result = project.run("show", "x" * 300)
    assert result.code == 3
    assert result.err.startswith("error: ")
    assert "Traceback" not in result.err
