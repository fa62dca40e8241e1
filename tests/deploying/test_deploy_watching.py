"""``python -m deploy status`` and ``logs``: how the account is doing, readable."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.context import Context
from deploy.errors import DeployError
from deploy.log_lines import render
from deploy.logs import logs, seconds
from deploy.status import status
from tests.support.deploying import OUTPUTS, UNSUPPORTED, Owner

pytestmark = pytest.mark.filterwarnings(UNSUPPORTED)


@pytest.fixture
def deployed(owner: Owner) -> Owner:
    owner.put_stack()
    return owner


def put_logs(owner: Owner, function: str, *messages: Any, seconds_ago: float = 5) -> None:
    client, group = owner.client("logs"), f"/aws/lambda/wechat-oa-{function}"
    stream = f"stream-{len(client.describe_log_streams(logGroupName=group)['logStreams'])}"
    client.create_log_stream(logGroupName=group, logStreamName=stream)
    at = int((owner.clock() - seconds_ago) * 1000)
    texts = [each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in messages]
    client.put_log_events(
        logGroupName=group,
        logStreamName=stream,
        logEvents=[{"timestamp": at + number, "message": text} for number, text in enumerate(texts)],
    )


# ---- status ----------------------------------------------------------------------------------------------


def test_an_account_that_is_well_says_so_with_its_addresses(deployed: Owner) -> None:
    assert status(deployed.context()) == 0

    for address in OUTPUTS.values():
        assert address in deployed.output
    assert "✓ CREATE_COMPLETE" in deployed.output
    assert "✓ DeadLetterQueue   等着 0" in deployed.output
    assert "1 个都没响" in deployed.output


def test_messages_that_lie_dead_are_shown_and_are_a_failure(deployed: Owner) -> None:
    sqs = deployed.client("sqs")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="answers-dead")["QueueUrl"], MessageBody="{}")

    assert status(deployed.context()) == 1
    assert "✗ DeadLetterQueue   等着 1" in deployed.output
    assert "make logs FUNCTION=worker" in deployed.output


def test_an_alarm_that_is_on_is_shown_with_what_it_means(deployed: Owner) -> None:
    cloudwatch = deployed.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="dead-letters",
        AlarmDescription="有消息两次都没能回答",
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )
    cloudwatch.set_alarm_state(AlarmName="dead-letters", StateValue="ALARM", StateReason="a test")

    assert status(deployed.context()) == 1
    assert "✗ dead-letters   有消息两次都没能回答" in deployed.output


def test_the_last_hours_figures_are_those_of_each_function(deployed: Owner) -> None:
    def put(function: str, metric: str, value: float, minutes_ago: int) -> None:
        deployed.client("cloudwatch").put_metric_data(
            Namespace="AWS/Lambda",
            MetricData=[
                {
                    "MetricName": metric,
                    "Dimensions": [{"Name": "FunctionName", "Value": function}],
                    "Value": value,
                    "Timestamp": datetime.fromtimestamp(deployed.clock() - 60 * minutes_ago, UTC),
                }
            ],
        )

    for minutes, count in ((5, 30), (50, 12), (70, 100)):
        put("wechat-oa-callback", "Invocations", count, minutes)
    put("wechat-oa-callback", "Errors", 1, 5)
    put("wechat-oa-callback", "Duration", 40, 5)
    status(deployed.context())

    assert "✗ CallbackFunction   请求 42，出错 1，被限流 0，平均 40 ms" in deployed.output
    assert "– WorkerFunction   没有请求" in deployed.output


def test_the_last_hours_figures_are_those_that_the_log_lines_count_too(deployed: Owner) -> None:
    for name, values in {
        "Messages": [1, 1, 1],
        "InWindow": [1, 1, 1, 0],
        "AnswerTime": [2000, 4000],
        "Tokens": [1200, 34],
        "ModelErrors": [0, 1],
    }.items():
        for minutes, value in enumerate(values, 5):
            deployed.client("cloudwatch").put_metric_data(
                Namespace="wechat-oa",
                MetricData=[
                    {
                        "MetricName": name,
                        "Value": value,
                        "Timestamp": datetime.fromtimestamp(deployed.clock() - 60 * minutes, UTC),
                    }
                ],
            )
    status(deployed.context())

    said = "消息 3，及时答完 75%，平均 3.0 秒得到回复，模型失败 1，token 1,234，网页聊天 0，MCP 0"
    assert f"✗ 公众号与 AI   {said}" in deployed.output


def test_where_nothing_has_been_counted_nothing_is_said_of_it(deployed: Owner) -> None:
    status(deployed.context())

    assert "公众号与 AI" not in deployed.output


def test_a_stack_that_is_not_there_has_no_status(owner: Owner) -> None:
    with pytest.raises(DeployError, match="There is no stack"):
        status(owner.context())


# ---- logs ------------------------------------------------------------------------------------------------


def test_the_records_of_all_functions_come_in_the_order_of_time(deployed: Owner) -> None:
    put_logs(deployed, "worker", {"level": "INFO", "message": "second"}, seconds_ago=3)
    put_logs(deployed, "callback", {"level": "INFO", "message": "first"}, seconds_ago=4)
    put_logs(deployed, "callback", {"level": "INFO", "message": "long ago"}, seconds_ago=3600)
    logs(deployed.context())

    first, second = deployed.output.splitlines()
    assert first.endswith("callback  first")
    assert second.endswith("worker    second")


def test_one_function_can_be_chosen(deployed: Owner) -> None:
    put_logs(deployed, "worker", "from the worker")
    put_logs(deployed, "callback", "from the callback")
    logs(deployed.context(), function="worker")

    assert "from the worker" in deployed.output
    assert "from the callback" not in deployed.output


def test_a_function_that_does_not_exist_is_answered_with_those_that_do(deployed: Owner) -> None:
    with pytest.raises(DeployError, match="callback、worker"):
        logs(deployed.context(), function="wrker")


def test_following_shows_what_comes_later_and_nothing_twice(deployed: Owner) -> None:
    put_logs(deployed, "worker", "one")
    looks = 0

    def sleep(_seconds: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            raise KeyboardInterrupt
        put_logs(deployed, "worker", f"another {looks}", seconds_ago=1)

    context = deployed.context()
    patient = Context(**{**vars(context), "sleep": sleep, "_made": {}})
    with pytest.raises(KeyboardInterrupt):
        logs(patient, follow=True)

    shown = [line.partition("worker    ")[2] for line in deployed.output.splitlines()]
    assert shown == ["one", "another 1", "another 2"]


def test_where_there_is_nothing_that_is_said(deployed: Owner) -> None:
    logs(deployed.context(), since="1h")

    assert "过去 1h 没有日志" in deployed.output


@pytest.mark.parametrize(("text", "expected"), [("30s", 30), ("10m", 600), ("2h", 7200), ("1d", 86_400)])
def test_how_far_back_is_a_number_and_a_unit(text: str, expected: int) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "10", "m", "1w", "-1m", "1m1s"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(DeployError, match="SINCE"):
        seconds(text)


def line(record: Any) -> str:
    text = record if isinstance(record, str) else json.dumps(record)
    return render("worker", 0, text).partition("worker    ")[2]


def test_a_record_is_a_line_with_its_fields() -> None:
    record = {
        "timestamp": "2026-11-25T00:00:00Z",
        "level": "WARNING",
        "message": "answer",
        "logger": "wechat_reply.working",
        "requestId": "1-2-3",
        "follower": "6a093e9c2f",
        "seconds": 0.3,
        "failure": "",
    }
    assert line(record) == "WARNING answer follower=6a093e9c2f seconds=0.3"


def test_a_traceback_comes_below_its_record() -> None:
    record = {"level": "ERROR", "message": "broke", "stackTrace": ["  File x\n", "  File y\n"]}
    assert line(record) == "ERROR broke\n      File x\n      File y"


def test_what_is_there_for_cloudwatch_alone_is_not_shown() -> None:
    frame = {"CloudWatchMetrics": [{"Metrics": [{"Name": "Messages"}, {"Name": "AnswerTime"}]}]}
    record = {"message": "message", "type": "text", "seconds": 3.1, "_aws": frame}
    assert line({**record, "Messages": 1, "AnswerTime": 3100}) == "message type=text seconds=3.1"
    assert line({"_aws": {"CloudWatchMetrics": []}, "messages": 1}) == "messages=1"


def test_what_lambda_says_of_a_call_is_short() -> None:
    metrics = {"durationMs": 123.4, "initDurationMs": 800.0, "maxMemoryUsedMB": 88, "memorySizeMB": 512}
    report = {"type": "platform.report", "record": {"metrics": metrics, "status": "success"}}
    timeout = {"type": "platform.report", "record": {"metrics": {"durationMs": 15000}, "status": "timeout"}}

    assert line(report) == "· 用时 123 ms，冷启动 800 ms，内存 88/512 MB"
    assert line(timeout).startswith("· ERROR timeout，用时 15000 ms")
    assert line({"type": "platform.start", "record": {}}) == ""
    assert "启动失败" in line({"type": "platform.initReport", "record": {"status": "error"}})


def test_what_a_stranger_wrote_commands_no_terminal() -> None:
    assert line("\x1b]0;owned\x07 text \x1b[2J\u202e") == "]0;owned text [2J"
    assert "\x1b" not in line({"message": "\x1b[31mred"})
