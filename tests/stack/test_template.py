"""The deployment: what template.yaml makes."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from typing import Any

import pytest

from chat_app.app import ROUTES
from chat_app.reading import MOST_SECONDS
from chat_app.stream import HEARTBEAT_SECONDS
from chat_app.visitors import CLOUDFRONT_ADDRESS, COOKIE, PROXY_HEADER
from tests.stack.expand import ROOT, Stack

# ---- The way in ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("context_path", ["", "/wechat-oa", "/a/b"])
def test_the_callback_is_routed_below_the_context_path(context_path: str) -> None:
    stack = Stack(WechatMsgContextPath=context_path)

    routes = stack.of_type("AWS::ApiGatewayV2::Route").values()
    assert {route["ApiId"] for route in routes} == {"HttpApi"}
    assert {route["RouteKey"] for route in routes if "Callback" in route["Target"]} == {
        f"GET {context_path}/wechat/reply",
        f"POST {context_path}/wechat/reply",
    }
    assert stack.properties("CallbackIntegration")["IntegrationUri"] == "CallbackFunction.Arn"
    assert stack.properties("CallbackPermission")["SourceArn"].endswith(f"/*/*{context_path}/wechat/reply")
    assert stack.outputs["CallbackUrl"]["Value"].endswith(f"${{AWS::URLSuffix}}{context_path}/wechat/reply")


def test_a_context_path_is_what_the_functions_take_for_one() -> None:
    pattern = Stack().parameters["WechatMsgContextPath"]["AllowedPattern"]

    assert all(re.search(pattern, path) for path in ("", "/wechat-oa", "/a/b"))
    assert not any(re.search(pattern, path) for path in ("wechat-oa", "/wechat-oa/", "/", "/a b", "/{id}"))


def test_requests_are_throttled_as_chosen() -> None:
    settings = Stack(CallbackRateLimit=7, CallbackBurstLimit=9).properties("HttpApiStage")[
        "DefaultRouteSettings"
    ]

    assert (settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]) == (7, 9)


@pytest.mark.parametrize("partition", ["aws", "aws-cn"])
def test_every_route_is_throttled_and_logged(partition: str) -> None:
    """Every route of an HTTP API has the stage's limits, unless it is given others."""
    stack = Stack(partition=partition)
    stages = stack.of_type("AWS::ApiGatewayV2::Stage")

    assert set(stages) == {"HttpApiStage"}
    assert "RouteSettings" not in stages["HttpApiStage"]
    limits = stages["HttpApiStage"]["DefaultRouteSettings"]
    assert limits["ThrottlingRateLimit"] > 0
    assert limits["ThrottlingBurstLimit"] > 0
    assert {each["ApiId"] for each in stack.of_type("AWS::ApiGatewayV2::Route").values()} == {"HttpApi"}
    assert stages["HttpApiStage"]["AccessLogSettings"]["DestinationArn"] == "HttpApiLogs.Arn"


def test_the_access_log_has_nothing_that_a_stranger_or_a_signature_wrote(stack: Stack) -> None:
    access_log = stack.properties("HttpApiStage")["AccessLogSettings"]

    assert access_log["DestinationArn"] == "HttpApiLogs.Arn"
    assert set(re.findall(r"\$context\.([\w.]+)", access_log["Format"])) == {
        "requestId",
        "requestTime",
        "identity.sourceIp",
        "routeKey",
        "status",
        "responseLatency",
        "integrationLatency",
        "integration.status",
        "error.responseType",
    }
    assert "$request" not in access_log["Format"]


def test_the_callback_outlives_the_longest_wait_but_not_the_gateway(stack: Stack) -> None:
    # An attempt waits 5.5 s for WeChat to hang up; the API's integration ends at 30 s.
    assert 6 < stack.functions["CallbackFunction"]["Timeout"] < 30


@pytest.mark.parametrize("name", ["Callback", "Chat", "Pages", "Mcp"])
def test_concurrency_is_kept_for_a_function_only_when_chosen(stack: Stack, name: str) -> None:
    parameters: dict[str, Any] = {f"{name}ReservedConcurrency": 50}
    chosen = Stack(**parameters)

    assert "ReservedConcurrentExecutions" not in stack.functions[f"{name}Function"]
    assert chosen.functions[f"{name}Function"]["ReservedConcurrentExecutions"] == 50


@pytest.mark.parametrize("name", ["Callback", "Worker", "Chat", "Pages", "Mcp"])
def test_a_function_has_the_memory_that_is_chosen(name: str) -> None:
    parameters: dict[str, Any] = {f"{name}Memory": 777}

    assert Stack(**parameters).functions[f"{name}Function"]["MemorySize"] == 777


# ---- The queue -----------------------------------------------------------------------------------------


def test_the_queue_keeps_each_follower_in_order_without_slowing_the_others(stack: Stack) -> None:
    queue = stack.properties("AnswerQueue")

    assert queue["FifoQueue"]
    assert queue["QueueName"].endswith(".fifo")
    assert queue["DeduplicationScope"] == "messageGroup"
    assert queue["FifoThroughputLimit"] == "perMessageGroupId"
    assert queue["SqsManagedSseEnabled"]


def test_a_message_stays_invisible_for_six_times_as_long_as_a_worker_may_run(stack: Stack) -> None:
    timeout = stack.functions["WorkerFunction"]["Timeout"]

    assert stack.properties("AnswerQueue")["VisibilityTimeout"] >= 6 * timeout


def test_a_job_that_fails_twice_goes_to_the_dead_letters_for_two_weeks(stack: Stack) -> None:
    dead_letters = stack.properties("DeadLetterQueue")

    assert stack.properties("AnswerQueue")["RedrivePolicy"] == {
        "deadLetterTargetArn": "DeadLetterQueue.Arn",
        "maxReceiveCount": 2,
    }
    assert dead_letters["FifoQueue"]
    assert dead_letters["SqsManagedSseEnabled"]
    assert dead_letters["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_the_worker_takes_one_job_at_a_time_and_never_more_than_chosen_at_once() -> None:
    (mapping,) = Stack(WorkerMaximumConcurrency=5).of_type("AWS::Lambda::EventSourceMapping").values()

    assert mapping["EventSourceArn"] == "AnswerQueue.Arn"
    assert mapping["FunctionName"] == "WorkerFunction"
    assert mapping["BatchSize"] == 1
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 5}


# ---- The table -----------------------------------------------------------------------------------------


def test_the_table_has_the_keys_and_the_expiry_that_the_store_uses(stack: Stack) -> None:
    table = stack.properties("Table")

    assert [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]] == [
        ("pk", "HASH"),
        ("sk", "RANGE"),
    ]
    assert {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]} == {
        "pk": "S",
        "sk": "S",
    }
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_what_the_table_holds_is_encrypted_and_cannot_be_lost(stack: Stack) -> None:
    table = stack.properties("Table")

    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["DeletionProtectionEnabled"]
    assert stack.resources["Table"]["DeletionPolicy"] == "Retain"
    assert stack.resources["Table"]["UpdateReplacePolicy"] == "Retain"


# ---- Functions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_functions_and_layer_are_for_the_same_processor(architecture: str) -> None:
    stack = Stack(Architecture=architecture)

    (layer,) = stack.of_type("AWS::Lambda::LayerVersion").values()
    assert layer["CompatibleArchitectures"] == [architecture]
    assert {tuple(each["Architectures"]) for each in stack.functions.values()} == {(architecture,)}


def test_every_function_has_the_layer_and_is_traced_and_runs_where_the_layer_may(stack: Stack) -> None:
    ((name, layer),) = stack.of_type("AWS::Lambda::LayerVersion").items()

    for function in stack.functions.values():
        assert function["Layers"][0] == name
        assert function["TracingConfig"] == {"Mode": "Active"}
        assert [function["Runtime"]] == layer["CompatibleRuntimes"]


def test_every_handler_is_there() -> None:
    handlers = {name: each["Handler"] for name, each in Stack().functions.items()}

    assert handlers == {
        "CallbackFunction": "wechat_reply.callback.handler",
        "WorkerFunction": "wechat_reply.worker.handler",
        "ChatFunction": "run.sh",
        "PagesFunction": "pages_app.handler.handler",
        "McpFunction": "wechat_mcp.handler.handler",
        "SiteFunction": "pages_app.deploying.handler",
    }
    folders = {"wechat_reply": "wechat_reply", "pages_app": "pages", "wechat_mcp": "mcp"}
    del handlers["ChatFunction"]
    for handler in handlers.values():
        path, _, name = handler.replace(".", "/").rpartition("/")
        text = (ROOT / "functions" / folders[path.partition("/")[0]] / f"{path}.py").read_text()
        assert f"\ndef {name}(event: " in text


# ---- The web chat --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("architecture", "layer"), [("arm64", "Arm64:27"), ("x86_64", "X86:27")])
def test_the_web_adapter_of_the_processor_runs_the_script_and_streams(architecture: str, layer: str) -> None:
    stack = Stack(Architecture=architecture)
    function, environment = stack.functions["ChatFunction"], stack.environment("ChatFunction")

    assert function["Layers"][1:] == [
        f"arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:753240598075:layer:LambdaAdapterLayer{layer}"
    ]
    assert environment["AWS_LAMBDA_EXEC_WRAPPER"] == "/opt/bootstrap"
    assert environment["AWS_LWA_INVOKE_MODE"] == "response_stream"
    assert stack.properties("ChatFunctionUrl")["InvokeMode"] == "RESPONSE_STREAM"
    script = ROOT / "functions" / "chat" / function["Handler"]
    assert script.stat().st_mode & 0o777 == 0o755
    assert b"\r" not in script.read_bytes()
    assert f'"${{AWS_LWA_PORT:-{environment["AWS_LWA_PORT"]}}}"' in script.read_text()


def test_no_page_elsewhere_may_call_the_chat(stack: Stack) -> None:
    # Nothing allows it: neither the address nor the application answers a browser's question whether it may.
    assert "Cors" not in stack.properties("ChatFunctionUrl")


def test_the_sites_page_reaches_the_chat_under_its_own_origin_and_nothing_of_it_is_kept(stack: Stack) -> None:
    config = stack.properties("SiteDistribution")["DistributionConfig"]
    behaviors = {b["PathPattern"]: b for b in config["CacheBehaviors"] if b["TargetOriginId"] == "chat"}
    (origin,) = [each for each in config["Origins"] if each["Id"] == "chat"]
    requests = stack.properties("ChatRequests")["OriginRequestPolicyConfig"]

    paths = {path for _, both, _ in ROUTES for path in both}
    assert all(any(fnmatch(path, pattern) for pattern in behaviors) for path in paths)
    for behavior in behaviors.values():
        assert behavior["ViewerProtocolPolicy"] == "https-only"
        assert "POST" in behavior["AllowedMethods"]
        assert not behavior["Compress"]
        assert behavior["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
        assert behavior["OriginRequestPolicyId"] == "ChatRequests"
    assert origin["CustomOriginConfig"]["OriginReadTimeout"] > 2 * HEARTBEAT_SECONDS
    (secret,) = origin["OriginCustomHeaders"]
    assert secret["HeaderName"] == PROXY_HEADER
    assert secret["HeaderValue"] == stack.environment("ChatFunction")["CHAT_PROXY_SECRET"]
    assert requests["CookiesConfig"]["Cookies"] == [COOKIE]
    assert {CLOUDFRONT_ADDRESS, "content-type", "x-config-password"} <= {
        *requests["HeadersConfig"]["Headers"]
    }
    assert "host" not in requests["HeadersConfig"]["Headers"]


def test_the_chat_never_answers_403_which_the_site_shows_as_a_missing_page() -> None:
    sources = (ROOT / "functions" / "chat" / "chat_app").glob("*.py")

    assert not [path.name for path in sources if re.search(r"\b403\b", path.read_text())]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, "https://${SiteDistribution.DomainName}/chat/"),
        ({"SiteDomain": "oa.example.com"}, "https://oa.example.com/chat/"),
        ({"SiteDomain": "oa.example.com", "ChatUrl": "https://a.example/"}, "https://a.example/"),
    ],
)
def test_replies_lead_to_the_sites_chat_or_to_the_one_that_was_named(
    parameters: dict[str, str], expected: str
) -> None:
    stack = Stack(**parameters)

    assert {stack.environment(name)["CHAT_URL"] for name in ("CallbackFunction", "WorkerFunction")} == {
        expected
    }


def test_the_chat_outlives_the_longest_answer(stack: Stack) -> None:
    timeout = stack.functions["ChatFunction"]["Timeout"]
    pattern = stack.parameters["OpenaiTimeout"]["AllowedPattern"]

    assert timeout > MOST_SECONDS
    assert not re.search(pattern, str(timeout - 10))


# ---- Logs and alarms -----------------------------------------------------------------------------------


def test_every_log_is_kept_for_as_long_as_chosen_and_no_longer() -> None:
    stack = Stack(LogRetentionDays=7)

    groups = stack.of_type("AWS::Logs::LogGroup")
    logged_to = {each["LoggingConfig"]["LogGroup"] for each in stack.functions.values()}
    assert set(groups) == {"HttpApiLogs", *logged_to}
    assert len(logged_to) == len(stack.functions)
    assert all(group["RetentionInDays"] == 7 for group in groups.values())
    assert all(each["LoggingConfig"]["LogFormat"] == "JSON" for each in stack.functions.values())


def test_an_alarm_watches_the_queues_and_each_functions_errors_and_throttles(stack: Stack) -> None:
    alarms = stack.of_type("AWS::CloudWatch::Alarm").values()

    watched = {
        (alarm["Namespace"], alarm["MetricName"], *(each["Value"] for each in alarm["Dimensions"]))
        for alarm in alarms
        if "Dimensions" in alarm
    }
    assert watched == {
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "DeadLetterQueue.QueueName"),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", "AnswerQueue.QueueName"),
        *(
            ("AWS/Lambda", metric, function)
            for metric in ("Errors", "Throttles")
            for function in stack.functions
        ),
    }
    for alarm in alarms:
        assert alarm["AlarmActions"] == ["AlarmTopic"]
        assert alarm["TreatMissingData"] == "notBreaching"
        if "Dimensions" not in alarm:
            continue  # what the code itself counts: see test_observability.py
        threshold = 120 if alarm["MetricName"] == "ApproximateAgeOfOldestMessage" else 0
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", threshold)


def test_alarms_go_by_mail_only_to_an_address_that_was_given(stack: Stack) -> None:
    (subscription,) = Stack(AlarmEmail="owner@example.com").of_type("AWS::SNS::Subscription").values()

    assert stack.of_type("AWS::SNS::Subscription") == {}
    assert subscription == {"TopicArn": "AlarmTopic", "Protocol": "email", "Endpoint": "owner@example.com"}


def needs(value: Any) -> set[str]:
    """Return the names that a part of a resource refers to."""
    if isinstance(value, list):
        return {name for each in value for name in needs(each)}
    if not isinstance(value, dict):
        return set()
    found = {name for each in value.values() for name in needs(each)}
    if "Ref" in value:
        found.add(value["Ref"])
    if "Fn::GetAtt" in value:
        found.add(value["Fn::GetAtt"][0])
    if "Fn::Sub" in value:
        text = value["Fn::Sub"] if isinstance(value["Fn::Sub"], str) else value["Fn::Sub"][0]
        found |= set(re.findall(r"\$\{(\w+)", text))
    return found


def depends_on(resource: dict[str, Any]) -> set[str]:
    """Return what a resource says that it depends on."""
    named = resource.get("DependsOn", [])
    return {named} if isinstance(named, str) else set(named)


def test_there_is_an_order_in_which_everything_can_be_made(stack: Stack) -> None:
    """The linter looks at what is written, and not at the resources that SAM adds."""
    waiting = {
        name: (needs(each.get("Properties", {})) | depends_on(each)) & stack.expanded.keys()
        for name, each in stack.expanded.items()
    }
    while ready := {name for name, needed in waiting.items() if not needed}:
        waiting = {name: needed - ready for name, needed in waiting.items() if name not in ready}

    assert waiting == {}


# ---- Everywhere ----------------------------------------------------------------------------------------


def test_no_partition_is_written_out() -> None:
    text = (ROOT / "template.yaml").read_text()

    assert "arn:aws" not in text
    services = set(re.findall(r"[\w.]+\.amazonaws\.com", text))
    assert services == {
        "lambda.amazonaws.com",
        "apigateway.amazonaws.com",
        "cloudfront.amazonaws.com",
    }
