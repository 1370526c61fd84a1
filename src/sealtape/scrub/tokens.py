"""The tokens that well-known services hand out, and the webhooks whose address is the credential."""

from __future__ import annotations

import re

from sealtape.scrub.detector import Detector

_W = "[A-Za-z0-9_-]"

PREFIXED: tuple[tuple[str, str], ...] = (
    ("gh[pousr]_", "[A-Za-z0-9]{20,255}"),
    ("github_pat_", "[A-Za-z0-9_]{22,255}"),
    ("gl(?:pat|dt|rt|ptt|cbt|oas|ft|imt|agent|soat)-", f"{_W}{{20,}}"),
    ("xox[abeoprs]-", "[A-Za-z0-9-]{10,}"),
    ("xapp-", r"\d-[A-Z0-9]{6,}-\d+-[a-f0-9]{32,}"),
    ("[sr]k_(?:live|test)_", "[A-Za-z0-9]{10,}"),
    ("whsec_", "[A-Za-z0-9+/=]{20,}"),
    ("(?:pi|seti|cs)_[A-Za-z0-9]{3,40}_secret_", "[A-Za-z0-9]{10,}"),
    ("pypi-", f"{_W}{{50,}}"),
    ("npm_", "[A-Za-z0-9]{36}"),
    ("sk-(?:ant-|proj-)?", f"(?={_W}{{0,99}}[0-9])(?={_W}{{0,99}}[A-Z]){_W}{{20,300}}"),
    ("AIza", f"{_W}{{35}}"),
    (r"ya29\.", r"[A-Za-z0-9._-]{20,}"),
    ("1//0", f"{_W}{{30,}}"),
    ("GOCSPX-", f"{_W}{{20,}}"),
    (r"SG\.", rf"{_W}{{16,}}\.{_W}{{16,}}"),
    (r"hv[bs]\.", f"{_W}{{20,}}"),
    ("hf_", "[A-Za-z0-9]{30,}"),
    ("do[opr]_v1_", "[a-f0-9]{64}"),
    ("shp(?:at|ca|pa|ss)_", "[a-fA-F0-9]{32}"),
    ("dapi", "[a-f0-9]{32}(?:-[0-9])?"),
    ("lin_api_", "[A-Za-z0-9]{32,}"),
    ("figd_", f"{_W}{{20,}}"),
    ("dckr_(?:pat|oat)_", f"{_W}{{20,}}"),
    ("gl(?:sa|c)_", "[A-Za-z0-9_=+/]{20,}"),
    ("AT(?:ATT|CTT)3", r"[A-Za-z0-9=_-]{60,}"),
    ("NRAK-", "[A-Z0-9]{20,}"),
    ("PMAK-", "[a-f0-9-]{40,}"),
    ("AGE-SECRET-KEY-1", "[A-Z0-9]{50,}"),
    ("(?:ntn|sbp|r8|gsk|pscale_tkn|sntry[su]|rubygems|rdme|nfp|pul|bkua|tfp|shippo_live)_",
     r"(?=[A-Za-z0-9_.-]{0,99}[0-9])[A-Za-z0-9_.-]{30,300}"),
    ("(?:xai|pplx|pul|xkeysib|CFPAT)-", f"(?={_W}{{0,99}}[0-9]){_W}{{40,300}}"),
    (r"dp\.(?:pt|st|ct|sa|scim|audit)\.", "[A-Za-z0-9._-]{40,}"),
    ("sq0(?:csp|atp)-", f"{_W}{{22,}}"),
    ("ABSK", "[A-Za-z0-9+/]{100,}={0,2}"),
    ("da2-", "[a-z0-9]{26}"),
    (r"k8s-aws-v1\.", f"{_W}{{20,}}"),
    ("LTAI", "[A-Za-z0-9]{16,24}"),
    ("sntrys_", "[A-Za-z0-9+/=_-]{30,300}"),
    ("fm(?:1[ar]|2)_", "[A-Za-z0-9+/=,]{40,}"),
    ("HRKU-", f"{_W}{{30,}}"),
    ("ATBB", "[A-Za-z0-9]{32}"),
    ("CCIP(?:AT|RJ)_", "[A-Za-z0-9_]{40,}"),
    ("tskey-[a-z]{2,9}-", f"{_W}{{16,}}"),
    ("pat-(?:na|eu)[0-9]-", "[a-f0-9-]{36}"),
    ("nvapi-", f"{_W}{{40,}}"),
    ("(?:lsv2_(?:pt|sk)|phx|pscale_pw|rzp_live|sgp|ops|glsec|frp|vcp|sbp)_",
     f"(?={_W}{{0,99}}[0-9]){_W}{{16,900}}"),
    ("tvly-", f"(?={_W}{{0,99}}[0-9]){_W}{{24,}}"),
    (r"sk\.eyJ", rf"{_W}{{20,}}\.{_W}{{16,}}"),
    (r"dt0c01\.", r"[A-Z0-9]{24}\.[A-Z0-9]{64}"),
)  # fmt: skip
"""A prefix, and what follows it. A stand-in keeps the prefix, because clients check it."""

TOKEN_PREFIX = re.compile(
    "(?:" + "|".join(prefix for prefix, _ in PREFIXED) + "|FQoGZXIvYXdzE|FwoGZXIvYXdzE|IQoJb3JpZ2luX2VjE)"
)
"""Prefixes that a stand-in keeps; those of AWS session tokens say only that."""

_ANCHORS = (
    "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "gldt-", "glrt-", "glptt-", "glcbt-",
    "gloas-", "glft-", "glimt-", "glagent-", "glsoat-",
    "xox", "xapp-", "_live_", "_test_", "whsec_", "_secret_",
    "pypi-", "npm_", "sk-", "AIza", "ya29.", "1//0", "GOCSPX-", "SG.", "hvs.", "hvb.", "hf_",
    "_v1_", "shpat_",
    "shpca_", "shppa_", "shpss_", "dapi", "lin_api_", "figd_", "dckr_", "glsa_", "glc_", "ATATT3", "ATCTT3",
    "NRAK-", "PMAK-", "AGE-SECRET-KEY", "ntn_", "sbp_", "r8_", "gsk_", "pscale_tkn_", "sntry", "rubygems_",
    "rdme_", "nfp_", "pul_", "bkua_", "tfp_", "xai-", "pplx-", "pul-", "xkeysib-", "CFPAT-", "dp.",
    "sq0", "ABSK", "da2-", "k8s-aws-v1.", "LTAI",
    "fm1a_", "fm1r_", "fm2_", "HRKU-", "ATBB", "CCIPAT_", "CCIPRJ_", "tskey-", "pat-na", "pat-eu", "nvapi-",
    "lsv2_", "phx_", "pscale_pw_", "sgp_", "ops_", "glsec_", "frp_", "vcp_", "tvly-", "sk.eyJ", "dt0c01.",
)  # fmt: skip

_REACH = 1024
_NO_WEBHOOK = re.compile(r"[TB]?[0X/x]+(?:/[TB]?[0Xx]+)*")


def _is_real(match: re.Match[str]) -> bool:
    """Whether the address of a webhook is not the one of a manual: ``T00000000/B00000000/XXXXXXXX``."""
    return not any(group and _NO_WEBHOOK.fullmatch(group) for group in match.groups())


SERVICE_TOKENS: tuple[Detector, ...] = (
    Detector(
        "service-token",
        _ANCHORS,
        re.compile(
            "(?<![A-Za-z0-9])(" + "|".join(prefix + body for prefix, body in PREFIXED) + ")(?![A-Za-z0-9])"
        ),
        reach=_REACH,
        needs=("word",),
    ),
    Detector("service-token", (".atlasv1.",), re.compile(rf"\b([A-Za-z0-9]{{14}}\.atlasv1\.{_W}{{50,}})"),
             needs=("word",), spot=r"\.atlasv1\."),
    # A bot is named by a number, which its token begins with.
    Detector("service-token", (":AA",), re.compile(rf"(?<!\d)[0-9]{{8,10}}:(AA{_W}{{32,35}})(?!{_W})"),
             needs=("word",)),
    Detector(
        "service-token", ("SK",), re.compile(r"(?<![A-Za-z0-9])(SK[0-9a-f]{32})(?![A-Za-z0-9])"), reach=64,
        needs=("word",),
    ),
    Detector("service-token", ("key-",), re.compile(r"(?<![A-Za-z0-9-])(key-[0-9a-f]{32})(?![A-Za-z0-9])"),
             needs=("word",)),
    Detector(
        "service-token",
        (".",),
        re.compile(r"(?<![A-Za-z0-9_.-])([MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40})(?![\w.-])"),
        needs=("word",),
        sign=rf"\.{_W}{{6}}\.",
        spot=rf"\.{_W}{{6}}\.",
    ),
    Detector(
        "webhook-url",
        ("hooks.", "/webhook", ".webhook.office.com", "events.pagerduty.com", "maker.ifttt.com", "sentry.io",
         "/hooks/",
         "services.mattermost"),
        re.compile(
            r"https?://(?:hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/([A-Za-z0-9/_-]{10,})"
            r"|(?:[a-z]+\.)?(?:discord|discordapp)\.com/api/(?:v\d+/)?webhooks/([0-9]{5,}/[A-Za-z0-9_-]{20,})"
            r"|[a-z0-9-]+\.webhook\.office\.com/([A-Za-z0-9/@_-]{20,})"
            r"|hooks\.zapier\.com/hooks/catch/([A-Za-z0-9/]{8,})"
            r"|events\.(?:eu\.)?pagerduty\.com/(?:integration|generic)/([A-Za-z0-9]{20,})"
            r"|maker\.ifttt\.com/(?:trigger|use)/(?:[^/\s]+/(?:json/)?with/key/)?([A-Za-z0-9_-]{16,})"
            r"|([a-f0-9]{32})(?::[a-f0-9]{32})?@[a-z0-9.-]*sentry\.io"
            r"|[A-Za-z0-9.:-]+/hooks/([A-Za-z0-9]{20,}(?![A-Za-z0-9-])))"
        ),
        _is_real,
        needs=("word",),
    ),
)  # fmt: skip
