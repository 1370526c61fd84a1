from __future__ import annotations

import botocore
import pytest
from botocore.loaders import Loader

from sealtape.scrub.models import Models, Node
from sealtape.scrub.supplement import CONTENT, PAYLOADS, SUPPLEMENT

LOADER = Loader()
MODELS = Models(LOADER)
ENTRIES = [(s, m) for table in (SUPPLEMENT, PAYLOADS, CONTENT) for s, ms in table.items() for m in sorted(ms)]


def member(service: str, name: str) -> dict[str, object] | None:
    shapes = LOADER.load_service_model(service, "service-2")["shapes"]
    shape, _, field = name.partition(".")
    ref = shapes.get(shape, {}).get("members", {}).get(field)
    if ref is None:
        return None
    return {**shapes[ref["shape"]], **ref}


NEWER = {
    "redshift-serverless GetIdentityCenterAuthTokenResponse.token",
    "codebuild SSMSession.tokenValue",
    "sagemaker StartSessionResponse.TokenValue",
    "athena GetSessionEndpointResponse.AuthToken",
    "lakeformation TemporaryCredentials.SecretAccessKey",
    "lakeformation TemporaryCredentials.SessionToken",
    "lambda FunctionCodeLocationError.Message",
}
"""Members that the oldest supported botocore does not have yet."""


def installed_before(version: tuple[int, int]) -> bool:
    return tuple(int(part) for part in botocore.__version__.split(".")[:2]) < version


def test_every_entry_of_the_tables_is_a_member_of_its_service() -> None:
    missing = {f"{service} {name}" for service, name in ENTRIES if member(service, name) is None}
    assert missing <= (NEWER if installed_before((1, 44)) else set())


def test_what_is_looked_into_would_otherwise_be_replaced() -> None:
    """Of the members in CONTENT, the marks came with time, so only a recent model has them all."""
    unmarked = {
        f"{service} {name}"
        for service, names in CONTENT.items()
        for name in names
        if (found := member(service, name)) is not None and not found.get("sensitive")
    }
    expected = {"ecs KeyValuePair.name"}
    assert unmarked - expected <= (
        {"rds DownloadDBLogFilePortionDetails.LogFileData"} if installed_before((1, 44)) else set()
    )


def at(node: Node | None, path: str) -> str:
    for name in path.split("."):
        assert node is not None
        node = node.child(name)
    assert node is not None
    return node.rule


@pytest.mark.parametrize(
    ("operation", "path", "rule"),
    [
        ("sts.AssumeRole", "AssumeRoleResult.Credentials.SecretAccessKey", "model-sensitive"),
        ("sts.AssumeRole", "AssumeRoleResult.Credentials.SessionToken", "model-supplement"),
        ("iam.CreateAccessKey", "CreateAccessKeyResult.AccessKey.SecretAccessKey", "model-sensitive"),
        ("secretsmanager.GetSecretValue", "SecretString", "model-sensitive"),
        ("ssm.GetParameters", "Parameters.Value", "model-sensitive"),
        ("ecr.GetAuthorizationToken", "authorizationData.authorizationToken", "model-supplement"),
        ("kms.GenerateDataKey", "Plaintext", "model-sensitive"),
        ("lambda.GetFunction", "Code.Location", "model-supplement"),
        ("lambda.GetFunctionConfiguration", "Environment.Variables.ANY", "model-sensitive"),
        ("ec2.CreateKeyPair", "keyMaterial", "model-sensitive"),
        ("ec2.DescribeInstanceAttribute", "userData.value", "model-payload"),
        ("cloudformation.DescribeStacks", "DescribeStacksResult.Stacks.member.Outputs.member.OutputValue",
         "model-payload"),
        ("apigateway.GetApiKeys", "item.value", "model-supplement"),
        ("s3.CreateSession", "Credentials.SessionToken", "model-sensitive"),
    ],
)  # fmt: skip
def test_claims_of_responses_are_found_under_wire_names(operation: str, path: str, rule: str) -> None:
    assert at(MODELS.response(*operation.split(".")).body, path) == rule


@pytest.mark.parametrize(
    ("operation", "path", "rule"),
    [
        ("secretsmanager.PutSecretValue", "SecretString", "model-sensitive"),
        ("ec2.RunInstances", "UserData", "model-sensitive"),
        ("redshift.CreateHsmConfiguration", "HsmPartitionPassword", "model-supplement"),
        ("docdb.CreateDBCluster", "MasterUserPassword", "model-supplement"),
        ("elasticache.CreateUser", "Passwords", "model-supplement"),
        ("mq.CreateUser", "Password", "model-supplement"),
        ("codebuild.StartBuild", "environmentVariablesOverride.value", "model-payload"),
        ("ecs.RegisterTaskDefinition", "containerDefinitions.environment.value", "model-payload"),
        ("s3.PutObject", "SSECustomerKey", "model-sensitive"),
    ],
)
def test_claims_of_requests_are_found_under_parameter_names(operation: str, path: str, rule: str) -> None:
    assert at(MODELS.request(*operation.split(".")), path) == rule


def test_a_header_member_that_is_sensitive_is_claimed_by_its_header_name() -> None:
    headers = MODELS.response("s3", "GetObject").headers
    assert headers["x-amz-server-side-encryption-aws-kms-key-id"] == "model-sensitive"


@pytest.mark.parametrize(
    "operation", ["lambda.Invoke", "dynamodb.GetItem", "s3.GetObject", "sts.GetCallerIdentity"]
)
def test_documents_of_the_caller_are_not_claimed(operation: str) -> None:
    plan = MODELS.response(*operation.split("."))
    assert (plan.body, plan.whole) == (None, "")


@pytest.mark.parametrize("operation", ["nowhere.Nothing", "s3.NoSuchOperation"])
def test_what_no_model_knows_claims_nothing(operation: str) -> None:
    assert MODELS.request(*operation.split(".")) is None
    assert MODELS.response(*operation.split(".")).body is None


def test_a_recursive_shape_ends() -> None:
    assert MODELS.request("emr", "RunJobFlow") is not None
    assert MODELS.response("dynamodb", "Query").body is None


def test_enumerated_values_dates_and_tokens_of_pages_are_not_claimed() -> None:
    node = MODELS.request("codebuild", "ListSandboxesForProject")
    assert node is None or node.child("nextToken") is None
