"""The command line: ``sealtape COMMAND``. Each command has a file of its own; exit codes are decided here.

==== =====================================================================
 0    done, and nothing to complain about
 1    what was looked at has problems
 2    an option, a name or a setting that makes no sense
 3    a cassette, a key or a file that cannot be used
 130  interrupted
 141  whoever reads the output has stopped reading
==== =====================================================================
"""

from __future__ import annotations

import difflib
import importlib
import keyword
import os
import sys
from collections.abc import Sequence

import click

from sealtape.cli.terminal import accept_every_character, say
from sealtape.errors import SealtapeError

INTERRUPTED = 130
CLOSED_PIPE = 141

COMMANDS = {
    "init": "Set a project up: key, settings, git attributes, CI.",
    "keys": "Make keys, and say who may open the project's.",
    "show": "Show an opened cassette.",
    "lint": "Check cassettes without a key.",
    "verify": "Check cassettes with the key: every row, every MAC, no residue.",
    "import": "Seal existing recordings: vcrpy, cassetter, placebo, HAR.",
    "export": "Write cassettes as vcrpy's, in plain text: the way back.",
    "diff": "Say what changed between two recordings, by fact.",
    "contract": "Check what was recorded against the installed botocore.",
    "refresh": "Record again, and say what the provider changed.",
    "review": "Decide on pending recordings, or read what a pull request changes.",
    "accept": "Accept pending recordings.",
    "reject": "Reject pending recordings.",
    "mv": "Rename cassettes, files or folders.",
    "explain": "Tell a rule in words.",
    "doctor": "Tell what is wrong with this set-up and what mends it.",
}
"""The commands in the order in which a person meets them, and what the list of them says."""


class Commands(click.Group):
    """The commands, each imported when it is called: listing them must not load what they stand on."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        # A module cannot be called as a keyword is.
        module = importlib.import_module(f"sealtape.cli.{cmd_name}{'_' * keyword.iskeyword(cmd_name)}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            near = difflib.get_close_matches(name, COMMANDS, n=1)
            meant = f"did you mean {near[0]!r}?" if near else f"the commands are {', '.join(COMMANDS)}"
            raise click.UsageError(f"there is no command {name!r}; {meant}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda *given: _print_version(*given),
    help="Show the version and exit.",
)
@click.pass_context
def commands(ctx: click.Context) -> None:
    """Record what a provider really answered, once; remove the secrets, seal it, replay it offline.

    Recording and replaying happen in your tests: mark one with @pytest.mark.vcr and run
    pytest --record-mode=once. These commands look after what was recorded.

    \b
    Examples:
      sealtape init
      sealtape show tests/cassettes/test_users/test_create.tape
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Nothing that went wrong escapes as an exception."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    accept_every_character()
    try:
        # Not click's own main(): it exits where this must decide.
        with commands.make_context("sealtape", arguments) as context:
            code = commands.invoke(context)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as done:
        return done.exit_code
    except SealtapeError as error:
        _complain(str(error))
        return error.exit_code
    except click.ClickException as error:
        _complain(_usage_text(error))
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        # The interpreter flushes once more when it exits, and would report the same again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _complain(f"{where}{(error.strerror or type(error).__name__).lower()}")
        return SealtapeError.exit_code


def _print_version(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        import importlib.metadata  # as long in loading as all the rest of this file

        try:
            version = importlib.metadata.version("sealtape")
        except importlib.metadata.PackageNotFoundError:
            version = "(not installed)"
        click.echo(f"sealtape {version}")
        ctx.exit()


def _complain(text: str) -> None:
    sys.stdout.flush()
    say(f"error: {text}", err=True)


def _usage_text(error: click.ClickException) -> str:
    message = error.format_message().strip().removesuffix(".")
    text = message[:1].lower() + message[1:]
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{text}\nhint: {context.command_path if context else 'sealtape'} --help"
