"""The two forms in which fields travel, both ways: XML and JSON.

Either becomes the same dict: texts (numbers too, so that a 64-bit id stays what it was), dicts of them for
nested elements, and a list where an element is repeated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TypeAlias
from xml.parsers import expat

from wechat_oa.callback.errors import MessageError

MAX_BODY = 256 * 1024
"""Bytes in a body. WeChat's are a few KiB, the largest encrypted in compatible mode some tens."""

_MAX_DEPTH = 16
_MAX_VALUES = 2000
_MAX_FLAT = 50
"""Fields in a message that is read the short way; WeChat's have a dozen."""

Value: TypeAlias = "str | list[Value] | dict[str, Value]"
Fields: TypeAlias = dict[str, Value]
Tree: TypeAlias = "str | int | list[Tree] | Mapping[str, Tree]"
"""What may be rendered: as above, with ints for the few fields that are bare numbers."""

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 does not allow even escaped; lone surrogates among it, which no encoding allows either.

Naming what is allowed and negating it would take ten times as long to compile.
"""

_CONTROLS = bytes({*range(32)} - {*b"\t\n"})
"""What XML forbids of ASCII, and the carriage return, which it takes for a line feed."""
_FLAT_ELEMENT = re.compile(
    r"[ \t\n]*<([A-Za-z]\w*)>(?:<!\[CDATA\[([^\]]*)\]\]>|([^<&\]]*))</\1>[ \t\n]*", re.ASCII
)


def is_json(body: bytes) -> bool:
    """Tell which of the two forms a body has."""
    return body.lstrip()[:1] == b"{"


def parse(body: bytes) -> Fields:
    """Return the fields of a body in either form, texts without the white space around them.

    Raises MessageError if it is malformed, or larger, deeper or more than any message.
    """
    if len(body) > MAX_BODY:
        raise MessageError(f"the body has {len(body)} bytes; {MAX_BODY} is the most")
    body = body.strip()
    fields = _parse_json(body) if body[:1] == b"{" else parse_flat_xml(body) or parse_xml(body)
    if not isinstance(fields, dict):
        raise MessageError("the body holds no fields")
    return fields


def encrypted_part(body: bytes) -> str:
    """Return the ``Encrypt`` field of a body in either form, "" if it has none.

    Of XML only this is looked at: it is what the signature covers, and the message is inside it. Raises
    MessageError as ``parse`` does.
    """
    _, found, rest = body.partition(b"<Encrypt>")
    content, ended, rest = rest.partition(b"</Encrypt>")
    if found and ended and b"<Encrypt" not in rest and len(body) <= MAX_BODY and content.isascii():
        return content.decode().strip().removeprefix("<![CDATA[").removesuffix("]]>").strip()
    encrypted = parse(body).get("Encrypt", "")
    if not isinstance(encrypted, str):
        raise MessageError("Encrypt is not a text")
    return encrypted


def parse_flat_xml(body: bytes) -> Fields | None:
    """Return what ``parse_xml`` returns, in half the time, where it is plain to see: ``<xml>`` with one text
    for each name, as nearly all messages are. None (or nothing) for everything else, malformed or not."""
    if not (body.startswith(b"<xml>") and body.endswith(b"</xml>")):
        return None
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    if len(body.translate(None, _CONTROLS)) < len(body) or "\ufffe" in text or "\uffff" in text:
        return None
    fields: Fields = {}
    position, end = len("<xml>"), len(text) - len("</xml>")
    while position < end:
        found = _FLAT_ELEMENT.match(text, position, end)
        if found is None or found[1] in fields or len(fields) == _MAX_FLAT:
            return None
        fields[found[1]] = (found[2] or found[3] or "").strip()
        position = found.end()
    return fields


def parse_xml(body: bytes) -> Value:
    """Return what is inside the outermost element of any XML. Raises MessageError as ``parse`` does."""
    open_elements: list[Fields] = [{}]
    texts: list[str] = []
    count = 0

    def start(_name: str, _attributes: object) -> None:
        nonlocal count
        count += 1
        if count > _MAX_VALUES or len(open_elements) > _MAX_DEPTH:
            raise MessageError("the XML has more elements than any message, or deeper ones")
        open_elements.append({})
        texts.clear()

    def end(name: str) -> None:
        value: Value = open_elements.pop() or "".join(texts).strip()
        siblings = open_elements[-1]
        if name not in siblings:
            siblings[name] = value
            return
        earlier = siblings[name]
        # An element's value is a text or a dict, so a list can only be one that was made here.
        if isinstance(earlier, list):
            earlier.append(value)
        else:
            siblings[name] = [earlier, value]

    # Naming the encoding keeps a declaration in the body from choosing one.
    parser = expat.ParserCreate("UTF-8")
    # One call for a text, however many lines it has.
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = start
    parser.CharacterDataHandler = texts.append
    parser.EndElementHandler = end
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise MessageError(f"the XML is malformed: {expat.ErrorString(error.code)}") from None
    (root,) = open_elements[0].values()
    return root


def _refuse_doctype(*_declaration: object) -> None:
    # Without a document type there are no entities to expand, nor files or addresses to read.
    raise MessageError("the XML declares a document type")


_json_decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)


def _parse_json(body: bytes) -> Value:
    try:
        value = _json_decoder.decode(body.decode())
    except (ValueError, RecursionError) as error:
        raise MessageError(f"the JSON is malformed: {type(error).__name__}") from None
    count = 0

    def normal(value: object, depth: int) -> Value:
        nonlocal count
        count += 1
        if count > _MAX_VALUES or depth > _MAX_DEPTH:
            raise MessageError("the JSON has more values than any message, or deeper ones")
        if isinstance(value, str):
            # An escape such as \ud800 is no character, and could not be stored or sent on.
            return _FORBIDDEN.sub("", value).strip()
        if isinstance(value, dict):
            return {name: normal(item, depth + 1) for name, item in value.items()}
        if isinstance(value, list):
            return [normal(item, depth + 1) for item in value]
        return "" if value is None else str(value).lower()

    return normal(value, 0)


def to_xml(fields: Mapping[str, Tree]) -> str:
    """Return the fields as ``<xml>``: texts as CDATA, ints bare, a list as one ``<item>`` for each member.

    Characters that XML forbids are left out.
    """
    return element("xml", fields)


def element(name: str, value: Tree) -> str:
    """Return one element of what ``to_xml`` makes."""
    if isinstance(value, str):
        # Most texts are printable, which nothing forbidden is, and that is known sooner.
        text = value if value.isprintable() else _FORBIDDEN.sub("", value)
        # The text could end its own CDATA section; there it is split over two.
        text = text.replace("]]>", "]]]]><![CDATA[>")
        return f"<{name}><![CDATA[{text}]]></{name}>"
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    if isinstance(value, list):
        inner = [element("item", item) for item in value]
    else:
        inner = [element(key, item) for key, item in value.items()]
    return f"<{name}>{''.join(inner)}</{name}>"


def to_json(fields: Mapping[str, Tree]) -> str:
    """Return the fields as a JSON object, without the characters that XML forbids, nothing else escaped."""
    return json.dumps(_clean(fields), ensure_ascii=False)


def _clean(value: Tree) -> Tree:
    if isinstance(value, str):
        return _FORBIDDEN.sub("", value)
    if isinstance(value, int):
        return value
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return {key: _clean(item) for key, item in value.items()}
