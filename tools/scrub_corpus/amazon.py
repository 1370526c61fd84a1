"""Secrets in traffic of AWS, where only the service's model says what is one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from scrub_corpus.cases import Case, aws
from scrub_corpus.values import Values, b64


def in_aws(draw: Values) -> Iterator[Case]:
    """Yield traffic of AWS whose meaning only the service's model knows."""
    p = draw.password
    made: list[tuple[str, str, dict[str, Any], object]] = []

    def add(operation: str, secret: str, parameters: dict[str, Any], answer: object = None) -> None:
        made.append((operation, secret, parameters, answer if answer is not None else {}))

    add("secretsmanager.GetSecretValue", v := p(), {"SecretId": "db"}, {"Name": "db", "SecretString": v})
    add("secretsmanager.PutSecretValue", v := p(), {"SecretId": "db", "SecretString": v})
    add("secretsmanager.GetRandomPassword", v := p(), {}, {"RandomPassword": v})
    add("ssm.GetParameter", v := p(), {"Name": "/db", "WithDecryption": True},
        {"Parameter": {"Name": "/db", "Type": "SecureString", "Value": v, "Version": 1}})  # fmt: skip
    add("ssm.PutParameter", v := p(), {"Name": "/db", "Type": "SecureString", "Value": v})
    add(
        "ssm.CreateActivation",
        v := draw.alnum(20),
        {"IamRole": "r"},
        {"ActivationId": "a", "ActivationCode": v},
    )
    add("ssm.StartSession", v := draw.alnum(200), {"Target": "i-0123456789abcdef0"},
        {"SessionId": "s", "TokenValue": v, "StreamUrl": "wss://ssmmessages.eu-west-1.amazonaws.com/v1/x"})  # fmt: skip
    add("kms.GenerateDataKey", v := b64(draw.data(32)), {"KeyId": "alias/app", "KeySpec": "AES_256"},
        {"CiphertextBlob": b64(draw.data(60)), "Plaintext": v, "KeyId": "k"})  # fmt: skip
    add("kms.Decrypt", v := b64(draw.data(24)), {"CiphertextBlob": b"\x01\x02\x03"}, {"Plaintext": v})
    add("ecr.GetAuthorizationToken", v := b64("AWS:" + draw.alnum(300)), {},
        {"authorizationData": [{"authorizationToken": v, "expiresAt": 1_790_000_000}]})  # fmt: skip
    add(
        "codeartifact.GetAuthorizationToken", v := draw.alnum(300), {"domain": "d"}, {"authorizationToken": v}
    )
    add("cognito-idp.InitiateAuth", v := draw.alnum(300),
        {"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": "c", "AuthParameters": {"USERNAME": "joe", "PASSWORD": p()}},
        {"AuthenticationResult": {"AccessToken": draw.jwt(), "RefreshToken": v, "TokenType": "Bearer"}})  # fmt: skip
    add("cognito-identity.GetCredentialsForIdentity", v := draw.secret_key(), {"IdentityId": "eu-west-1:x"},
        {"Credentials": {"AccessKeyId": draw.key_id(), "SecretKey": v, "SessionToken": draw.session_token()}})  # fmt: skip
    add(
        "cognito-idp.AdminSetUserPassword",
        v := p(),
        {"UserPoolId": "eu-west-1_x", "Username": "joe", "Password": v},
    )
    add("lambda.GetFunctionConfiguration", v := draw.plain_password(), {"FunctionName": "f"},
        {"FunctionName": "f", "MemorySize": 128, "Environment": {"Variables": {"STAGE": "prod", "DSN": v}}})  # fmt: skip
    add("ecs.RegisterTaskDefinition", v := draw.plain_password(), {
        "family": "web", "containerDefinitions": [{"name": "web", "image": "nginx", "environment": [{"name": "DSN", "value": v}]}],
    })  # fmt: skip
    add("ecs.DescribeTaskDefinition", v := draw.plain_password(), {"taskDefinition": "web"}, {"taskDefinition": {
        "family": "web", "containerDefinitions": [{"name": "web", "environment": [{"name": "DSN", "value": v}]}]}})  # fmt: skip
    add("batch.RegisterJobDefinition", v := draw.plain_password(), {"jobDefinitionName": "j", "type": "container",
        "containerProperties": {"image": "x", "environment": [{"name": "DSN", "value": v}]}})  # fmt: skip
    add("codebuild.CreateProject", v := draw.plain_password(), {"name": "p", "environment": {
        "type": "LINUX_CONTAINER", "image": "x", "computeType": "s",
        "environmentVariables": [{"name": "NPM", "value": v, "type": "PLAINTEXT"}]}})  # fmt: skip
    add("ec2.RunInstances", v := draw.plain_password(), {
        "ImageId": "ami-0123456789abcdef0", "MinCount": 1, "MaxCount": 1,
        "UserData": f"#!/bin/bash\nmysqladmin -u root password {v}\n"})  # fmt: skip
    add("cloudformation.CreateStack", v := draw.plain_password(), {
        "StackName": "s", "Parameters": [{"ParameterKey": "DbPass", "ParameterValue": v}]})  # fmt: skip
    add("rds.CreateDBInstance", v := draw.plain_password(), {
        "DBInstanceIdentifier": "d", "MasterUsername": "app", "MasterUserPassword": v})  # fmt: skip
    add(
        "docdb.CreateDBCluster",
        v := draw.plain_password(),
        {"DBClusterIdentifier": "d", "MasterUserPassword": v},
    )
    add(
        "elasticache.CreateReplicationGroup", v := draw.alnum(24), {"ReplicationGroupId": "r", "AuthToken": v}
    )
    add("iam.CreateLoginProfile", v := p(), {"UserName": "joe", "Password": v})
    add(
        "apigateway.CreateApiKey",
        v := draw.alnum(40),
        {"name": "k"},
        {"id": draw.alnum(10), "value": v, "name": "k"},
    )
    add(
        "appsync.CreateApiKey",
        v := "da2-" + draw.alnum(26).lower(),
        {"apiId": "a"},
        {"apiKey": {"id": v, "expires": 1_790_000_000}},
    )
    add("transfer.ImportSshPublicKey", v := draw.account(), {"ServerId": "s-1", "UserName": "j", "SshPublicKeyBody": "ssh-rsa AAAAB3Nz"},
        {"ServerId": "s-1", "UserName": "j", "Arn": f"arn:aws:transfer:eu-west-1:{v}:server/s-1"})  # fmt: skip
    add("mq.CreateUser", v := p(), {"BrokerId": "b", "Username": "u", "Password": v})
    add("redshift.GetClusterCredentials", v := p(), {"DbUser": "u", "ClusterIdentifier": "c"})
    add("organizations.DescribeAccount", v := draw.account(), {"AccountId": "222222222222"},
        {"Account": {"Id": v, "Name": "sandbox", "Status": "ACTIVE"}})  # fmt: skip
    add("lambda.GetFunction", v := draw.digest(), {"FunctionName": "f"}, {"Code": {
        "Location": f"https://awslambda.s3.eu-west-1.amazonaws.com/x?X-Amz-Signature={v}"}})  # fmt: skip
    add("glue.CreateConnection", v := p(), {"ConnectionInput": {"Name": "c", "ConnectionType": "JDBC",
        "ConnectionProperties": {"USERNAME": "app", "PASSWORD": v}}})  # fmt: skip
    add("sso-oidc.CreateToken", v := draw.alnum(120), {"clientId": "c", "clientSecret": draw.alnum(60), "grantType": "x"},
        {"accessToken": v, "tokenType": "Bearer", "expiresIn": 28800})  # fmt: skip
    add(
        "amplify.CreateApp",
        v := draw.alnum(40),
        {"name": "a", "oauthToken": v, "environmentVariables": {"STAGE": "x"}},
    )
    add("eks.DescribeCluster", v := draw.account(), {"name": "c"},
        {"cluster": {"name": "c", "roleArn": f"arn:aws:iam::{v}:role/eks", "tags": {"owner": v}}})  # fmt: skip
    for operation, secret, parameters, answer in made:
        yield Case(f"aws {operation}", (aws(operation, parameters, json.dumps(answer).encode()),), (secret,))
    yield from _aws_xml(draw)


def _aws_xml(draw: Values) -> Iterator[Case]:
    xml = (("Content-Type", "text/xml"),)
    key, secret, token, account = draw.key_id(), draw.secret_key(), draw.session_token(), draw.account()
    answer = (
        '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>'
        f"<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey><SessionToken>{token}</SessionToken>"
        f"<Expiration>2026-01-31T00:00:00Z</Expiration></Credentials><AssumedRoleUser><Arn>arn:aws:sts::{account}"
        f":assumed-role/r/s</Arn><AssumedRoleId>{(unique := draw.unique_id())}:s</AssumedRoleId></AssumedRoleUser>"
        "</AssumeRoleResult></AssumeRoleResponse>"
    )
    asked: dict[str, Any] = {"RoleArn": f"arn:aws:iam::{account}:role/r", "RoleSessionName": "s"}
    yield Case(
        "aws sts.AssumeRole",
        (aws("sts.AssumeRole", asked, answer.encode(), headers=xml, protocol="query"),),
        (key, secret, token, account, unique),
    )
    owner = draw.digest()
    listing = (
        '<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner>'
        f"<ID>{owner}</ID><DisplayName>team</DisplayName></Owner><Buckets><Bucket><Name>logs-{account}"
        "</Name><CreationDate>2026-01-31T00:00:00.000Z</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>"
    )
    who = f"<R><GetCallerIdentityResult><Account>{account}</Account></GetCallerIdentityResult></R>"
    yield Case(
        "aws s3.ListBuckets with an account in a name",
        (
            aws("sts.GetCallerIdentity", {}, who.encode(), headers=xml, protocol="query"),
            aws("s3.ListBuckets", {}, listing.encode(), headers=xml, protocol="rest-xml"),
        ),
        (owner, account),
    )
    password = draw.plain_password()
    data = b64(f"#!/bin/sh\nexport DB_PASSWORD={password}\ncurl -u app:{password} https://x.example.com\n")
    answer = f"<R><instanceId>i-0123456789abcdef0</instanceId><userData><value>{data}</value></userData></R>"
    yield Case(
        "aws ec2.DescribeInstanceAttribute",
        (
            aws("ec2.DescribeInstanceAttribute", {"InstanceId": "i-0123456789abcdef0", "Attribute": "userData"},
                answer.encode(), headers=xml, protocol="ec2"),
        ),
        (password, data),
    )  # fmt: skip
    value = draw.plain_password()
    answer = (
        "<R><DescribeStacksResult><Stacks><member><StackName>s</StackName><Outputs><member><OutputKey>Endpoint"
        f"</OutputKey><OutputValue>{value}</OutputValue></member></Outputs></member></Stacks></DescribeStacksResult></R>"
    )
    yield Case(
        "aws cloudformation.DescribeStacks",
        (
            aws(
                "cloudformation.DescribeStacks",
                {"StackName": "s"},
                answer.encode(),
                headers=xml,
                protocol="query",
            ),
        ),
        (value,),
    )
