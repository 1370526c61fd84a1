"""List members of the installed botocore's models that may hold secrets and that nothing says so of.

``python3 tools/dev.py run python tools/scrub_candidates.py [SERVICE...]``: one line a member, as the tables
in ``src/sealtape/scrub/supplement.py`` name it. Run it when botocore has grown; what is a credential or a
payload goes into a table there, what is neither stays in the list. Members of lists of pages, enumerated
values, numbers and dates are left out.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.loaders import Loader

from sealtape.scrub.supplement import CONTENT, PAYLOADS, SUPPLEMENT

_CREDENTIAL = re.compile(
    r"(?:Password|Passphrase|Secret(?:Key|Access|String|Value|Token|Binary)?|(?:Access|Auth|Session|Bearer|Refresh|Id"
    r"|Security|OAuth|Api|Authorization|Registration|Activation)Token|ApiKey|PrivateKey|AccessKey|AuthCode"
    r"|Credentials?|ActivationCode|Plaintext|Authorization)$",
    re.IGNORECASE,
)
_PAYLOAD = re.compile(
    r"(?:User_?Data|Environment(?:Variables)?|ConnectionString|JdbcUrl|Webhook(?:Url)?)$", re.IGNORECASE
)
_HARMLESS = re.compile(
    r"Next|Page|Pagination|Continuation|ClientRequest|Arn$|Id$|Policy|Enabled|Required|Public", re.IGNORECASE
)
_TEXTS = frozenset({"string", "blob", "map"})


def candidates(service: str, model: Mapping[str, Any]) -> Iterator[str]:
    """Yield the members of one service, ``Shape.member``, whose names suggest what nothing says of them."""
    shapes = model["shapes"]
    told = {*SUPPLEMENT.get(service, ()), *PAYLOADS.get(service, ()), *CONTENT.get(service, ())}
    for shape_name, shape in sorted(shapes.items()):
        for name, member in shape.get("members", {}).items():
            target = shapes[member["shape"]]
            marked = shape.get("sensitive") or target.get("sensitive") or member.get("sensitive")
            if marked or member.get("idempotencyToken") or target["type"] not in _TEXTS or "enum" in target:
                continue
            suggests = _CREDENTIAL.search(name) or _PAYLOAD.search(name)
            if suggests and not _HARMLESS.search(name) and f"{shape_name}.{name}" not in told:
                yield f"{shape_name}.{name}"


def main(services: list[str]) -> int:
    """Print the candidates of the named services, of all of them if none is named."""
    loader = Loader()
    count = 0
    for service in services or loader.list_available_services("service-2"):
        for found in candidates(service, loader.load_service_model(service, "service-2")):
            print(f"{service:28} {found}")
            count += 1
    print(f"{count} candidates", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
