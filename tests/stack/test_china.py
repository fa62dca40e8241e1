"""AWS's regions in China: what they lack is left out, and the API stands in for it."""

from __future__ import annotations

from fnmatch import fnmatch

import pytest

from chat_app.app import ROUTES
from deploy.china import for_china
from deploy.template import load_source
from tests.stack.expand import ROOT, Stack, source
from tests.stack.test_template import needs


@pytest.fixture(scope="module")
def china() -> Stack:
    return Stack(partition="aws-cn", Architecture="x86_64", WechatMsgContextPath="/oa")


def test_what_china_has_not_is_left_out(china: Stack) -> None:
    kinds = {each["Type"] for each in china.resources.values()}

    assert "AWS::Lambda::Url" not in kinds
    assert not {kind for kind in kinds if kind.startswith("AWS::CloudFront")}
    assert {each["TracingConfig"]["Mode"] for each in china.functions.values()} == {"PassThrough"}


def test_the_chat_is_behind_the_api_page_and_all(china: Stack) -> None:
    routes = china.of_type("AWS::ApiGatewayV2::Route").values()
    mine = [each["RouteKey"].split(" ") for each in routes if "ChatIntegration" in each["Target"]]

    def reached(method: str, path: str) -> bool:
        patterns = [(m, p.replace("{file+}", "*").replace("{call+}", "*")) for m, p in mine]
        return any(m in (method, "ANY") and fnmatch(path, pattern) for m, pattern in patterns)

    assert all(reached(method, f"/oa{path}") for method, paths, _ in ROUTES for path in paths)
    assert reached("GET", "/oa/chat/")
    assert reached("GET", "/oa/chat/js/main.js")
    assert china.properties("ChatIntegration")["IntegrationUri"] == "ChatFunction.Arn"
    (permission,) = [
        each
        for each in china.of_type("AWS::Lambda::Permission").values()
        if each["FunctionName"] == "ChatFunction"
    ]
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert permission["SourceArn"].endswith("/*/*/oa/*")
    # An HTTP API takes an answer when it is whole.
    assert china.environment("ChatFunction")["AWS_LWA_INVOKE_MODE"] == "buffered"


def test_elsewhere_the_chat_is_not_behind_the_api(stack: Stack) -> None:
    assert not [name for name in stack.resources if name in ("ChatIntegration", "ChatPermission")]
    assert not [r for r in stack.of_type("AWS::ApiGatewayV2::Route").values() if "Chat" in r["Target"]]


@pytest.mark.parametrize(
    ("region", "account"), [("cn-north-1", "041581134020"), ("cn-northwest-1", "069767869989")]
)
def test_each_region_has_the_web_adapter_from_an_account_of_its_own(region: str, account: str) -> None:
    stack = Stack(partition="aws-cn", **{"AWS::Region": region})

    assert stack.functions["ChatFunction"]["Layers"][1].endswith(f":{account}:layer:LambdaAdapterLayerX86:27")


def test_everything_is_at_the_apis_address(china: Stack) -> None:
    api = "https://${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}"

    assert china.outputs["SiteUrl"]["Value"] == f"{api}/oa/"
    assert china.outputs["ChatApiUrl"]["Value"] == f"{api}/oa/"
    for name in ("CallbackFunction", "WorkerFunction"):
        assert china.environment(name)["CHAT_URL"] == f"{api}/oa/chat/"
    assert china.environment("PagesFunction")["PAGES_URL"] == f"{api}/oa/pages"


def test_with_a_domain_everything_is_there() -> None:
    stack = Stack(partition="aws-cn", ApiDomain="oa.example.cn", ApiCertificateArn="arn:aws-cn:acm:x:1:c/1")

    assert stack.outputs["SiteUrl"]["Value"] == "https://oa.example.cn/"
    assert stack.environment("WorkerFunction")["CHAT_URL"] == "https://oa.example.cn/chat/"
    assert stack.environment("PagesFunction")["PAGES_URL"] == "https://oa.example.cn/pages"


@pytest.mark.parametrize("mode", ["nat-gateway", "nat-instance", "proxy"])
def test_a_fixed_address_is_to_be_had_there_too(mode: str) -> None:
    stack = Stack(partition="aws-cn", EgressMode=mode)

    assert ("TokenFunction" in stack.functions) == (mode != "proxy")


def test_the_template_for_china_names_nothing_that_its_regions_do_not_know() -> None:
    """CloudFormation refuses a type that a region has not, whatever the condition."""
    template = for_china(load_source((ROOT / "template.yaml").read_text("utf-8")))
    left = template["Resources"]
    everything = source()["Resources"].keys()

    assert not {each["Type"] for each in left.values()} & {
        "AWS::Lambda::Url",
        "AWS::CloudFront::Function",
        "AWS::CloudFront::OriginAccessControl",
    }
    assert not {each["Type"] for each in left.values() if "CloudFront" in each["Type"]}
    gone = everything - left.keys()
    assert "SiteDistribution" in gone
    assert not needs([left, template["Globals"], template["Outputs"]]) & gone
    assert set(left) >= {"ChatIntegration", "CallbackFunction", "TokenFunction"}


def test_both_templates_make_the_same_in_china(china: Stack) -> None:
    template = for_china(load_source((ROOT / "template.yaml").read_text("utf-8")))
    cut = Stack(partition="aws-cn", template=template, Architecture="x86_64", WechatMsgContextPath="/oa")

    # A version is named by a digest of how its function is written, and its alias by the version.
    versions = ("AWS::Lambda::Version", "AWS::Lambda::Alias")
    both = [
        {name: each for name, each in stack.resources.items() if each["Type"] not in versions}
        for stack in (cut, china)
    ]
    assert both[0] == both[1]
    assert cut.outputs == china.outputs


def test_the_linter_is_told_of_no_exception_for_it() -> None:
    assert "cfn-lint" not in source().get("Metadata", {})
