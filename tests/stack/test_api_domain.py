"""A domain of the owner's for the API: WeChat's callback, MCP and the pages API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stack.expand import Stack, source

DOMAIN = "api.example.com"
CERTIFICATE = "arn:aws:acm:ap-east-1:123456789012:certificate/1"


@pytest.fixture(scope="module")
def own() -> Stack:
    return Stack(ApiDomain=DOMAIN, ApiCertificateArn=CERTIFICATE)


def test_the_domain_leads_to_the_api_over_tls_1_2(own: Stack) -> None:
    (configuration,) = own.properties("HttpApiDomain")["DomainNameConfigurations"]

    assert own.properties("HttpApiDomain")["DomainName"] == DOMAIN
    assert configuration["CertificateArn"] == CERTIFICATE
    assert configuration["SecurityPolicy"] == "TLS_1_2"
    assert own.properties("HttpApiDomainMapping") == {
        "ApiId": "HttpApi",
        "DomainName": "HttpApiDomain",
        "Stage": "HttpApiStage",
    }
    assert own.outputs["ApiDomainTarget"]["Value"] == "HttpApiDomain.RegionalDomainName"


def test_every_address_that_is_told_has_the_domain(own: Stack) -> None:
    assert own.outputs["CallbackUrl"]["Value"] == f"https://{DOMAIN}/wechat/reply"
    assert own.outputs["McpUrl"]["Value"] == f"https://{DOMAIN}/mcp"
    assert own.outputs["PagesApiUrl"]["Value"] == f"https://{DOMAIN}/api/pages"
    assert own.environment("McpFunction")["MCP_PUBLIC_URL"] == f"https://{DOMAIN}"
    assert own.properties("Site")["Configs"]["manage/config.json"]["api"] == f"https://{DOMAIN}"
    headers = own.properties("SiteHeaders")["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    policy = headers["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    assert f"connect-src 'self' https://{DOMAIN};" in policy


def test_without_one_nothing_of_it_is_made(stack: Stack) -> None:
    assert not [name for name in stack.resources if name.startswith("HttpApiDomain")]
    assert "ApiDomainTarget" not in stack.outputs


@pytest.mark.parametrize(
    ("rule", "domains", "certificate"),
    [
        ("DomainsNeedTheirCertificate", {"SiteDomain", "PagesDomain"}, "CertificateArn"),
        ("ApiDomainNeedsItsCertificate", {"ApiDomain"}, "ApiCertificateArn"),
    ],
)
def test_a_domain_without_its_certificate_is_refused_before_anything_is_made(
    rule: str, domains: set[str], certificate: str
) -> None:
    written = source()["Rules"][rule]

    assert refs(written["RuleCondition"]) == domains
    assert refs([each["Assert"] for each in written["Assertions"]]) == {certificate}


def test_a_domain_that_is_given_twice_is_refused_before_anything_is_made() -> None:
    written = source()["Rules"]["DomainsDiffer"]

    assert refs(written["RuleCondition"]) == {"SiteDomain"}
    asserted = [each["Assert"] for each in written["Assertions"]]
    assert [refs(each) for each in asserted] == [{"SiteDomain", "PagesDomain"}, {"SiteDomain", "ApiDomain"}]
    assert all(list(each) == ["Fn::Not"] for each in asserted)


def refs(value: Any) -> set[str]:
    """Return the parameters that a condition looks at."""
    if isinstance(value, list):
        return {name for each in value for name in refs(each)}
    if isinstance(value, dict):
        return {value["Ref"]} if "Ref" in value else refs(list(value.values()))
    return set()
