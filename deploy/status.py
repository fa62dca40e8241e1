"""``status``: how the deployed account is doing, on one screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from deploy.context import Context
from deploy.stack import Resource
from wechat_oa.metrics import UNITS

_HOUR = 3600
_STATISTICS = (("Invocations", "Sum"), ("Errors", "Sum"), ("Throttles", "Sum"), ("Duration", "Average"))
_PER_CALL = 100
"""Alarm names in one call, as CloudWatch allows."""


def status(context: Context) -> int:
    """Print it and return the exit status: 1 if an alarm is on or messages lie dead. Raises DeployError."""
    console, stack = context.console, context.stack()
    described, resources = stack.existing(), stack.resources()
    changed = described.get("LastUpdatedTime") or described["CreationTime"]
    well = described["StackStatus"].endswith("_COMPLETE") and "ROLLBACK" not in described["StackStatus"]
    console.step(f"{context.stack_name} · {context.aws.region}")
    console.result("ok" if well else "failed", described["StackStatus"], f"{changed:%Y-%m-%d %H:%M} UTC")
    for each in described.get("Outputs", ()):
        console.say(f"    {each['OutputKey']:<24} {each['OutputValue']}")

    console.step("队列 · Queues")
    well = _queues(context, _of_type(resources, "AWS::SQS::Queue")) and well
    console.step("告警 · Alarms")
    well = _alarms(context, _of_type(resources, "AWS::CloudWatch::Alarm")) and well
    console.step("过去一小时 · The last hour")
    _figures(context, _of_type(resources, "AWS::Lambda::Function"))
    return 0 if well else 1


def _of_type(resources: Sequence[Resource], kind: str) -> list[Resource]:
    return [each for each in resources if each.type == kind and each.physical]


def _queues(context: Context, queues: Sequence[Resource]) -> bool:
    sqs, well = context.aws.client("sqs"), True
    for queue in queues:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = sqs.get_queue_attributes(QueueUrl=queue.physical, AttributeNames=names)["Attributes"]
        waiting, under_way = (int(found[name]) for name in names)
        dead = "Dead" in queue.logical and waiting > 0
        well = well and not dead
        text = f"等着 {waiting}，在写 {under_way} · waiting, under way"
        if dead:
            text += "　两次都没能回答：make logs FUNCTION=worker 看为什么 · could not be answered twice"
        context.console.result("failed" if dead else "ok", queue.logical, text)
    return well


def _alarms(context: Context, alarms: Sequence[Resource]) -> bool:
    cloudwatch, on = context.aws.client("cloudwatch"), []
    for first in range(0, len(alarms), _PER_CALL):
        names = [each.physical for each in alarms[first : first + _PER_CALL]]
        pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNames=names, StateValue="ALARM")
        on += [each for page in pages for each in page["MetricAlarms"]]
    for each in on:
        context.console.result("failed", each["AlarmName"], each.get("AlarmDescription", ""))
    if not on:
        context.console.result("ok", f"{len(alarms)} 个都没响 · none is on")
    return not on


def _figures(context: Context, functions: Sequence[Resource]) -> None:
    asked = {
        f"f{index}_{metric.lower()}": (
            "AWS/Lambda",
            metric,
            [{"Name": "FunctionName", "Value": function.physical}],
            statistic,
        )
        for index, function in enumerate(functions)
        for metric, statistic in _STATISTICS
    }
    asked |= {
        f"own_{name.lower()}_{statistic.lower()}": (context.stack_name, name, [], statistic)
        for name in UNITS
        for statistic in ("Sum", "SampleCount")
    }
    found = _last_hour(context, asked)
    for index, function in enumerate(functions):
        figures = {metric: found.get(f"f{index}_{metric.lower()}", 0.0) for metric, _ in _STATISTICS}
        context.console.result(_state(figures), function.logical, _line(figures))
    sums, counts = (
        {name: found.get(f"own_{name.lower()}_{statistic}", 0.0) for name in UNITS}
        for statistic in ("sum", "samplecount")
    )
    if any(counts.values()):
        failed = sums["ModelErrors"] or sums["Errors"]
        context.console.result("failed" if failed else "ok", "公众号与 AI", _own_line(sums, counts))


def _last_hour(
    context: Context, asked: Mapping[str, tuple[str, str, list[dict[str, str]], str]]
) -> Mapping[str, float]:
    """Return what CloudWatch has, by id: ``asked`` gives namespace, metric, dimensions and statistic."""
    queries = [
        {
            "Id": name,
            "MetricStat": {
                "Metric": {"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions},
                "Period": _HOUR,
                "Stat": statistic,
            },
        }
        for name, (namespace, metric, dimensions, statistic) in asked.items()
    ]
    now = context.clock()
    found: dict[str, float] = {}
    pages = (
        context.aws.client("cloudwatch")
        .get_paginator("get_metric_data")
        .paginate(
            MetricDataQueries=queries,
            StartTime=datetime.fromtimestamp(now - _HOUR, UTC),
            EndTime=datetime.fromtimestamp(now, UTC),
        )
    )
    for page in pages:
        for each in page["MetricDataResults"]:
            found[each["Id"]] = _whole(each["Id"], found, each["Values"])
    return found


def _whole(name: str, found: Mapping[str, float], values: Sequence[float]) -> float:
    """An hour that does not begin on the hour is told in two parts."""
    parts = [*([found[name]] if name in found else []), *values]
    if name.endswith("duration"):
        return max(parts, default=0.0)
    return sum(parts)


def _state(figures: Mapping[str, float]) -> str:
    if figures["Errors"] or figures["Throttles"]:
        return "failed"
    return "ok" if figures["Invocations"] else "skipped"


def _own_line(sums: Mapping[str, float], counts: Mapping[str, float]) -> str:
    """What the log lines have counted."""
    parts = [f"消息 {sums['Messages']:g}"]
    if answers := counts["InWindow"]:
        parts.append(f"及时答完 {sums['InWindow'] / answers:.0%}")
    if answers := counts["AnswerTime"]:
        parts.append(f"平均 {sums['AnswerTime'] / answers / 1000:.1f} 秒得到回复")
    parts += [
        f"模型失败 {sums['ModelErrors']:g}",
        f"token {sums['Tokens']:,.0f}",
        f"网页聊天 {sums['ChatMessages']:g}",
        f"MCP {sums['McpCalls']:g}",
        f"其他错误 {sums['Errors']:g}",
    ]
    return (
        f"{'，'.join(parts)} · messages, answered in time, until the reply, model failures, tokens, chat, MCP"
    )


def _line(figures: Mapping[str, Any]) -> str:
    if not figures["Invocations"]:
        return "没有请求 · no requests"
    return (
        f"请求 {figures['Invocations']:g}，出错 {figures['Errors']:g}，被限流 {figures['Throttles']:g}，"
        f"平均 {figures['Duration']:.0f} ms · requests, errors, throttles, average"
    )
