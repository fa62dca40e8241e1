"""What each function may do, action by action, and who may call it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stack.expand import Stack

SSM = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/wechat-oa/prod/"
DISTRIBUTION = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/"
TABLE = {
    ("dynamodb:GetItem", "Table.Arn"),
    ("dynamodb:PutItem", "Table.Arn"),
    ("dynamodb:UpdateItem", "Table.Arn"),
    ("dynamodb:Query", "Table.Arn"),
    ("dynamodb:DeleteItem", "Table.Arn"),
}
ANY_RESOURCE = {
    # X-Ray has no resources to name ("Actions, resources, and condition keys for AWS X-Ray").
    ("xray:PutTraceSegments", "*"),
    ("xray:PutTelemetryRecords", "*"),
}
MAY = {
    "CallbackRole": TABLE
    | ANY_RESOURCE
    | {
        ("sqs:SendMessage", "AnswerQueue.Arn"),
        ("ssm:GetParameters", f"{SSM}WECHAT_TOKEN"),
        ("ssm:GetParameters", f"{SSM}WECHAT_ENCODING_AES_KEY"),
        ("ssm:GetParameters", f"{SSM}WECHAT_ENCODING_AES_KEY_PREVIOUS"),
        ("logs:CreateLogStream", "CallbackLogs.Arn"),
        ("logs:PutLogEvents", "CallbackLogs.Arn"),
    },
    "WorkerRole": TABLE
    | ANY_RESOURCE
    | {
        ("sqs:ReceiveMessage", "AnswerQueue.Arn"),
        ("sqs:DeleteMessage", "AnswerQueue.Arn"),
        ("sqs:GetQueueAttributes", "AnswerQueue.Arn"),
        ("sqs:ChangeMessageVisibility", "AnswerQueue.Arn"),
        ("ssm:GetParameters", f"{SSM}OPENAI_API_KEY"),
        ("ssm:GetParameters", f"{SSM}OPENAI_WECHAT_API_KEY"),
        ("ssm:GetParameters", f"{SSM}WECHAT_APP_SECRET"),
        ("logs:CreateLogStream", "WorkerLogs.Arn"),
        ("logs:PutLogEvents", "WorkerLogs.Arn"),
    },
    "PagesRole": TABLE
    | ANY_RESOURCE
    | {
        ("s3:GetObject", "${PagesBucket.Arn}/*"),
        ("s3:PutObject", "${PagesBucket.Arn}/*"),
        ("s3:DeleteObject", "${PagesBucket.Arn}/*"),
        ("s3:ListBucket", "PagesBucket.Arn"),
        ("cloudfront:CreateInvalidation", f"{DISTRIBUTION}${{PagesDistribution}}"),
        ("ssm:GetParameters", f"{SSM}OPENAI_CONFIG_PASSWORD"),
        ("logs:CreateLogStream", "PagesLogs.Arn"),
        ("logs:PutLogEvents", "PagesLogs.Arn"),
    },
    "McpRole": TABLE
    | ANY_RESOURCE
    | {
        ("s3:GetObject", "${PagesBucket.Arn}/*"),
        ("s3:PutObject", "${PagesBucket.Arn}/*"),
        ("s3:DeleteObject", "${PagesBucket.Arn}/*"),
        ("s3:ListBucket", "PagesBucket.Arn"),
        ("s3:GetObject", "${UploadsBucket.Arn}/uploads/*"),
        ("s3:PutObject", "${UploadsBucket.Arn}/uploads/*"),
        ("cloudfront:CreateInvalidation", f"{DISTRIBUTION}${{PagesDistribution}}"),
        ("ssm:GetParameters", f"{SSM}MCP_AUTH_TOKENS"),
        ("ssm:GetParameters", f"{SSM}OPENAI_CONFIG_PASSWORD"),
        ("ssm:GetParameters", f"{SSM}WECHAT_APP_SECRET"),
        ("logs:CreateLogStream", "McpLogs.Arn"),
        ("logs:PutLogEvents", "McpLogs.Arn"),
    },
    "SiteRole": ANY_RESOURCE
    | {
        ("s3:PutObject", "${SiteBucket.Arn}/*"),
        ("s3:DeleteObject", "${SiteBucket.Arn}/*"),
        ("s3:ListBucket", "SiteBucket.Arn"),
        ("s3:PutObject", "${PagesBucket.Arn}/404.html"),
        ("cloudfront:CreateInvalidation", f"{DISTRIBUTION}${{SiteDistribution}}"),
        ("logs:CreateLogStream", "SiteLogs.Arn"),
        ("logs:PutLogEvents", "SiteLogs.Arn"),
    },
}


def as_list(value: Any) -> list[Any]:
    """Return IAM's "one or many" as many."""
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("role", MAY)
def test_a_role_allows_exactly_what_its_function_does(stack: Stack, role: str) -> None:
    properties = stack.properties(role)
    allowed = {
        (action, resource)
        for policy in properties["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }

    assert allowed == MAY[role]
    assert "ManagedPolicyArns" not in properties


def test_every_function_has_a_role_of_its_own_that_only_lambda_may_take(stack: Stack) -> None:
    roles = stack.of_type("AWS::IAM::Role")

    assert set(roles) == set(MAY)
    assert sorted(function["Role"] for function in stack.functions.values()) == [
        f"{r}.Arn" for r in sorted(MAY)
    ]
    for role in roles.values():
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
        assert statement["Action"] == "sts:AssumeRole"


def test_nobody_but_the_api_may_call_a_function(stack: Stack) -> None:
    permissions = stack.of_type("AWS::Lambda::Permission").values()

    assert {(each["FunctionName"], each["SourceArn"].rpartition(":")[2]) for each in permissions} == {
        ("CallbackFunction", "${HttpApi}/*/*/wechat/reply"),
        ("PagesFunction", "${HttpApi}/*/*/*"),
        ("McpFunction", "${HttpApi}/*/*/*"),
    }
    assert {each["Principal"] for each in permissions} == {"apigateway.amazonaws.com"}
