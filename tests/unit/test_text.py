"""Markdown made plain, and long answers cut where a reader would pause."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wechat_oa.text import MAX_REPLY_BYTES, cut, ends_in_code, fits, to_plain

FAMILY = "👨‍👩‍👧‍👦"
PIECES = [
    "**", "*", "_", "__", "`", "```\n", "~~", "\n", "\n\n", "# ", "- ", "> ", "<br>", "\\*", "| a | b |\n",
    "|---|---|\n", "[链接](https://x.example/a?b=c)", "![图](https://x.example/i.png)", "https://x.example/长",
    "。", "！”", "，", ". ", FAMILY, "🇨🇳", "1️⃣", "é", "汉" * 50, "word " * 10, " " * 5,
]  # fmt: skip
MARKDOWN = st.lists(st.text(max_size=20) | st.sampled_from(PIECES), max_size=60).map("".join)


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("# 标题", "标题"),
        ("### 标题 ###", "标题"),
        ("## 学习 C#", "学习 C#"),
        ("#标签 不是标题", "#标签 不是标题"),
        ("- 一\n* 二\n+ 三", "• 一\n• 二\n• 三"),
        ("- 一\n  - 一之一\n    * 再里面", "• 一\n  • 一之一\n    • 再里面"),
        ("1. 一\n2. 二", "1. 一\n2. 二"),
        ("- [x] 做完\n- [ ] 没做\n  - [X] 也做完", "☑ 做完\n☐ 没做\n  ☑ 也做完"),
        ("-5 度\n*强调*\n+86", "-5 度\n强调\n+86"),
        ("> 引用\n> > 里面", "引用\n里面"),
        ("上\n\n---\n\n下", "上\n\n下"),
        ("上\n***\n下\n- - -", "上\n\n下"),
        ("多\n\n\n\n\n行", "多\n\n行"),
        ("一<br>二<BR />三", "一\n二\n三"),
        ("行尾空格  \n下一行\t", "行尾空格\n下一行"),
        ("回车\r\n换行\r\n", "回车\n换行"),
    ],
)
def test_blocks_become_plain(markdown: str, plain: str) -> None:
    assert to_plain(markdown) == plain


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("| 名字 | 价格 |\n|------|:----:|\n| 苹果 | 3 元 |", "名字 ｜ 价格\n苹果 ｜ 3 元"),
        ("| a |\n|:-:|\n| b |", "a\nb"),
        ("a | b\n--- | ---\nc | d", "a | b\nc | d"),
        ("| **粗** | `x|y` | 1\\|2 |", "粗 ｜ x|y ｜ 1|2"),
        ("| - | - |", "- ｜ -"),
        ("a || b", "a || b"),
        ("|", "|"),
    ],
)
def test_tables_become_lines(markdown: str, plain: str) -> None:
    assert to_plain(markdown) == plain


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("**粗** *斜* ***都*** __粗__ _斜_ ~~删~~", "粗 斜 都 粗 斜 删"),
        ("这是**重点**内容，很**重要**！", "这是重点内容，很重要！"),
        ("**“引号”**后面，（**括号**）", "“引号”后面，（括号）"),
        ("iPhone**15**系列 和 Python**3**版本", "iPhone15系列 和 Python3版本"),
        ("*开头*的内容，结尾的*内容*", "开头的内容，结尾的内容"),
        ("**里面有 *斜体* 的粗体**", "里面有 斜体 的粗体"),
        ("**没有闭合", "没有闭合"),
        ("没有打开**，然后", "没有打开，然后"),
        (
            "一个*星号，一个_下划线，一个`反引号，一个~~波浪",
            "一个*星号，一个_下划线，一个`反引号，一个~~波浪",
        ),
        ("****", ""),
    ],
)
def test_emphasis_is_taken_away(markdown: str, plain: str) -> None:
    assert to_plain(markdown) == plain


@pytest.mark.parametrize(
    "text",
    [
        "2*3*4 = 24，2 * 3 * 4，a*b*c，长*宽*高",
        "2**10 = 1024，x ** 2，f(x)**2",
        "snake_case_name 和 _private 和 foo__bar__baz",
        "3~5 天，~~ 不是",
        "a[0] 和 b[1](",
        "1 < 2 > 0，a <b> c",
        "C# 和 F#，100%，$5，a|b",
        "文件 *.py 和 *.txt",
        "https://x.example/_next_/a_b_c/*d*?e=__f__#g",
    ],
)
def test_what_is_no_markdown_stays(text: str) -> None:
    assert to_plain(text) == text


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("用 `a*b*c` 和 `__init__`", "用 a*b*c 和 __init__"),
        ("``有`反引号``", "有`反引号"),
        ("`C:\\`，`\\*`", "C:\\，\\*"),
        ("`- 不是列表`", "- 不是列表"),
        ("`**`和`**`", "**和**"),
        ("```python\nx = 2 ** 3 * 4  # **不粗**\n- y\n| z |\n```", "x = 2 ** 3 * 4  # **不粗**\n- y\n| z |"),
        ("~~~\n# 注释\n~~~\n# 标题", "# 注释\n标题"),
        ("1. 步骤\n    ```sh\n    ls *.py\n    ```\n**完**", "1. 步骤\n    ls *.py\n完"),
        ("```print(1)```\n**粗**", "print(1)\n粗"),
        ("```\n没有闭合 **x**", "没有闭合 **x**"),
    ],
)
def test_code_keeps_its_stars(markdown: str, plain: str) -> None:
    assert to_plain(markdown) == plain


def test_a_part_that_begins_in_code_stays_code_until_the_fence() -> None:
    assert to_plain("a*b*c\n```\n*斜*", in_code=True) == "a*b*c\n斜"
    assert ends_in_code("文\n```py\nx")
    assert not ends_in_code("文\n```py\nx\n```\n后")
    assert not ends_in_code("`x` 和 ```y```")


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("见[文档](https://x.example/a_b_c)。", "见文档（https://x.example/a_b_c ）。"),
        ('[a](<https://x.example> "标题")', "a（https://x.example ）"),
        ("[维基](https://x.example/Python_(语言))", "维基（https://x.example/Python_(语言) ）"),
        ("[[1]](https://x.example)", "[1]（https://x.example ）"),
        ("[**粗**](https://x.example/*a*)", "粗（https://x.example/*a* ）"),
        ("[https://x.example/_a_](https://x.example/_a_)", "https://x.example/_a_"),
        ("[](https://x.example)", "https://x.example"),
        ("<https://x.example/_a_>", "https://x.example/_a_"),
        ("**https://x.example**，_https://x.example/b_", "https://x.example，https://x.example/b"),
        ("![示意图](https://x.example/a_b_.png)", "[图片：示意图] https://x.example/a_b_.png"),
        ("![](https://x.example/a.png)", "[图片] https://x.example/a.png"),
        (
            "[![徽章](http://i.example)](http://l.example)",
            "[图片：徽章] http://i.example（http://l.example ）",
        ),
        ("[没有地址]，[没有闭合](https://x.example", "[没有地址]，[没有闭合](https://x.example"),
    ],
)
def test_links_and_images_show_their_address(markdown: str, plain: str) -> None:
    assert to_plain(markdown) == plain


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("\\*不斜\\*，\\**\\*", "*不斜*，***"),
        ("\\# 不是标题\n\\- 不是列表\n1\\. 不是", "# 不是标题\n- 不是列表\n1. 不是"),
        ("\\`不是代码\\`", "\\`不是代码\\`".replace("\\", "")),
        ("\\[不是\\](链接)", "[不是](链接)"),
        ("C:\\\\dir\\name", "C:\\dir\\name"),
    ],
)
def test_escaped_characters_stand_for_themselves(markdown: str, plain: str) -> None:
    assert to_plain(markdown) == plain


@settings(deadline=None)
@given(MARKDOWN, st.booleans())
def test_any_text_becomes_one_that_can_be_sent(markdown: str, in_code: bool) -> None:
    plain = to_plain(markdown, in_code=in_code)
    plain.encode()
    assert plain == plain.strip("\n")
    assert "\n\n\n" not in plain


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("汉" * 682, 0, True),
        ("汉" * 682 + "ab", 0, False),
        ("汉汉汉", 3, True),
        ("汉汉汉", 2, False),
        ("", 1, True),
    ],
)
def test_a_text_fits_by_its_bytes_and_its_characters(text: str, most: int, expected: bool) -> None:
    assert fits(text, max_characters=most) is expected


def _parts(text: str, *, max_bytes: int = MAX_REPLY_BYTES, max_characters: int = 0) -> list[str]:
    """The parts of a whole text."""
    parts: list[str] = []
    start = 0
    while start < len(text):
        end = cut(text, start, final=True, max_bytes=max_bytes, max_characters=max_characters)
        assert end > start, "it always advances"
        parts.append(text[start:end])
        start = end
    return parts


@settings(max_examples=150, deadline=None)
@given(MARKDOWN, st.integers(40, 400), st.sampled_from([0, 0, 20, 57]))
def test_the_parts_of_any_text_fit_and_are_the_text(text: str, max_bytes: int, max_characters: int) -> None:
    parts = _parts(text, max_bytes=max_bytes, max_characters=max_characters)
    assert "".join(parts) == text
    begun = ""
    for part in parts:
        plain = to_plain(part, in_code=ends_in_code(begun))
        assert fits(plain, max_bytes=max_bytes, max_characters=max_characters)
        begun += part


@settings(max_examples=100, deadline=None)
@given(MARKDOWN, st.integers(0, 30), st.integers(40, 200))
def test_a_part_of_a_text_that_grows_fits_and_advances(text: str, start: int, max_bytes: int) -> None:
    start = min(start, len(text))
    end = cut(text, start, final=False, max_bytes=max_bytes)
    assert end == len(text) == start or start < end <= len(text)
    assert fits(to_plain(text[start:end], in_code=ends_in_code(text[:start])), max_bytes=max_bytes)


def test_what_fits_whole_is_not_cut() -> None:
    text = "一句话。" * 100 + "没有句号"
    assert cut(text, 0, final=True) == len(text)
    assert cut(text, 400, final=True) == len(text)
    assert cut("", 0, final=True) == cut("", 0, final=False) == 0


def test_where_not_one_character_fits_there_is_an_end_nevertheless() -> None:
    assert _parts("汉字", max_bytes=2) == ["汉", "字"]
    assert _parts("abc", max_bytes=-5) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "sentence",
    [
        "这是一句不太长的话。",
        "真的吗？！",
        "他说：“好的。”",
        "「好！」",
        "It is so. ",
        'He said "yes." ',
        "等等……",
        "好；",
    ],
)
def test_a_part_ends_with_a_sentence(sentence: str) -> None:
    text = sentence * (3000 // len(sentence.encode()))
    for part in _parts(text)[:-1]:
        assert part.endswith(sentence.rstrip()) or part.endswith(sentence)
    growing = sentence * 3 + "还没写完的"
    assert growing[: cut(growing, 0, final=False)].rstrip() == (sentence * 3).rstrip()


def test_a_part_ends_with_a_paragraph_when_that_costs_little() -> None:
    paragraphs = ("一句话。" * 40 + "\n\n") * 8
    assert all(part.endswith("。\n\n") for part in _parts(paragraphs))


def test_without_sentences_a_part_ends_at_a_comma_or_a_space() -> None:
    assert all(part.endswith("，") for part in _parts("没有句号只有逗号，" * 200)[:-1])
    assert all(part.endswith(" ") for part in _parts("words and words " * 400)[:-1])


def test_a_pause_is_not_taken_so_early_that_most_of_the_part_is_lost() -> None:
    first, *_ = _parts("短。" + "长" * 1000)
    assert len(first) > 600


@pytest.mark.parametrize("number", ["3.14159", "v1.2.3", "a.b.c?d!e"])
def test_a_point_within_a_word_ends_no_sentence(number: str) -> None:
    before = "圆周率这个数大家都知道，"
    text = before + number + "左右"
    for inside in range(1, len(number)):
        limit = len((before + number[:inside]).encode())
        assert text[: cut(text, 0, final=True, max_bytes=limit)] == before


@pytest.mark.parametrize(
    "whole",
    [
        "https://x.example/a?b=c.d!e&f=g.h",
        "[一个 很长 的名字，里面有逗号。也有句号](https://x.example/a.b?c=d)",
        "![图。图](https://x.example/a.png)",
    ],
)
def test_an_address_is_not_cut_when_there_is_another_place(whole: str) -> None:
    for prefix in range(20, 120):
        text = "字" * prefix + " " + whole + " " + "尾" * 100
        for part in _parts(text, max_bytes=300):
            assert (whole in part) or not any(whole[:n] in part for n in range(8, len(whole)))


def test_an_address_that_is_still_being_written_is_not_cut() -> None:
    text = "看这里 https://x.exam"
    assert text[: cut(text, 0, final=False)] == "看这里 "


def test_an_address_longer_than_a_message_is_cut_after_all() -> None:
    text = "看 https://x.example/" + "a" * 5000
    parts = _parts(text)
    assert parts[0] == "看 "
    assert len(parts) == 4


@pytest.mark.parametrize(
    "character", [FAMILY, "🇨🇳", "👍🏽", "❤️‍🔥", "1️⃣", "e\u0301", "नि", "🏴\U000e0067\U000e0062\U000e007f"]
)
def test_what_is_one_character_to_the_reader_is_not_split(character: str) -> None:
    text = character * 100
    for limit in range(40, 60):
        for part in _parts(text, max_bytes=limit):
            assert part == character * (len(part) // len(character))


def test_a_character_without_an_end_is_cut_after_all() -> None:
    parts = _parts("e" + "\u0301" * 3000)
    assert len(parts) < 5


def test_a_part_in_code_ends_with_a_line() -> None:
    text = "```py\n" + "print('一行代码')\n" * 300 + "```\n完"
    parts = _parts(text)
    assert all(part.endswith("\n") for part in parts[:-1])
    assert to_plain(parts[1], in_code=ends_in_code(parts[0])).startswith("print('一行代码')")


HOSTILE = [
    "*", "**", "*a ", "**a ", "__a ", "_a ", "_", "~~", "~~a ", "`", "`a ``b ", "[", "![", "[[", "[a](",
    "[a](x", "[]", "[a[b]", '![a](u "', "](", "(", "((", "|", " |", "|-", "--", "-- ", "- ", "#", "# ", "> ",
    "<", "<br ", "<http://", "http://a.b?", "\\", "\\`", "!", "?! ", "\n", "\n ", " ", "word",
    "。", "，", "字", "🇨", "\u0301", "\u200d",
]  # fmt: skip


@pytest.mark.parametrize("begin", ["", "# ", "[a](u "])
def test_long_texts_of_anything_take_time_by_their_length_alone(begin: str) -> None:
    """Each unit repeated, and spoiled by an end that fits no pattern: its square would take many seconds."""
    for unit in HOSTILE:
        text = begin + unit * (30_000 // len(unit)) + "x"
        began = time.process_time()
        to_plain(text)
        cut(text, 15_000, final=False, max_bytes=1900)
        assert time.process_time() - began < 0.8, f"{unit!r} after {begin!r}"
