"""The fixed address that access tokens are fetched from: what each mode makes, and what it opens."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stack.expand import Stack
from tests.support.role_table import opened_keys
from wechat_oa.api.token import LEASE, WAIT
from wechat_oa.aws_token import CONFIG, FUNCTION_SECONDS

NETWORKS = ["nat-gateway", "nat-instance"]
ANYWHERE = "0.0.0.0/0"


@pytest.mark.parametrize("mode", ["none", "proxy"])
def test_without_a_network_nothing_of_one_is_made(mode: str) -> None:
    stack = Stack(EgressMode=mode)

    kinds = {each["Type"] for each in stack.resources.values()}
    assert not {kind for kind in kinds if kind.startswith(("AWS::EC2", "AWS::AutoScaling"))}
    assert {name for name in stack.resources if name.startswith(("Token", "Nat"))} == {"TokensAlarm"}
    assert "WechatWhitelistAddress" not in stack.outputs
    for function in ("WorkerFunction", "McpFunction"):
        assert stack.environment(function)["WECHAT_OA_TOKEN_FUNCTION"] == ""
    assert stack.environment("McpFunction")["WECHAT_OA_WHITELIST_ADDRESS"] == ""
    assert not [name for name, each in stack.functions.items() if "VpcConfig" in each]


@pytest.mark.parametrize("mode", NETWORKS)
def test_only_the_function_that_fetches_tokens_is_in_the_network_and_is_asked_by_those_that_need_them(
    mode: str,
) -> None:
    stack = Stack(EgressMode=mode)

    assert [name for name, each in stack.functions.items() if "VpcConfig" in each] == ["TokenFunction"]
    asking = {name for name in stack.functions if "WECHAT_OA_TOKEN_FUNCTION" in stack.environment(name)}
    assert asking == {"WorkerFunction", "McpFunction"}
    assert {stack.environment(name)["WECHAT_OA_TOKEN_FUNCTION"] for name in asking} == {"TokenFunction"}
    assert "WECHAT_OA_SECRETS" not in stack.environment("TokenFunction")


@pytest.mark.parametrize(
    ("mode", "address", "way_out"),
    [
        ("nat-gateway", "NatGatewayAddress", {"NatGatewayId": "NatGateway"}),
        ("nat-instance", "NatInstanceAddress", {"NetworkInterfaceId": "NatInterface"}),
    ],
)
def test_the_way_out_has_the_address_that_is_told(mode: str, address: str, way_out: dict[str, str]) -> None:
    stack = Stack(EgressMode=mode)

    assert list(stack.of_type("AWS::EC2::EIP")) == [address]
    assert stack.outputs["WechatWhitelistAddress"]["Value"] == address
    assert stack.environment("McpFunction")["WECHAT_OA_WHITELIST_ADDRESS"] == address
    assert stack.properties("TokenRoute") == {
        "RouteTableId": "TokenRoutes",
        "DestinationCidrBlock": ANYWHERE,
        **way_out,
    }
    (subnet,) = stack.functions["TokenFunction"]["VpcConfig"]["SubnetIds"]
    assert stack.properties("TokenSubnetRoutes") == {"SubnetId": subnet, "RouteTableId": "TokenRoutes"}
    if mode == "nat-gateway":
        assert stack.properties("NatGateway")["AllocationId"] == f"{address}.AllocationId"
        assert stack.properties("NatGateway")["SubnetId"] == "NatSubnet"
    else:
        assert stack.properties("NatInstanceAddressAssociation") == {
            "AllocationId": f"{address}.AllocationId",
            "NetworkInterfaceId": "NatInterface",
        }
    assert stack.properties("NatRoute")["GatewayId"] == "InternetGateway"


def test_no_mode_makes_what_another_one_costs() -> None:
    gateway, instance = Stack(EgressMode="nat-gateway"), Stack(EgressMode="nat-instance")

    assert not gateway.of_type("AWS::AutoScaling::AutoScalingGroup")
    assert not gateway.of_type("AWS::EC2::NetworkInterface")
    assert not instance.of_type("AWS::EC2::NatGateway")


@pytest.mark.parametrize("mode", NETWORKS)
def test_nobody_comes_in_and_only_https_goes_out(mode: str) -> None:
    stack = Stack(EgressMode=mode)

    groups = stack.of_type("AWS::EC2::SecurityGroup")
    ingress = [rule for group in groups.values() for rule in group.get("SecurityGroupIngress", [])]
    egress = [rule for group in groups.values() for rule in group["SecurityGroupEgress"]]
    assert [rule["CidrIp"] for rule in ingress] == (["TokenSubnet.CidrBlock"] if "instance" in mode else [])
    for rule in (*ingress, *egress):
        assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 443, 443)
    assert not any(each.get("MapPublicIpOnLaunch") for each in stack.of_type("AWS::EC2::Subnet").values())


@pytest.mark.parametrize("mode", NETWORKS)
def test_the_table_is_reached_without_the_nat_and_nothing_else_through_its_endpoint(mode: str) -> None:
    endpoint = Stack(EgressMode=mode).properties("TableEndpoint")

    assert endpoint["VpcEndpointType"] == "Gateway"
    assert endpoint["RouteTableIds"] == ["TokenRoutes"]
    (statement,) = endpoint["PolicyDocument"]["Statement"]
    assert statement["Resource"] == "Table.Arn"
    assert {each.removeprefix("dynamodb:") for each in statement["Action"]} == set(
        opened_keys("TokenRole", mode)
    )


def machine() -> dict[str, Any]:
    """Return what a NAT instance is started with."""
    data: dict[str, Any] = Stack(EgressMode="nat-instance").properties("NatTemplate")["LaunchTemplateData"]
    return data


def test_the_machine_takes_the_interface_that_has_the_address_and_has_no_rights() -> None:
    data = machine()

    assert data["InstanceType"] == "t4g.nano"
    assert data["ImageId"].endswith("-arm64")
    assert data["NetworkInterfaces"] == [{"DeviceIndex": 0, "NetworkInterfaceId": "NatInterface"}]
    assert data["MetadataOptions"]["HttpTokens"] == "required"
    assert data["CreditSpecification"] == {"CpuCredits": "standard"}
    assert [each["Ebs"]["Encrypted"] for each in data["BlockDeviceMappings"]] == [True]
    assert not {"KeyName", "IamInstanceProfile"} & data.keys()
    interface = Stack(EgressMode="nat-instance").properties("NatInterface")
    assert interface["SourceDestCheck"] is False
    assert (interface["SubnetId"], interface["GroupSet"]) == ("NatSubnet", ["NatSecurityGroup"])


def test_a_machine_that_fails_or_is_old_is_replaced_by_one_in_its_place() -> None:
    stack = Stack(EgressMode="nat-instance")
    group = stack.properties("NatGroup")

    assert (group["MinSize"], group["MaxSize"]) == ("1", "1")
    assert group["AvailabilityZones"] == ["NatSubnet.AvailabilityZone"]
    assert "VPCZoneIdentifier" not in group
    assert group["InstanceMaintenancePolicy"] == {"MinHealthyPercentage": 0, "MaxHealthyPercentage": 100}
    assert 7 * 86_400 <= group["MaxInstanceLifetime"] <= 60 * 86_400
    update = stack.resources["NatGroup"]["UpdatePolicy"]["AutoScalingRollingUpdate"]
    assert update == {"MinInstancesInService": 0, "MaxBatchSize": 1}


def test_the_function_outlives_the_wait_for_another_ones_fetch_and_its_callers_outlive_it() -> None:
    stack = Stack(EgressMode="nat-gateway")

    assert stack.functions["TokenFunction"]["Timeout"] == FUNCTION_SECONDS
    assert LEASE < WAIT < FUNCTION_SECONDS
    options: dict[str, Any] = vars(CONFIG)
    assert FUNCTION_SECONDS < options["read_timeout"] < stack.functions["McpFunction"]["Timeout"]
    assert options["retries"]["total_max_attempts"] == 1


@pytest.mark.parametrize("mode", NETWORKS)
def test_an_alarm_watches_it(mode: str) -> None:
    alarms = Stack(EgressMode=mode).of_type("AWS::CloudWatch::Alarm").values()

    watched = {
        alarm["MetricName"]
        for alarm in alarms
        if any(each["Value"] == "TokenFunction" for each in alarm.get("Dimensions", []))
    }
    assert watched == {"Errors", "Throttles"}
