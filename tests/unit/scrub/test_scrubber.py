from __future__ import annotations

import base64
import gzip
import html
import json
import threading
import time
import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest
from botocore.parsers import create_parser
from hypothesis import given
from hypothesis import strategies as st

from sealtape.errors import ResidueFound, SettingsError
from sealtape.interaction import (
    AwsRequest,
    Captured,
    Failure,
    Headers,
    HttpRequest,
    Interaction,
    Request,
    Response,
    Scrubbed,
)
from sealtape.scrub import Scrubber
from sealtape.scrub.content import Frame, build_frame
from sealtape.settings import ScrubSettings

KEY = bytes(range(32))
ACCOUNT = "210987654321"
KEY_ID = "ASIA" + "Q3EGABCDEFGHJKLM"
SECRET_KEY = "wJalr" + "XUtnFEMI/K7MDENG+bPxRfiCYzzz1kEYx9A"
SESSION_TOKEN = "IQoJb3JpZ2lu" + "X2VjEJ7aB1cD2eF3" * 8
ROLE = f"arn:aws:iam::{ACCOUNT}:role/demo"


def scrubber(
    removals: Iterable[Any] = (), environ: Mapping[str, str] | None = None, **settings: tuple[str, ...]
) -> Scrubber:
    return Scrubber(ScrubSettings(**settings), KEY, removals=removals, environ=environ or {})


def scrub(*interactions: Interaction, by: Scrubber | None = None) -> tuple[Scrubbed, ...]:
    return (by or scrubber()).scrub([Captured(interaction) for interaction in interactions])


def replaying(scrubbed: Iterable[Scrubbed]) -> Scrubber:
    return scrubber([removal for item in scrubbed for removal in item.removals])


def aws(
    label: str, parameters: Mapping[str, Any], body: bytes | str = b"{}", *, status: int = 200
) -> Interaction:
    service, operation = label.split(".")
    data = body.encode() if isinstance(body, str) else body
    request = AwsRequest(service, operation, parameters, region="eu-west-1", caller=KEY_ID)
    return Interaction(request, Response(status, "OK", (("content-length", str(len(data))),), data))


def http(
    url: str = "https://api.example.com/", *, headers: Headers = (), body: bytes = b"", answer: bytes = b"",
    answer_headers: Headers = (),
) -> Interaction:  # fmt: skip
    return Interaction(HttpRequest("GET", url, headers, body), Response(200, "OK", answer_headers, answer))


def parameters(item: Scrubbed) -> Any:
    assert isinstance(item.interaction.request, AwsRequest)
    return item.interaction.request.parameters


def url(item: Scrubbed) -> str:
    assert isinstance(item.interaction.request, HttpRequest)
    return item.interaction.request.url


def response(item: Scrubbed) -> Response:
    assert isinstance(item.interaction.outcome, Response)
    return item.interaction.outcome


def parsed(item: Scrubbed) -> Any:
    """What boto3 hands to the program under test."""
    request = item.interaction.request
    assert isinstance(request, AwsRequest)
    model = botocore.session.get_session().get_service_model(request.service)
    shape = model.operation_model(request.operation).output_shape
    answer = response(item)
    raw = {"headers": dict(answer.headers), "body": answer.body, "status_code": answer.status}
    protocol = getattr(model, "resolved_protocol", None) or model.protocol
    return create_parser(protocol).parse(raw, shape)


ASSUME_ROLE = f"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleResult>
    <Credentials>
      <AccessKeyId>{KEY_ID}</AccessKeyId>
      <SecretAccessKey>{SECRET_KEY}</SecretAccessKey>
      <SessionToken>{SESSION_TOKEN}</SessionToken>
      <Expiration>2026-01-31T00:00:00Z</Expiration>
    </Credentials>
    <AssumedRoleUser><AssumedRoleId>{"AROA" + "X" * 17}:s</AssumedRoleId><Arn>{ROLE}</Arn></AssumedRoleUser>
  </AssumeRoleResult>
  <ResponseMetadata><RequestId>0b7d6c2e-8e0b-4b0e-9c59-5f0b9c2d7a11</RequestId></ResponseMetadata>
</AssumeRoleResponse>"""


class TestAws:
    def test_credentials_of_a_role_are_replaced_and_the_rest_of_the_document_is_not_touched(self) -> None:
        [item] = scrub(aws("sts.AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "s"}, ASSUME_ROLE))
        credentials = parsed(item)["Credentials"]
        text = ASSUME_ROLE
        for old, new in (
            (KEY_ID, credentials["AccessKeyId"]),
            (SECRET_KEY, credentials["SecretAccessKey"]),
            (SESSION_TOKEN, credentials["SessionToken"]),
            ("AROA" + "X" * 17, parsed(item)["AssumedRoleUser"]["AssumedRoleId"].partition(":")[0]),
            (ACCOUNT, parameters(item)["RoleArn"].split(":")[4]),
        ):
            assert old != new
            text = text.replace(old, new)
        assert response(item).body.decode() == text
        assert credentials["Expiration"] == datetime(2026, 1, 31, tzinfo=UTC)

    def test_what_was_removed_is_told_by_rule_and_place_and_never_by_value(self) -> None:
        [item] = scrub(aws("sts.AssumeRole", {"RoleArn": ROLE}, ASSUME_ROLE))
        told = {(removal.rule, removal.place) for removal in item.removals}
        assert {
            ("access-key-id", "request.caller"),
            ("account-id", "request.parameters.RoleArn"),
            ("model-sensitive", "response.body.AssumeRoleResult.Credentials.SecretAccessKey"),
            ("model-supplement", "response.body.AssumeRoleResult.Credentials.SessionToken"),
        } <= told
        assert not any(secret in repr(item) for secret in (KEY_ID, SECRET_KEY, SESSION_TOKEN, ACCOUNT))
        assert item.scrubbed_counts["model-sensitive"] == 1

    def test_the_history_of_an_execution_is_looked_into_and_not_replaced(self) -> None:
        output = json.dumps({"greeting": "An output", "password": "Sekr3t" + "Value99xyzzy"})
        event = {"type": "PassStateExited", "id": 3, "stateExitedEventDetails": {"output": output}}
        [item] = scrub(aws("stepfunctions.GetExecutionHistory", {}, json.dumps({"events": [event]})))
        after = json.loads(parsed(item)["events"][0]["stateExitedEventDetails"]["output"])
        assert after["greeting"] == "An output"
        assert after["password"] != "Sekr3t" + "Value99xyzzy"

    def test_the_account_goes_from_everywhere_once_one_answer_tells_it(self) -> None:
        items = scrub(
            aws("s3.ListBuckets", {"Prefix": f"logs-{ACCOUNT}-x"}, f"<R><Name>b{ACCOUNT}z</Name></R>"),
            aws("sts.GetCallerIdentity", {}, f"<R><GetCallerIdentityResult><Account>{ACCOUNT}</Account>"
                "</GetCallerIdentityResult></R>"),
        )  # fmt: skip
        assert ACCOUNT not in repr(items)
        account = parsed(items[1])["Account"]
        assert parameters(items[0])["Prefix"] == f"logs-{account}-x"

    def test_a_twelve_digit_number_that_is_no_account_stays(self) -> None:
        [item] = scrub(aws("s3.ListObjects", {"Marker": "123123123123"}, "<R><Size>987654321098</Size></R>"))
        assert parameters(item) == {"Marker": "123123123123"}
        assert b"987654321098" in response(item).body

    def test_the_account_of_a_queue_url_of_a_local_server_is_known(self) -> None:
        queue = f"http://127.0.0.1:5000/{ACCOUNT}/orders"
        [item] = scrub(aws("sqs.CreateQueue", {"QueueName": "orders"}, json.dumps({"QueueUrl": queue})))
        assert ACCOUNT not in repr(item)
        assert parsed(item)["QueueUrl"].endswith("/orders")

    def test_a_database_secret_keeps_its_names_its_engine_and_its_port(self) -> None:
        secret = {"engine": "postgres", "port": 5432, "username": "app", "password": "Hunter2-Hunter2"}
        body = json.dumps({"Name": "db", "SecretString": json.dumps(secret)})
        [item] = scrub(aws("secretsmanager.GetSecretValue", {"SecretId": "db"}, body))
        after = json.loads(parsed(item)["SecretString"])
        assert (after["engine"], after["port"]) == ("postgres", 5432)
        assert after.keys() == secret.keys()
        assert after["password"] not in (secret["password"], "")
        assert parameters(item) == {"SecretId": "db"}

    def test_a_registry_token_decodes_to_user_and_stand_in(self) -> None:
        token = base64.b64encode(b"AWS:" + b"eyJwYXlsb2Fk" * 4).decode()
        body = json.dumps({"authorizationData": [{"authorizationToken": token}]})
        [item] = scrub(aws("ecr.GetAuthorizationToken", {}, body))
        after = base64.b64decode(parsed(item)["authorizationData"][0]["authorizationToken"])
        assert after.startswith(b"AWS:")
        assert after != base64.b64decode(token)

    def test_plaintext_that_was_decrypted_is_the_plaintext_that_was_encrypted(self) -> None:
        for plain in (b"the launch code 77", bytes(range(32))):
            body = json.dumps({"Plaintext": base64.b64encode(plain).decode()})
            sent, got = scrub(aws("kms.Encrypt", {"Plaintext": plain}), aws("kms.Decrypt", {}, body))
            assert parameters(sent)["Plaintext"] == parsed(got)["Plaintext"] != plain

    def test_a_stack_output_can_be_used_in_the_next_request(self) -> None:
        body = (
            "<R><DescribeStacksResult><Stacks><member><Outputs><member><OutputKey>B</OutputKey>"
            "<OutputValue>reports</OutputValue></member></Outputs></member></Stacks></DescribeStacksResult></R>"
        )
        stacks, put = scrub(
            aws("cloudformation.DescribeStacks", {}, body), aws("s3.PutObject", {"Bucket": "reports"})
        )
        assert parameters(put)["Bucket"] == parsed(stacks)["Stacks"][0]["Outputs"][0]["OutputValue"]

    def test_environment_variables_of_a_function_are_replaced_and_their_names_are_not(self) -> None:
        body = json.dumps(
            {"FunctionName": "f", "Environment": {"Variables": {"TABLE": "orders-1", "ON": "true"}}}
        )
        [item] = scrub(aws("lambda.GetFunctionConfiguration", {"FunctionName": "f"}, body))
        after = parsed(item)["Environment"]["Variables"]
        assert after.keys() == {"TABLE", "ON"}
        assert after["TABLE"] != "orders-1"
        assert after["ON"] == "true"

    def test_an_invocation_payload_is_looked_into_and_not_blanked(self) -> None:
        payload = json.dumps({"statusCode": 200, "token": "t0k-en-77-88", "message": "three orders"})
        [item] = scrub(aws("lambda.Invoke", {"FunctionName": "f", "Payload": payload.encode()}, payload))
        after = json.loads(response(item).body)
        assert (after["statusCode"], after["message"]) == (200, "three orders")
        assert after["token"] != "t0k-en-77-88"
        assert json.loads(parameters(item)["Payload"]) == after

    def test_code_location_stays_a_presigned_url_that_can_be_fetched(self) -> None:
        location = (
            f"https://tasks.s3.eu-west-1.amazonaws.com/snapshots/{ACCOUNT}/f-1?versionId=v1&X-Amz-Date=20260101T000000Z"
            f"&X-Amz-Credential={KEY_ID}%2F20260101%2Feu-west-1%2Fs3%2Faws4_request"
            f"&X-Amz-Security-Token={SESSION_TOKEN}&X-Amz-Signature={'a1' * 32}"
        )
        got, fetched = scrub(
            aws("lambda.GetFunction", {"FunctionName": "f"}, json.dumps({"Code": {"Location": location}})),
            http(location),
        )
        after = parsed(got)["Code"]["Location"]
        assert url(fetched) == after
        assert after.startswith("https://tasks.s3.eu-west-1.amazonaws.com/snapshots/")
        assert "versionId=v1&X-Amz-Date=20260101T000000Z" in after
        assert not any(s in after for s in (ACCOUNT, KEY_ID, SESSION_TOKEN, "a1a1a1"))

    def test_user_data_stays_base64_of_text(self) -> None:
        script = "#!/bin/bash\nexport DB_PASSWORD=Hunter2-Hunter2\n"
        [item] = scrub(aws("ec2.RunInstances", {"UserData": base64.b64encode(script.encode()).decode()}))
        after = base64.b64decode(parameters(item)["UserData"]).decode()
        assert after.count("\n") == 2
        assert "Hunter2" not in after

    def test_an_error_answer_is_scrubbed_as_well(self) -> None:
        body = json.dumps({"__type": "AccessDenied", "message": f"{ROLE} may not, token=ab12cd34ef56"})
        [item] = scrub(aws("dynamodb.GetItem", {"TableName": "t"}, body, status=400))
        assert ACCOUNT not in response(item).body.decode()
        assert json.loads(response(item).body)["__type"] == "AccessDenied"

    def test_a_failure_text_is_scrubbed(self) -> None:
        request = AwsRequest("s3", "ListBuckets", {})
        failure = Failure(
            "EndpointConnectionError", f"cannot reach https://{ACCOUNT}.s3-control.amazonaws.com/"
        )
        [item] = scrub(Interaction(request, failure))
        assert isinstance(item.interaction.outcome, Failure)
        assert ACCOUNT not in item.interaction.outcome.message

    def test_event_stream_frames_have_true_checksums_afterwards(self) -> None:
        name = b"\x0b:event-type\x07\x00\x05chunk"
        frame = Frame(name, "chunk", json.dumps({"who": ROLE}).encode())
        interaction = Interaction(
            AwsRequest("bedrock-runtime", "InvokeModelWithResponseStream", {}),
            Response(
                200, "OK", (("Content-Type", "application/vnd.amazon.eventstream"),), build_frame(frame)
            ),
        )
        [item] = scrub(interaction)
        body = response(item).body
        assert ACCOUNT.encode() not in body
        assert zlib.crc32(body[:-4]).to_bytes(4, "big") == body[-4:]

    def test_tags_of_capture_survive_inside_of_sensitive_parameters(self) -> None:
        tree = {
            "AuthParameters": {"when": {"$time": "2026-01-01T00:00:00+00:00"}, "PASSWORD": "Hunter2-Hunter2"}
        }
        [item] = scrub(aws("cognito-idp.InitiateAuth", tree))
        after = parameters(item)["AuthParameters"]
        assert after["when"] == {"$time": "2026-01-01T00:00:00+00:00"}
        assert after["PASSWORD"] != "Hunter2-Hunter2"


class TestHttp:
    def test_a_token_of_a_login_is_the_token_of_the_next_request(self) -> None:
        login, use = scrub(
            http(body=b"user=joe&password=Hunter2-Hunter2", answer=b'{"access_token": "tok-12-34-56-78"}'),
            http(
                "https://api.example.com/me?t=tok-12-34-56-78",
                headers=(("Authorization", "Bearer tok-12-34-56-78"),),
            ),
        )
        token = json.loads(response(login).body)["access_token"]
        assert token != "tok-12-34-56-78"
        assert url(use) == f"https://api.example.com/me?t={token}"
        assert use.interaction.request == HttpRequest(
            "GET", url(use), (("Authorization", f"Bearer {token}"),), b""
        )

    def test_a_word_that_a_model_claims_stays_in_prose_and_in_longer_names(self) -> None:
        items = scrub(
            aws("ssm.GetParameter", {"Name": "p"}, '{"Parameter": {"Value": "reports"}}'),
            http(answer=b'{"my-reports": 1, "text": "the reports of today", "which": "reports"}'),
        )
        word = parsed(items[0])["Parameter"]["Value"]
        after = json.loads(response(items[1]).body)
        assert after == {"my-reports": 1, "text": "the reports of today", "which": word}

    def test_a_secret_used_as_a_name_is_replaced_there_too(self) -> None:
        login, use = scrub(
            http(answer=b'{"password": "kestrel7s", "token": "kestrel7s-77-ab"}'),
            http(answer=b'{"my-kestrel7s": 1, "x.kestrel7s-77-ab": [2]}'),
        )
        made = json.loads(response(login).body)
        assert list(json.loads(response(use).body)) == [f"my-{made['password']}", f"x.{made['token']}"]

    def test_a_secret_found_late_is_gone_from_earlier_interactions(self) -> None:
        first, _ = scrub(
            http("https://api.example.com/a/Zx81-Qw72-Er63"), http(answer=b'{"secret": "Zx81-Qw72-Er63"}')
        )
        assert "Zx81" not in url(first)

    def test_cookies_keep_names_and_attributes(self) -> None:
        [item] = scrub(
            http(headers=(("Cookie", "theme=dark99; sid=abcdef123456"),),
                 answer_headers=(("Set-Cookie", "sid=abcdef123456; Path=/; HttpOnly"),))
        )  # fmt: skip
        assert isinstance(item.interaction.request, HttpRequest)
        sent, got = item.interaction.request.headers[0][1], response(item).headers[0][1]
        sid = sent.split("sid=")[1]
        assert sent.startswith("theme=")
        assert got == f"sid={sid}; Path=/; HttpOnly"
        assert sid != "abcdef123456"

    def test_a_signed_request_keeps_scheme_scope_and_signed_headers(self) -> None:
        value = (
            f"AWS4-HMAC-SHA256 Credential={KEY_ID}/20260101/eu-west-1/s3/aws4_request, "
            f"SignedHeaders=host;x-amz-date, Signature={'0a' * 32}"
        )
        [item] = scrub(http(headers=(("Authorization", value),)))
        assert isinstance(item.interaction.request, HttpRequest)
        after = item.interaction.request.headers[0][1]
        assert after.startswith("AWS4-HMAC-SHA256 Credential=ASIA")
        assert "/20260101/eu-west-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=" in after
        assert KEY_ID not in after
        assert "0a0a" not in after

    def test_a_gzip_body_is_rebuilt_and_its_length_is_true(self) -> None:
        body = gzip.compress(b'{"password": "Hunter2-Hunter2", "id": 7}')
        [item] = scrub(
            http(
                answer=body, answer_headers=(("Content-Encoding", "gzip"), ("Content-Length", str(len(body))))
            )
        )
        after = response(item)
        assert json.loads(gzip.decompress(after.body))["id"] == 7
        assert b"Hunter2" not in gzip.decompress(after.body)
        assert dict(after.headers)["Content-Length"] == str(len(after.body))

    def test_bodies_without_secrets_are_the_same_objects(self) -> None:
        for body in (
            gzip.compress(b'{"a": 1}'),
            b'{ "a":1}\n',
            b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
            b"<r/>",
        ):
            interaction = http(answer=body)
            [item] = scrub(interaction)
            assert item.interaction is interaction
            assert item.removals == ()

    def test_a_password_in_a_url_is_replaced_and_the_user_stays(self) -> None:
        [item] = scrub(http("https://joe:Hunter2%21Hunter2@api.example.com:8443/x"))
        assert url(item).startswith("https://joe:")
        assert url(item).endswith("@api.example.com:8443/x")
        assert "Hunter2" not in url(item)

    def test_an_undecodable_body_is_refused(self) -> None:
        with pytest.raises(ResidueFound, match=r"unreadable at GET:response\.body"):
            scrub(http(answer=b"xx", answer_headers=(("Content-Encoding", "compress"),)))

    def test_a_word_of_a_cookie_or_under_a_secret_name_stays_elsewhere(self) -> None:
        document = {
            "password": "required",
            "credential": "2026-01-31",
            "size": 1234567,
            "language": "english",
        }
        document |= {"note": "english is required since 2026-01-31", "sz": "1234567"}
        [item] = scrub(
            http(answer=json.dumps(document).encode(),
                 answer_headers=(("Set-Cookie", "sid=english"), ("Set-Cookie", "n=1234567; Path=/")))
        )  # fmt: skip
        after = json.loads(response(item).body)
        assert "english" not in response(item).headers[0][1]
        assert "1234567" not in response(item).headers[1][1]
        assert {key for key in document if after[key] != document[key]} == {"password"}

    def test_a_number_that_is_a_known_value_goes_from_numbers_too(self) -> None:
        [item] = scrub(
            http(answer=b'{"password": "918273645", "order": 918273645, "back": -918273645, "n": 12}')
        )
        after = json.loads(response(item).body)
        assert after["order"] == int(after["password"]) == -after["back"] != 918273645
        assert after["n"] == 12

    def test_messages_about_a_password_stay_and_passwords_among_them_do_not(self) -> None:
        errors = {"errors": {"password": ["is too short", "has no digit"], "token": "can't be blank"}}
        [item] = scrub(http(answer=json.dumps(errors).encode()))
        assert json.loads(response(item).body) == errors
        [item] = scrub(http(answer=b'{"errors": {"password": "Hunter2-77"}, "password": "it is Hunter2-77"}'))
        assert b"Hunter2" not in response(item).body

    def test_a_secret_key_goes_wherever_its_id_stands_in_the_document(self) -> None:
        other = "aB3" * 13 + "x"
        for text in (
            f"<tr><td>{KEY_ID}</td><td>{SECRET_KEY}</td></tr>",
            json.dumps({"a": KEY_ID, "b": [SECRET_KEY]}),
        ):
            [item, apart] = scrub(http(answer=text.encode()), http(answer=text.replace(KEY_ID, "x").encode()))
            assert SECRET_KEY.encode() not in response(item).body
            assert SECRET_KEY.encode() not in response(apart).body
        [item] = scrub(http(answer=json.dumps({"a": "x", "b": other}).encode()))
        assert other.encode() in response(item).body

    def test_a_form_that_was_signed_for_an_upload_loses_its_signature(self) -> None:
        scope = "20260101/x/s3/aws4_request"
        fields = {"key": "a/b.txt", "AWSAccessKeyId": KEY_ID, "x-amz-credential": f"{KEY_ID}/{scope}"}
        fields |= {"x-amz-security-token": SESSION_TOKEN, "signature": "aB3+" * 7}
        fields |= {"x-amz-signature": "0a" * 32}
        parts = "".join(
            f'--cut\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        )
        kind = (("Content-Type", "multipart/form-data; boundary=cut"),)
        [item] = scrub(http(headers=kind, body=f"{parts}--cut--\r\n".encode()))
        assert isinstance(item.interaction.request, HttpRequest)
        after = item.interaction.request.body.decode()
        assert not any(secret in after for secret in (KEY_ID, SESSION_TOKEN, "aB3+aB3+", "0a0a0a"))
        assert "\r\na/b.txt\r\n" in after
        assert f"/{scope}" in after

    def test_the_account_of_zeros_is_a_placeholder(self) -> None:
        interaction = http(answer=b'{"arn": "arn:aws:iam::000000000000:root", "n": "000000000000"}')
        assert scrub(interaction)[0].interaction is interaction

    @pytest.mark.parametrize("account", ["123456789012", "111122223333"])
    def test_the_accounts_of_the_documentation_are_nobodys(self, account: str) -> None:
        answer = {
            "arn": f"arn:aws:iam::{account}:root",
            "OwnerId": account,
            "QueueUrl": f"https://sqs.eu-west-1.amazonaws.com/{account}/jobs",
        }
        interaction = aws("sqs.GetQueueUrl", {"QueueName": "jobs"}, json.dumps(answer))
        assert scrub(interaction)[0].interaction.outcome is interaction.outcome

    def test_the_credentials_of_the_documentation_stay_what_they_are(self) -> None:
        key = "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYzEXAMPLEKEY"
        token = "AQo" + "EXAMPLE" + "H4aoAH0gNCAPyJxz4BlCFFxWNE1OPTgk5TthT" * 3
        answer = json.dumps({"SecretAccessKey": key, "SessionToken": token}).encode()
        interaction = http(answer=answer)
        assert scrub(interaction)[0].interaction is interaction

    def test_every_one_of_many_secrets_goes(self) -> None:
        by = scrubber()
        interactions = [
            http(
                f"https://api.example.com/{number}",
                answer=json.dumps({"id": number, "token": f"t{number:05}ABCdef123456"}).encode(),
            )
            for number in range(300)
        ]
        items = scrub(*interactions, by=by)
        assert not any(b"ABCdef123456" in response(item).body for item in items)


class TestSettings:
    def test_a_variable_that_is_set_later_is_learned_when_asked(self) -> None:
        environ = {"HOME": "/home/joe"}
        by = scrubber(environ=environ)
        environ["MYAPP_API_TOKEN"] = "late-0815-4711"
        interaction = http("https://api.example.com/late-0815-4711")
        assert "late-0815" in url(scrub(interaction, by=by)[0])
        by.learn_environment(environ)
        by.learn_environment(environ)
        assert "late-0815" not in url(scrub(interaction, by=by)[0])

    def test_registered_names_are_secret_in_every_place(self) -> None:
        by = scrubber(names=("tenant-code",))
        [item] = scrub(
            http("https://e.example.com/?tenantCode=abc-777", body=b'{"tenant_code": "abc-778"}'), by=by
        )
        assert "abc-77" not in repr(item)
        assert "registered-name" in item.scrubbed_counts

    def test_a_registered_pattern_takes_its_first_group(self) -> None:
        by = scrubber(patterns=(r"order ([A-Z]{2}-\d+)",))
        [item] = scrub(http(answer=b"see order QX-99 of order"), by=by)
        assert response(item).body.startswith(b"see order ")
        assert b"QX-99" not in response(item).body

    def test_a_pattern_that_is_none_is_told_with_its_setting(self) -> None:
        with pytest.raises(SettingsError, match="patterns"):
            scrubber(patterns=("(",))

    def test_registered_variables_and_those_whose_names_say_secret_are_removed(self) -> None:
        environ = {
            "PLACE": "kz-4711",
            "CI_JOB_TOKEN": "job-0815-4711",
            "HOME": "/home/joe-1234",
            "X_KEY": "short",
        }
        by = scrubber(environ=environ, environment=("PLACE",))
        [item] = scrub(http(answer=b"kz-4711 job-0815-4711 /home/joe-1234 short"), by=by)
        after = response(item).body.decode()
        assert "4711" not in after
        assert after.endswith("/home/joe-1234 short")

    def test_a_named_finding_at_a_named_place_can_be_accepted(self) -> None:
        body = http(answer=b"xx", answer_headers=(("Content-Encoding", "compress"),))
        by = scrubber(allow=("unreadable@GET:response.body",))
        assert scrub(body, by=by)[0].interaction is body

    def test_learned_values_are_removed_and_ordinary_words_are_not(self) -> None:
        by = scrubber()
        for value in ("admin", "true", "12345", SECRET_KEY, ""):
            by.learn(value, "secret-access-key")
        [item] = scrub(http(answer=f"admin true 12345 {SECRET_KEY}".encode()), by=by)
        assert response(item).body.startswith(b"admin true 12345 ")
        assert SECRET_KEY.encode() not in response(item).body

    def test_learning_on_many_threads_loses_nothing(self) -> None:
        by = scrubber()
        values = [f"v{number:03}-secret-{number * 7919 % 1000:03}" for number in range(200)]

        def learn(part: int) -> None:
            for value in values[part::8]:
                by.learn(value, "session-token")

        threads = [threading.Thread(target=learn, args=(part,)) for part in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        [item] = scrub(http(answer="\n".join(values).encode()), by=by)
        assert not any(value.encode() in response(item).body for value in values)


class TestReplay:
    CONVERSATION = (
        aws("sts.AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "s"}, ASSUME_ROLE),
        aws("s3.PutObject", {"Bucket": f"logs-{ACCOUNT}", "Key": "k", "Body": {"$stream": True}}),
        aws("secretsmanager.PutSecretValue", {"SecretId": "db", "SecretString": '{"pin": "Hunter2-77"}'}),
        http("https://api.example.com/a?token=tok-12-34-56", 
             headers=(("Authorization", "Basic am9lOkh1bnRlcjItNzc="),),
             body=json.dumps({"note": "Hunter2-77", "who": ACCOUNT}).encode()),
    )  # fmt: skip

    def test_a_live_request_with_the_real_values_equals_the_recorded_one(self) -> None:
        recorded = scrub(*self.CONVERSATION)
        fresh = replaying(recorded)
        for live, item in zip(self.CONVERSATION, recorded, strict=True):
            assert fresh.scrub_request(live.request) == item.interaction.request != live.request

    def test_a_live_request_with_the_stand_ins_equals_the_recorded_one(self) -> None:
        recorded = scrub(*self.CONVERSATION)
        fresh = replaying(recorded)
        for item in recorded:
            assert fresh.scrub_request(item.interaction.request) == item.interaction.request

    def test_a_registered_value_is_recognised_without_being_registered_again(self) -> None:
        by = scrubber(environ={"BUILD_TOKEN": "bucket-of-joe-42"})
        live = aws("s3.ListObjects", {"Bucket": "bucket-of-joe-42", "Prefix": "x/bucket-of-joe-42/y"})
        recorded = scrub(live, by=by)
        assert (
            replaying(recorded).scrub_request(live.request) == recorded[0].interaction.request != live.request
        )

    @pytest.mark.parametrize(
        "glued", ["a{}b", "{}g1", "x={}", lambda v: v.encode().hex(), str.upper, lambda v: f"<a>{v}1</a>"]
    )
    def test_a_value_shown_before_is_recognised_inside_of_words_and_encodings(self, glued: Any) -> None:
        secret = "Sekr3t" + "Value" + "99xyzzy"
        text = glued.format(secret) if isinstance(glued, str) else glued(secret)
        first, second = http(body=json.dumps({"password": secret}).encode()), http(body=text.encode())
        both = http("https://api.example.com/" + text, body=json.dumps({"password": secret}).encode())
        for conversation in ((first, second), (both,)):
            recorded = scrub(*conversation)
            fresh = replaying(recorded)
            for live, item in zip(conversation, recorded, strict=True):
                assert fresh.scrub_request(live.request) == item.interaction.request != live.request

    def test_a_secret_that_is_an_ordinary_word_is_still_one_only_in_its_place(self) -> None:
        key = {"ApiKeyName": "test", "ApiKeyValue": "test"}
        live = aws("events.CreateConnection", {"AuthParameters": {"ApiKeyAuthParameters": key}})
        recorded = scrub(live)
        assert parameters(recorded[0])["AuthParameters"]["ApiKeyAuthParameters"]["ApiKeyName"] == "test"
        assert replaying(recorded).scrub_request(live.request) == recorded[0].interaction.request

    def test_a_number_is_recognised_by_its_digest(self) -> None:
        live = aws("dynamodb.GetItem", {"TableName": "t", "Arn": ROLE, "Owner": int(ACCOUNT)})
        recorded = scrub(live)
        assert parameters(recorded[0])["Owner"] != int(ACCOUNT)
        number = aws("dynamodb.GetItem", {"TableName": "t", "Owner": int(ACCOUNT)})
        after = replaying(recorded).scrub_request(number.request)
        assert isinstance(after, AwsRequest)
        assert after.parameters["Owner"] == parameters(recorded[0])["Owner"]

    def test_values_that_were_shown_are_given_back_as_they_were_written(self) -> None:
        secret = 'Ab1&<x>"' + "q9zzzzz"
        echo = f"<a>{html.escape(secret)}</a>".encode()
        recorded = scrub(http(body=json.dumps({"password": secret}).encode(), answer=echo))
        fresh = replaying(recorded)
        fresh.scrub_request(
            HttpRequest("GET", "https://e.example.com/", (), json.dumps({"password": secret}).encode())
        )
        assert fresh.restore(recorded[0]) == Response(200, "OK", (), echo)

    def test_a_response_without_a_value_of_the_caller_is_the_same_object(self) -> None:
        items = [{"id": {"S": f"order-{number}=x"}} for number in range(20)]
        recorded = scrub(aws("dynamodb.Scan", {"TableName": "t"}, json.dumps({"Items": items})))
        fresh = replaying(recorded)
        fresh.scrub_request(aws("dynamodb.Scan", {"TableName": "t"}).request)
        assert fresh.restore(recorded[0]) is recorded[0].interaction.outcome

    def test_a_request_without_secrets_is_the_same_object(self) -> None:
        request = AwsRequest("dynamodb", "GetItem", {"TableName": "orders", "Key": {"id": {"S": "o-1"}}})
        assert scrubber().scrub_request(request) is request

    def test_a_stand_in_on_its_way_out_is_found_by_its_place(self) -> None:
        recorded = scrub(*self.CONVERSATION)
        fresh = replaying(recorded)
        assert fresh.holds_stand_in(recorded[1].interaction.request) == "request.parameters.Bucket"
        assert fresh.holds_stand_in(recorded[3].interaction.request) == "request.url"
        encoded = base64.b64encode(json.dumps(parameters(recorded[1])).encode()).decode()
        assert fresh.holds_stand_in(AwsRequest("sqs", "SendMessage", {"MessageBody": encoded})) is not None
        assert not any(fresh.holds_stand_in(live.request) for live in self.CONVERSATION)

    def test_stand_ins_are_known_where_they_were_made_and_where_they_were_opened(self) -> None:
        by = scrubber()
        recorded = scrub(*self.CONVERSATION, by=by)
        bucket = parameters(recorded[1])["Bucket"].removeprefix("logs-")
        assert by.is_stand_in(bucket)
        assert replaying(recorded).is_stand_in(bucket)
        assert not scrubber().is_stand_in(bucket)

    def test_scrubbing_a_scrubbed_cassette_changes_nothing_and_keeps_its_removals(self) -> None:
        recorded = scrub(*self.CONVERSATION)
        assert replaying(recorded).scrub(recorded) == recorded

    def test_recording_again_gives_the_same_result(self) -> None:
        assert scrub(*self.CONVERSATION) == scrub(*self.CONVERSATION)

    def test_a_secret_learned_later_goes_from_what_was_recorded_before(self) -> None:
        before = scrub(http("https://api.example.com/a/Zx81-Qw72-Er63"))
        assert "Zx81-Qw72-Er63" in url(before[0])
        by = replaying(before)
        after = by.scrub([*before, Captured(http(answer=b'{"secret": "Zx81-Qw72-Er63"}'))])
        assert "Zx81-Qw72-Er63" not in repr(after)


ANY_BODY = (
    st.binary(max_size=80)
    | st.text(max_size=80).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.text('{}[]",:\\eyJAK<>&%=;/+\n 012', max_size=60).map(str.encode)
    | st.binary(max_size=40).map(gzip.compress)
    | st.binary(max_size=40).map(lambda data: b"\x1f\x8b\x08" + data)
)


class TestBadInput:
    @given(ANY_BODY, st.sampled_from(["", "application/json", "multipart/form-data; boundary=a", "text/xml",
                                      "application/vnd.amazon.eventstream"]))  # fmt: skip
    def test_no_body_raises_a_library_error(self, body: bytes, kind: str) -> None:
        interaction = http(body=body, headers=(("Content-Type", kind),), answer=body, answer_headers=())
        by = scrubber()
        try:
            first = scrub(interaction, by=by)
        except ResidueFound:
            return  # of a broken gzip body nothing else can be said
        assert [item.interaction for item in by.scrub(first)] == [item.interaction for item in first]

    @given(
        st.dictionaries(st.text(max_size=8), st.text(max_size=20) | st.binary(max_size=20) | st.integers())
    )
    def test_any_parameters_are_the_same_live_as_recorded(self, tree: dict[str, Any]) -> None:
        live = aws("dynamodb.PutItem", {**tree, "password": "Hunter2-77"})
        recorded = scrub(live)
        assert replaying(recorded).scrub_request(live.request) == recorded[0].interaction.request

    @pytest.mark.parametrize(
        "url", ["", "x", "http://[", "https://:@/", "http://a/%zz?%&=&;", "http://a/\ud800"]
    )
    def test_any_url_is_taken(self, url: str) -> None:
        request: Request = HttpRequest("GET", url)
        assert scrubber().scrub_request(request) == request

    def test_deep_nesting_ends(self) -> None:
        text = "password=Hunter2-77"
        for _ in range(40):
            text = json.dumps({"v": text})[:100_000]
        deep = b"[" * 50_000 + b"]" * 50_000
        assert scrub(http(answer=deep))[0].interaction.outcome == Response(200, "OK", (), deep)

    def test_a_large_binary_body_is_read_in_a_fraction_of_a_second_and_not_copied(self) -> None:
        body = bytes(range(256)) * 40_000
        interaction = http(answer=body)
        started = time.perf_counter()
        [item] = scrub(interaction)
        assert time.perf_counter() - started < 3
        assert response(item).body is body


@pytest.mark.parametrize(
    "name",
    [
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:ops/deployer-e18fd818-KdcrFj",
        "no version of secret arn:aws:secretsmanager:us-east-1:123456789012:secret:db-prod-2-TmyoON.",
        "arn:aws:states:us-east-1:123456789012:execution:reset-password:run-2026-01-02",
        "urn:example:secret:build-42",
        "registry.example.com/example/api-token:sha-3f2a1b9",
    ],
)
def test_the_name_of_a_resource_is_no_assignment(name: str) -> None:
    for body in (json.dumps({"message": name}), name):
        response = Response(200, "OK", (), body.encode())
        request = HttpRequest("GET", "http://example.com/", (), b"")
        [scrubbed] = Scrubber(ScrubSettings(), KEY, environ={}).scrub(
            [Captured(Interaction(request, response))]
        )
        assert scrubbed.interaction.outcome == response


def test_a_signature_that_kms_makes_can_be_sent_back() -> None:
    signature = base64.b64encode(bytes(range(7, 71))).decode()
    sign = AwsRequest("kms", "Sign", {"KeyId": "1"}, region="eu-west-1")
    verify = AwsRequest("kms", "Verify", {"Signature": base64.b64decode(signature)}, region="eu-west-1")
    answered = [
        Captured(Interaction(sign, Response(200, "OK", (), json.dumps({"Signature": signature}).encode()))),
        Captured(Interaction(verify, Response(200, "OK", (), b"{}"))),
    ]
    scrubbed = Scrubber(ScrubSettings(), KEY, environ={}).scrub(answered)
    assert [one.interaction for one in scrubbed] == [one.interaction for one in answered]
