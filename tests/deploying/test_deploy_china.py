"""Deploying to a region in China: CloudFormation there gets a template that it knows every word of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import yaml

from deploy.sam import Sam

BUILT = """
Conditions:
  InChina: {"Fn::Equals": [{Ref: "AWS::Partition"}, aws-cn]}
  HasCloudFront: {"Fn::Not": [{Condition: InChina}]}
Resources:
  Url: {Type: "AWS::Lambda::Url", Condition: HasCloudFront}
  Route: {Type: "AWS::ApiGatewayV2::Route", Condition: InChina}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Name: 函数
      Tracing: {"Fn::If": [InChina, PassThrough, Active]}
      Url: {"Fn::If": [HasCloudFront, {"Fn::GetAtt": [Url, FunctionUrl]}, {Ref: "AWS::NoValue"}]}
      Kept: {"Fn::If": [Other, {Ref: A}, {Ref: "AWS::NoValue"}]}
Outputs:
  Url: {Condition: HasCloudFront, Value: {"Fn::GetAtt": [Url, FunctionUrl]}}
"""


@pytest.fixture
def built(tmp_path: Path) -> Path:
    path = tmp_path / ".aws-sam/build/template.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(BUILT, "utf-8")
    return path


def deploy(root: Path, region: str) -> None:
    def run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> int:
        return 0

    Sam("sam", root, {}, "", "x86_64", run).deploy("wechat-oa", region, "", {})


def test_what_a_condition_leaves_out_there_is_taken_out(built: Path, tmp_path: Path) -> None:
    deploy(tmp_path, "cn-north-1")

    left = yaml.safe_load(built.read_text("utf-8"))
    assert set(left["Resources"]) == {"Route", "Function"}
    assert left["Outputs"] == {}
    assert left["Resources"]["Function"]["Properties"] == {
        "Name": "函数",
        "Tracing": "PassThrough",
        "Kept": {"Fn::If": ["Other", {"Ref": "A"}, {"Ref": "AWS::NoValue"}]},
    }


def test_elsewhere_what_was_built_is_deployed(built: Path, tmp_path: Path) -> None:
    deploy(tmp_path, "ap-east-1")

    assert built.read_text("utf-8") == BUILT
