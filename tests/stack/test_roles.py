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
        ("ssm:GetParameters", f"{SSM}WECHAT_TOKEN"),
        ("ssm:GetParameters", f"{SSM}OPENAI_API_KEY"),
        ("ssm:GetParameters", f"{SSM}OPENAI_WECHAT_API_KEY"),
        ("ssm:GetParameters", f"{SSM}WECHAT_APP_SECRET"),
        ("logs:CreateLogStream", "WorkerLogs.Arn"),
        ("logs:PutLogEvents", "WorkerLogs.Arn"),
    },
    "ChatRole": (TABLE - {("dynamodb:Query", "Table.Arn")})
    | ANY_RESOURCE
    | {
        ("ssm:GetParameters", f"{SSM}OPENAI_API_KEY"),
        ("ssm:GetParameters", f"{SSM}OPENAI_WECHAT_API_KEY"),
        ("ssm:GetParameters", f"{SSM}OPENAI_CONFIG_PASSWORD"),
        ("logs:CreateLogStream", "ChatLogs.Arn"),
        ("logs:PutLogEvents", "ChatLogs.Arn"),
    },
    "PagesRole": TABLE
    | ANY_RESOURCE
    | {
        ("s3:GetObject", "${PagesBucket.Arn}/*"),
        ("s3:PutObject", "${PagesBucket.Arn}/*"),
        ("s3:DeleteObject", "${PagesBucket.Arn}/*"),
        ("s3:ListBucket", "PagesBucket.Arn"),
        ("cloudfront:CreateInvalidation", f"{DISTRIBUTION}${{PagesDistribution}}"),
        ("ssm:GetParameters", f"{SSM}MCP_AUTH_TOKENS"),
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
        ("ssm:GetParameter", f"{SSM}MCP_ACCOUNT"),
        ("ssm:PutParameter", f"{SSM}MCP_ACCOUNT"),
        ("ssm:DeleteParameter", f"{SSM}MCP_ACCOUNT"),
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


TOKEN = ANY_RESOURCE | {
    ("dynamodb:GetItem", "Table.Arn"),
    # Where an expired token is still lying in the table.
    ("dynamodb:PutItem", "Table.Arn"),
    ("dynamodb:UpdateItem", "Table.Arn"),
    # Lambda's own rights in the network ("Giving Lambda functions access to resources in an Amazon VPC").
    ("ec2:CreateNetworkInterface", "arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:*/*"),
    ("ec2:DeleteNetworkInterface", "arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:*/*"),
    ("ec2:AssignPrivateIpAddresses", "arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:*/*"),
    ("ec2:UnassignPrivateIpAddresses", "arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:*/*"),
    ("ec2:DescribeNetworkInterfaces", "*"),
    ("ec2:DescribeSubnets", "*"),
    ("logs:CreateLogStream", "TokenLogs.Arn"),
    ("logs:PutLogEvents", "TokenLogs.Arn"),
}


def as_list(value: Any) -> list[Any]:
    """Return IAM's "one or many" as many."""
    return value if isinstance(value, list) else [value]


def statements(stack: Stack, role: str, effect: str = "Allow") -> list[dict[str, Any]]:
    """Return what a role is allowed, or denied."""
    (policy,) = stack.properties(role)["Policies"]
    return [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == effect]


def rights(stack: Stack, role: str, effect: str = "Allow") -> set[tuple[str, str]]:
    """Return the actions that a role is allowed, or denied, each with its resource."""
    return {
        (action, resource)
        for statement in statements(stack, role, effect)
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }


@pytest.mark.parametrize("role", MAY)
def test_a_role_allows_exactly_what_its_function_does(stack: Stack, role: str) -> None:
    assert rights(stack, role) == MAY[role]
    assert "ManagedPolicyArns" not in stack.properties(role)


@pytest.mark.parametrize("mode", ["nat-gateway", "nat-instance"])
def test_with_a_network_those_that_need_tokens_may_call_its_function_and_nobody_else(mode: str) -> None:
    stack = Stack(EgressMode=mode)
    call = {("lambda:InvokeFunction", "TokenFunction.Arn")}

    assert set(stack.of_type("AWS::IAM::Role")) == {*MAY, "TokenRole"}
    for role, before in MAY.items():
        assert rights(stack, role) == before | (call if role in ("WorkerRole", "McpRole") else set())
    assert rights(stack, "TokenRole") == TOKEN


def test_the_token_functions_own_code_reaches_nothing_of_the_network() -> None:
    stack = Stack(EgressMode="nat-gateway")

    (denied,) = statements(stack, "TokenRole", "Deny")
    assert (denied["Action"], denied["Resource"]) == ("ec2:*", "*")
    assert "lambda:SourceFunctionArn" in denied["Condition"]["ArnLike"]


def test_with_a_proxy_those_that_need_tokens_may_read_its_address() -> None:
    stack = Stack(EgressMode="proxy")

    for role, before in MAY.items():
        more = {("ssm:GetParameters", f"{SSM}WECHAT_TOKEN_PROXY")}
        assert rights(stack, role) == before | (more if role in ("WorkerRole", "McpRole") else set())


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
    permissions = [
        each
        for each in stack.of_type("AWS::Lambda::Permission").values()
        if each["FunctionName"] != "ChatFunction"
    ]

    assert {(each["FunctionName"], each["SourceArn"].rpartition(":")[2]) for each in permissions} == {
        ("CallbackFunction", "${HttpApi}/*/*/wechat/reply"),
        ("PagesFunction", "${HttpApi}/*/*/*"),
        ("McpFunction", "${HttpApi}/*/*/*"),
    }
    assert {each["Principal"] for each in permissions} == {"apigateway.amazonaws.com"}


def test_the_public_may_call_the_chat_through_its_address_and_in_no_other_way(stack: Stack) -> None:
    permissions = stack.of_type("AWS::Lambda::Permission").values()
    of_chat = [each for each in permissions if each["FunctionName"] == "ChatFunction"]

    assert {each["Action"] for each in of_chat} <= {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}
    for each in of_chat:
        through_address = each.get("FunctionUrlAuthType") == "NONE" or each.get("InvokedViaFunctionUrl")
        assert through_address, each
