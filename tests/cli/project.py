"""A project in a folder of its own, with real sealed cassettes, and the real command run in it."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from sealtape import settings
from sealtape.cli import main
from sealtape.interaction import (
    AwsRequest,
    Failure,
    HttpRequest,
    Interaction,
    Recording,
    Removal,
    Response,
    Scrubbed,
)
from sealtape.seal.format import new_cassette_id, seal
from sealtape.seal.keyring import Key, new_key

ONE = "tests/cassettes/test_users/test_one.tape"
TWO = "tests/cassettes/test_users/test_two.tape"

PROGRAM = "import sys; from sealtape.cli import main; sys.exit(main())"


@dataclass(frozen=True)
class Result:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Project:
    """A folder with a pinned key, the environment of its commands, and a home folder beside it."""

    root: Path
    home: Path
    key: Key = field(default_factory=new_key)
    environment: dict[str, str] = field(default_factory=dict)

    def set_up(self, more: str = "") -> None:
        """Pin the key and have it in the environment."""
        self.write("pyproject.toml", f'[tool.sealtape]\nkey_id = "{self.key.id}"\n{more}')
        self.environment["SEALTAPE_KEY"] = self.key.text

    def write(self, path: str, text: str | bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def read(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8")

    def seal(self, path: str, *interactions: Scrubbed, name: str | None = None, clear: bool = True) -> Path:
        """Seal a cassette at ``path``, bound to its place unless to another ``name``."""
        bound = path.removesuffix(".new").removesuffix(".tape") if name is None else name
        recording = Recording(new_cassette_id(), bound, interactions or (PUT,))
        return self.write(path, seal(recording, self.key, clear=clear).data)

    def files(self, folder: str = ".") -> list[str]:
        """Return all files below ``folder``, git's own apart."""
        found = (p.relative_to(self.root) for p in (self.root / folder).rglob("*") if p.is_file())
        return sorted(p.as_posix() for p in found if ".git" not in p.parts)

    def content(self) -> dict[str, bytes]:
        return {name: (self.root / name).read_bytes() for name in self.files()}

    def environ(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("SEALTAPE_", "XDG_"))}
        source = str(Path(__file__).parents[2] / "src")
        return {**kept, "HOME": str(self.home), "PYTHONPATH": source, "NO_COLOR": "1", **self.environment}

    def run(self, *arguments: str, cwd: str = ".", **environment: str) -> Result:
        """Run ``sealtape`` with ``arguments`` in this process, which is as good and ten times faster."""
        # Settings are read once a process; here each run is to be one of its own.
        settings._load.cache_clear()
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, {**self.environ(), **environment}, clear=True),
            contextlib.chdir(self.root / cwd),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = main(arguments)
        return Result(code, out.getvalue(), err.getvalue())

    def run_process(self, *arguments: str, given: str = "", **environment: str) -> Result:
        """Run ``sealtape`` with ``arguments`` in a process of its own; ``given`` is its standard input."""
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM, *arguments],
            cwd=self.root,
            env={**self.environ(), **environment},
            input=given.encode(),
            capture_output=True,
            check=False,
            timeout=60,
        )
        return Result(ended.returncode, ended.stdout.decode(), ended.stderr.decode())

    def git(self, *arguments: str) -> str:
        command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.com", *arguments]
        ended = subprocess.run(
            command, cwd=self.root, env=self.environ(), capture_output=True, text=True, check=True
        )
        return ended.stdout


PUT = Scrubbed(
    Interaction(
        AwsRequest(
            "s3",
            "PutObject",
            {"Bucket": "artifacts", "Key": "build/1.txt", "Body": {"$stream": True}, "Tag": b"\x00\x01"},
            b"built\n",
            "eu-central-1",
            "",
            "rest-xml",
        ),
        Response(
            200,
            "OK",
            (("ETag", '"1"'), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")),
            b"<Result><Owner><ID>402938475610</ID></Owner></Result>",
        ),
    ),
    (Removal("account-id", "response.body.Result.Owner.ID", "402938475610", "ab" * 16, 12, 2),),
)
POST = Scrubbed(
    Interaction(
        HttpRequest("POST", "https://api.example.com/users?page=2", (("Accept", "*/*"),), b'{"name":"ada"}'),
        Response(
            201, "Created", (("Content-Encoding", "gzip"),), gzip.compress(b'{"id":7,"tags":["x"]}', mtime=0)
        ),
    )
)
BINARY = Scrubbed(
    Interaction(
        HttpRequest("GET", "https://api.example.com/image"),
        Response(200, "OK", (), bytes(range(256))),
    )
)
REFUSED = Scrubbed(
    Interaction(
        AwsRequest("sts", "GetCallerIdentity", {}, region="eu-central-1", protocol="query"),
        Failure("EndpointConnectionError", "could not connect"),
    )
)
