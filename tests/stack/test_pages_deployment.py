"""Hosted pages and the site, as they are deployed: buckets, CDN, headers, routes."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pages_app.deploying import CHAT_SITE
from tests.stack.expand import ROOT, Stack, source
from wechat_oa.page_headers import PAGE_CACHE, PAGE_HEADERS, site_headers
from wechat_oa.pages import STALE_SECONDS

BUCKETS = ["PagesBucket", "SiteBucket"]
DISTRIBUTIONS = ["PagesDistribution", "SiteDistribution"]
SOURCE = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/"


def headers(stack: Stack, policy: str) -> dict[str, str]:
    """Return the headers that a response headers policy sets, as a browser sees them."""
    config = stack.properties(policy)["ResponseHeadersPolicyConfig"]
    security = dict(config["SecurityHeadersConfig"])
    found = {each["Header"]: each["Value"] for each in config["CustomHeadersConfig"]["Items"]}
    assert all(each["Override"] for each in [*security.values(), *config["CustomHeadersConfig"]["Items"]])
    found["content-security-policy"] = security.pop("ContentSecurityPolicy")["ContentSecurityPolicy"]
    found["referrer-policy"] = security.pop("ReferrerPolicy")["ReferrerPolicy"]
    transport = security.pop("StrictTransportSecurity")
    found["strict-transport-security"] = f"max-age={transport['AccessControlMaxAgeSec']}"
    if security.pop("ContentTypeOptions", None):
        found["x-content-type-options"] = "nosniff"
    if frames := security.pop("FrameOptions", None):
        found["x-frame-options"] = frames["FrameOption"]
    assert security == {}
    if cors := config.get("CorsConfig"):
        assert not cors["AccessControlAllowCredentials"]
        (found["access-control-allow-origin"],) = cors["AccessControlAllowOrigins"]["Items"]
    return found


def test_pages_have_the_headers_that_the_code_says(stack: Stack) -> None:
    assert headers(stack, "PagesHeaders") == dict(PAGE_HEADERS)
    assert "allow-same-origin" not in PAGE_HEADERS["content-security-policy"]


def test_the_site_has_the_headers_that_the_code_says(stack: Stack) -> None:
    apis = [
        "https://${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}",
    ]
    pages = "https://${PagesDistribution.DomainName}"

    assert headers(stack, "SiteHeaders") == site_headers(apis=apis, pages=pages)
    with_domain = headers(Stack(PagesDomain="pages.example.net"), "SiteHeaders")
    assert "frame-src https://pages.example.net;" in with_domain["content-security-policy"]


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_is_private_and_encrypted(stack: Stack, bucket: str) -> None:
    properties = stack.properties(bucket)

    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert "AccessControl" not in properties
    assert properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]


def test_what_the_owner_published_outlives_the_stack_and_the_site_does_not(stack: Stack) -> None:
    for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
        assert stack.resources["PagesBucket"][policy] == "Retain"
        assert stack.resources["SiteBucket"][policy] == "Delete"


def statements(stack: Stack, policy: str) -> list[dict[str, Any]]:
    properties = stack.properties(policy)
    found: list[dict[str, Any]] = properties["PolicyDocument"]["Statement"]
    return found


def test_only_its_distribution_may_read_a_bucket_and_only_encrypted(stack: Stack) -> None:
    readers = {
        "PagesBucketPolicy": {
            ("${PagesBucket.Arn}/*", f"{SOURCE}${{PagesDistribution}}"),
            ("${PagesBucket.Arn}/*.txt", f"{SOURCE}${{SiteDistribution}}"),
        },
        "SiteBucketPolicy": {("${SiteBucket.Arn}/*", f"{SOURCE}${{SiteDistribution}}")},
    }
    for policy, expected in readers.items():
        deny, *allowed = statements(stack, policy)
        assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", "s3:*")
        assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        found = set()
        for statement in allowed:
            assert statement["Effect"] == "Allow"
            assert statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
            assert statement["Action"] == "s3:GetObject"
            ((operator, condition),) = statement["Condition"].items()
            assert operator == "StringEquals"
            found.add((statement["Resource"], condition["AWS:SourceArn"]))
        assert found == expected


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_distribution_is_fast_encrypted_and_signs_what_it_asks_of_a_bucket(stack: Stack, name: str) -> None:
    config = stack.properties(name)["DistributionConfig"]

    assert config["Enabled"]
    assert config["HttpVersion"] == "http2and3"
    assert config["IPV6Enabled"]
    for behavior in (config["DefaultCacheBehavior"], *config.get("CacheBehaviors", [])):
        if behavior["TargetOriginId"] == "chat":
            continue
        assert behavior["ViewerProtocolPolicy"] == "redirect-to-https"
        assert behavior["AllowedMethods"] == ["GET", "HEAD"]
        assert behavior["Compress"]
    for origin in config["Origins"]:
        if "S3OriginConfig" in origin:
            assert origin["OriginAccessControlId"] == "BucketAccess.Id"
            assert origin["S3OriginConfig"] == {"OriginAccessIdentity": ""}
        else:
            assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    (error,) = config["CustomErrorResponses"]
    assert (error["ErrorCode"], error["ResponseCode"]) == (403, 404)
    assert error["ErrorCachingMinTTL"] <= 60
    access = stack.properties("BucketAccess")["OriginAccessControlConfig"]
    assert (access["SigningBehavior"], access["SigningProtocol"]) == ("always", "sigv4")


def test_whatever_a_user_made_is_served_with_the_headers_that_contain_it(stack: Stack) -> None:
    for name in DISTRIBUTIONS:
        config = stack.properties(name)["DistributionConfig"]
        for behavior in (config["DefaultCacheBehavior"], *config.get("CacheBehaviors", [])):
            if behavior["TargetOriginId"] == "pages":
                assert behavior["ResponseHeadersPolicyId"] == "PagesHeaders"
                assert behavior["CachePolicyId"] == "PagesCache"
            if behavior["TargetOriginId"] == "site":
                assert behavior["ResponseHeadersPolicyId"] == "SiteHeaders"


def test_an_update_shows_within_a_minute(stack: Stack) -> None:
    cache = stack.properties("PagesCache")["CachePolicyConfig"]

    assert (cache["MinTTL"], cache["DefaultTTL"], cache["MaxTTL"]) == (0, 60, 60)
    assert "max-age=60" in PAGE_CACHE
    key = cache["ParametersInCacheKeyAndForwardedToOrigin"]
    assert key["EnableAcceptEncodingBrotli"]
    assert key["CookiesConfig"] == {"CookieBehavior": "none"}


def test_the_index_comes_from_the_function_and_root_files_from_the_pages(stack: Stack) -> None:
    config = stack.properties("SiteDistribution")["DistributionConfig"]

    behaviors = {(each["PathPattern"], each["TargetOriginId"]) for each in config["CacheBehaviors"]}
    assert {each for each in behaviors if each[1] != "chat"} == {
        ("/", "api"),
        ("/static-pages/*", "api"),
        ("/pages/*", "api"),
        ("/*.txt", "pages"),
    }
    with_path = Stack(WechatMsgContextPath="/oa").properties("SiteDistribution")["DistributionConfig"]
    assert [origin["OriginPath"] for origin in with_path["Origins"] if origin["Id"] == "api"] == ["/oa"]


def test_domains_of_ones_own_are_used_with_their_certificate(stack: Stack) -> None:
    own = Stack(
        SiteDomain="oa.example.com",
        PagesDomain="pages.example.net",
        CertificateArn="arn:aws:acm:us-east-1:1:certificate/x",
    )

    for name, domain in (("SiteDistribution", "oa.example.com"), ("PagesDistribution", "pages.example.net")):
        assert "Aliases" not in stack.properties(name)["DistributionConfig"]
        config = own.properties(name)["DistributionConfig"]
        assert config["Aliases"] == [domain]
        assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    environment = own.environment("PagesFunction")
    assert environment["SITE_URL"] == "https://oa.example.com"
    assert environment["PAGES_URL"] == "https://pages.example.net"
    assert own.outputs["SiteUrl"]["Value"] == "https://oa.example.com/"


@pytest.mark.parametrize("context_path", ["", "/oa"])
def test_the_pages_api_is_routed_below_the_context_path(context_path: str) -> None:
    stack = Stack(WechatMsgContextPath=context_path)

    routes = stack.of_type("AWS::ApiGatewayV2::Route").values()
    mine = {route["RouteKey"] for route in routes if "PagesIntegration" in route["Target"]}
    assert mine == {
        f"GET {context_path}/",
        f"GET {context_path}/static-pages/",
        f"GET {context_path}/pages/{{name}}",
        f"GET {context_path}/{{name}}",
        f"GET {context_path}/manage/",
        f"GET {context_path}/manage/{{file+}}",
        f"GET {context_path}/themes/",
        f"GET {context_path}/themes/{{file+}}",
        f"ANY {context_path}/api/pages",
        f"ANY {context_path}/api/pages/{{name}}",
        f"ANY {context_path}/api/pages/{{name}}/qr",
        f"ANY {context_path}/api/static-page/delete",
    }


def test_a_change_is_not_taken_for_broken_off_while_a_function_may_still_make_it(stack: Stack) -> None:
    assert stack.functions["PagesFunction"]["Timeout"] < STALE_SECONDS


def test_a_deployment_copies_the_site_again_when_its_files_have_changed(stack: Stack) -> None:
    site = stack.properties("Site")

    assert site["ServiceToken"] == "SiteFunction.Arn"
    (version,) = [name for name in stack.of_type("AWS::Lambda::Version") if name.startswith("SiteFunction")]
    assert site["Version"] == version
    assert site["Bucket"] == "SiteBucket"
    assert set(site["Configs"]) == {"chat/config.json", "manage/config.json"}
    assert site["Configs"]["manage/config.json"]["api"].startswith("https://${HttpApi}.execute-api.")
    assert int(site["ServiceTimeout"]) > stack.functions["SiteFunction"]["Timeout"]


def test_the_build_puts_the_chats_files_where_the_deployment_looks_for_them() -> None:
    function = source()["Resources"]["SiteFunction"]
    makefile = (ROOT / "functions" / "Makefile").read_text()

    assert function["Metadata"]["BuildMethod"] == "makefile"
    assert function["Properties"]["CodeUri"] == "functions/"
    assert re.search(r"^build-SiteFunction:$", makefile, re.MULTILINE)
    assert f'cp -R chat/chat_app/site "$(ARTIFACTS_DIR)/{CHAT_SITE.name}"' in makefile


def test_in_china_the_api_serves_the_pages_itself() -> None:
    stack = Stack(partition="aws-cn", WechatMsgContextPath="/oa")

    assert not [each for each in stack.resources.values() if each["Type"].startswith("AWS::CloudFront")]
    assert not stack.resources.keys() & {"Site", "SiteBucket", "SiteFunction", "SiteRole", "SiteErrorAlarm"}
    environment = stack.environment("PagesFunction")
    assert environment["PAGES_URL"].endswith("/oa/pages")
    assert environment["SITE_URL"] == environment["WECHAT_OA_PAGES_DISTRIBUTION"] == ""
    (deny,) = statements(stack, "PagesBucketPolicy")
    assert deny["Effect"] == "Deny"
    (policy,) = stack.properties("PagesRole")["Policies"]
    assert "cloudfront" not in str(policy)
