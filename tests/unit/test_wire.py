"""The two forms of a body: XML and JSON are read within bounds, and nothing in them is ever followed."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wechat_oa.callback.errors import MessageError
from wechat_oa.callback.wire import MAX_BODY, parse, parse_flat_xml, parse_xml


def xml(inner: str) -> bytes:
    return f"<xml>{inner}</xml>".encode()


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"<xml><a>1</a></xml>", {"a": "1"}),
        (b" \n<xml>\n <a>\n<![CDATA[ 1 ]]>\n</a>\n</xml>\n", {"a": "1"}),
        (b'<?xml version="1.0" encoding="UTF-8"?><xml><a>&lt;&#20320;</a></xml>', {"a": "<\u4f60"}),
        (b"<xml><a>1<![CDATA[2]]>3</a></xml>", {"a": "123"}),
        (b"<xml>stray<a>1</a>text<b>2</b></xml>", {"a": "1", "b": "2"}),
        (b'<xml><a b="1"/></xml>', {"a": ""}),
        (b'{"a": 1}', {"a": "1"}),
        (b' \n{"a": " 1 ", "b": [], "c": {}} ', {"a": "1", "b": [], "c": {}}),
    ],
)
def test_a_body_is_read_whatever_stands_around_its_texts(body: bytes, fields: object) -> None:
    assert parse(body) == fields


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n",
        b"success",
        b"<xml>",
        b"<xml/>",
        b"<xml>text</xml>",
        b"<xml></xml><xml></xml>",
        b"<xml><a></b></xml>",
        b"<xml>&nbsp;</xml>",
        b"<xml>\xff</xml>",
        b"<xml>\x00</xml>",
        "<xml><a>你好</a></xml>".encode("gb2312"),
        "<xml/>".encode("utf-16"),
        b'<?xml version="1.0" encoding="rot13"?><xml/>',
        b"{",
        b'{"a": }',
        b'{"a": "\xff"}',
        b'{"a": 1} {}',
        b"[]",
        b"null",
        b'"text"',
    ],
)
def test_a_malformed_body_is_refused(body: bytes) -> None:
    with pytest.raises(MessageError):
        parse(body)


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE xml>",
        '<!DOCTYPE xml [<!ENTITY a "b">]>',
        '<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE xml SYSTEM "http://example.com/a.dtd">',
        '<!DOCTYPE xml [<!ENTITY % a "b"> %a;]>',
        '<!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa">'
        + "".join(f'<!ENTITY a{n} "{f"&a{n - 1 or str()};" * 10}">' for n in range(1, 12))
        + "]>",
    ],
)
def test_a_document_type_is_refused_before_anything_in_it_is_read(doctype: str) -> None:
    with pytest.raises(MessageError, match="document type"):
        parse(doctype.encode() + xml("<a>&a;</a>"))


def test_a_body_past_the_limit_is_refused_unread() -> None:
    whole = xml(f"<a>{'a' * (MAX_BODY - len(xml('<a></a>')))}</a>")
    assert len(whole) == MAX_BODY
    parse(whole)
    with pytest.raises(MessageError, match=f"{MAX_BODY} is the most"):
        parse(whole + b" ")


@pytest.mark.parametrize(
    "body",
    [
        xml("<a>" * 16 + "</a>" * 16),
        xml("<a/>" * 2000),
        b"{" + b'"a":{' * 17 + b"}" * 18,
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a":[' + b"1," * 2000 + b"1]}",
    ],
    ids=["deep XML", "many elements", "deep JSON", "very deep JSON", "many values"],
)
def test_more_than_any_message_holds_is_refused(body: bytes) -> None:
    with pytest.raises(MessageError):
        parse(body)


def test_as_much_as_the_limits_allow_is_read() -> None:
    assert parse(xml("<a>" * 15 + "</a>" * 15))
    assert len(parse(xml("<a/>" * 1999))["a"]) == 1999


@given(st.binary() | st.text().map(str.encode) | st.binary().map(lambda data: b"{" + data))
@settings(deadline=None)
def test_any_bytes_are_an_object_or_refused_without_another_error(body: bytes) -> None:
    with contextlib.suppress(MessageError):
        assert parse(body) == json.loads(body)


# The short way


_PIECES = st.sampled_from(
    [
        *("<xml>", "</xml>", "<a>", "</a>", "<b>", "</b>", "<a/>", "<a b='1'>"),
        *("<![CDATA[", "]]>", "]", "&amp;", "&", "<"),
        *"\n\r \t\u00a0\u2028\x00\x0b\x7f\x85\ufffe\uffff你\U0001f600",
    ]
)


def _either_way(body: bytes) -> tuple[object, object]:
    try:
        return parse_flat_xml(body), parse_xml(body)
    except MessageError as error:
        return parse_flat_xml(body), error


@given(st.lists(_PIECES | st.text(max_size=3), max_size=12).map("".join))
def test_what_is_read_the_short_way_is_what_the_parser_reads(inner: str) -> None:
    for text in (inner, f"<xml>{inner}</xml>", f"<xml><a>{inner}</a><b><![CDATA[{inner}]]></b></xml>"):
        short, long = _either_way(text.encode("utf-8", "surrogatepass").strip())
        assert short in (None, long) or not short


@given(st.dictionaries(st.sampled_from("abcde"), st.text(alphabet=st.characters(exclude_categories=["C"]))))
def test_a_message_of_plain_texts_is_read_the_short_way(fields: dict[str, str]) -> None:
    plain = {name: value.replace("]", "") for name, value in fields.items()}
    inner = "\n".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in plain.items())
    short, _ = _either_way(xml(f"{inner}<n>1</n>"))
    assert short == {**{name: value.strip() for name, value in plain.items()}, "n": "1"}
