"""Front matter, lengths, 贴图, and what an article tells about itself."""

from __future__ import annotations

import pytest

from wechat_mcp.article import Article, ArticleError, Options, render
from wechat_mcp.article.front_matter import FrontMatterError, split


def codes(article: Article, *, blocking: bool = False) -> set[str]:
    return {notice.code for notice in article.warnings if notice.blocking or not blocking}


def test_front_matter_says_how_the_article_is_shown() -> None:
    article = render(
        "---\ntitle: 题目\nauthor: 作者\ndigest: 摘要\ncover: c.png\nsource_url: https://a.example\n"
        "need_open_comment: yes\nonly_fans_can_comment: true\nid: my-1\n---\n文"
    )

    assert (article.title, article.author, article.digest, article.cover) == ("题目", "作者", "摘要", "c.png")
    assert article.source_url == "https://a.example"
    assert article.need_open_comment
    assert article.only_fans_can_comment
    assert article.identity == "my-1"
    assert article.warnings == ()


@pytest.mark.parametrize("value", ["3.10", "2026-11-25", "yes", "0x10", "null", "1e3", "~"])
def test_values_are_what_is_written(value: str) -> None:
    assert render(f"---\ntitle: {value}\n---\n文").title == value


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: a: b: c\n---\n文",
        "---\n- [x\n---\n文",
        "---\na: &a [x]\nb: *a\n---\n文",
        "---\n\t: x\n---\n",
    ],
)
def test_front_matter_that_cannot_be_read_is_said(text: str) -> None:
    with pytest.raises(FrontMatterError, match="front matter"):
        render(text)


def test_two_rules_at_the_head_are_no_front_matter() -> None:
    assert split("---\n\n只是一句话\n\n---\n文") == ({}, "---\n\n只是一句话\n\n---\n文")


def test_chinese_names_are_understood() -> None:
    assert render("---\n标题: 题目\n摘要: 略\n---\n文").digest == "略"


def test_front_matter_is_bounded() -> None:
    with pytest.raises(FrontMatterError, match="16 KB"):
        render(f"---\ntitle: {'长' * 9000}\n---\n文")


def test_without_a_digest_it_is_the_beginning_cut_at_a_sentence() -> None:
    text = (
        "第一句话在这里，说的是今天的天气。第二句话接着说明天，明天会更好，也许会下雨，也许不会下雨。"
        + "第三句。" * 40
    )

    article = render(f"# 题\n\n## 小标题\n\n{text}")

    assert article.digest.startswith("第一句话")
    assert article.digest.endswith("。")
    assert len(article.digest) <= 120
    assert "小标题" not in article.digest


def test_the_cover_is_the_first_picture_unless_one_is_named() -> None:
    assert render("# 题\n\n![](1.png)\n\n![](2.png)").cover == "1.png"
    assert render("---\ncover: 2.png\n---\n# 题\n\n![](1.png)").cover == "2.png"


def test_pictures_are_listed_once_in_their_order_and_can_be_replaced() -> None:
    article = render("# 题\n\n![甲](1.png)\n\n字![](b.jpg?x=1&y=2)字\n\n![](1.png)")

    html = article.content(
        {"1.png": "https://mmbiz.qpic.cn/a", "b.jpg?x=1&y=2": "https://mmbiz.qpic.cn/b?x&y"}
    )

    assert [picture.source for picture in article.images] == ["1.png", "b.jpg?x=1&y=2"]
    assert html.count('src="https://mmbiz.qpic.cn/a"') == 2
    assert 'src="https://mmbiz.qpic.cn/b?x&amp;y"' in html


def test_paths_with_spaces_chinese_and_drives_stay_as_they_are() -> None:
    article = render("# 题\n\n![](<图 片.png>)\n\n![](C:\\tmp\\a.png)\n\n![](file:///tmp/b.png)")

    assert [picture.source for picture in article.images] == [
        "图 片.png",
        "C:\\tmp\\a.png",
        "file:///tmp/b.png",
    ]


def test_what_is_too_long_is_said_and_what_is_refused_blocks() -> None:
    assert "title_long" in codes(render(f"# {'题' * 33}\n\n文"))
    assert "title_long" not in codes(render(f"# {'题' * 33}\n\n文"), blocking=True)
    assert "title_long" in codes(render(f"# {'题' * 65}\n\n文"), blocking=True)
    assert "digest_long" in codes(render(f"---\ntitle: 题\ndigest: {'略' * 129}\n---\n文"), blocking=True)
    assert "author_long" in codes(render(f"---\ntitle: 题\nauthor: {'名' * 17}\n---\n文"), blocking=True)
    assert "title_missing" in codes(render("文"), blocking=True)
    assert "cover_missing" in codes(render("# 题\n\n文"))
    assert "content_empty" in codes(render("# 题"), blocking=True)
    assert "content_empty" not in codes(render("# 题\n\n![](a.png)"))


def test_both_limits_of_the_content_are_known() -> None:
    long = render("# 题\n\n" + "\n\n".join(["一段" * 30] * 200))
    larger = render("# 题\n\n" + "\n\n".join(["一段" * 60] * 200))

    assert "content_long" in codes(long)
    assert not long.problems
    assert "content_large" in codes(larger, blocking=True)


def test_a_picture_in_the_text_does_not_count_with_its_data() -> None:
    source = f"data:image/png;base64,{'A' * 2_000_000}"

    article = render(f"---\ncover: {source}\n---\n# 题\n\n![]({source})\n\n`data:,picture-7`")

    assert "content_long" not in codes(article)
    assert [picture.source for picture in article.images] == [article.cover] == [source]
    assert "data:,picture-7" in article.html


def test_the_data_of_a_picture_may_stand_in_code() -> None:
    example = f"data:image/png;base64,{'A' * 300}"

    assert example in render(f"# 题\n\n```\n{example}\n```\n\n{example}").html


def test_what_wechat_would_strip_is_said() -> None:
    article = render("# 题\n\n<iframe src=x></iframe><video src=y></video>\n\n[相](./other.md)")

    assert {"html_dropped", "link_relative"} <= codes(article)
    assert "other.md" in " ".join(notice.text for notice in article.warnings)


def test_settings_that_make_no_sense_are_said() -> None:
    article = render("---\ntitle: 题\njustify: maybe\nfont_size: big\nsource_url: a.example\n---\n文")

    assert {"setting_odd", "source_url_odd"} <= codes(article)
    assert article.source_url == ""


def test_options_go_before_the_front_matter() -> None:
    assert render("---\ntitle: 题\ntheme: warm\n---\n文", Options(theme="code")).theme == "code"


def test_a_newspic_is_plain_text_and_pictures() -> None:
    article = render(
        "---\ntitle: 题\ntype: image\nimages: [0.png]\n---\n"
        "**第一段**\n\n![](1.png)\n\n- 甲\n- 乙\n\n第三段  \n换行"
    )

    assert article.article_type == "newspic"
    assert article.html == "第一段\n\n• 甲\n• 乙\n\n第三段\n换行"
    assert [picture.source for picture in article.images] == ["0.png", "1.png"]
    assert article.draft({}, thumb_media_id="", image_media_ids=["m0", "m1"])["image_info"] == {
        "image_list": [{"image_media_id": "m0"}, {"image_media_id": "m1"}]
    }


def test_a_newspic_loses_nothing_that_can_be_written() -> None:
    article = render(
        "---\ntitle: 题\ntype: image\nimages: 1.png\n---\n见[文档](https://a.example)与$x^2$，\n续\n\n"
        "```python\nif x:\n    y\n```\n\n注[^1]\n\n[^1]: 脚注"
    )

    assert article.html == (
        "见文档[1]与 x^2，续\n\nif x:\n    y\n\n注[2]\n\n"
        "注释与引用\n\n[1] 文档：https://a.example\n\n[2] 脚注"
    )


def test_a_newspic_needs_pictures_and_takes_twenty() -> None:
    pictures = "\n\n".join(f"![]({number}.png)" for number in range(21))

    assert "images_missing" in codes(render("---\ntitle: 题\ntype: image\n---\n文"), blocking=True)
    assert "images_many" in codes(render(f"---\ntitle: 题\ntype: image\n---\n{pictures}"), blocking=True)


def test_a_draft_has_the_fields_that_wechat_knows() -> None:
    draft = render("# 题\n\n文").draft({}, thumb_media_id="cover")

    assert draft["thumb_media_id"] == "cover"
    assert draft["need_open_comment"] == 0
    assert "author" not in draft


def test_what_is_endless_is_refused() -> None:
    with pytest.raises(ArticleError, match="拆成"):
        render("字" * 100_001)
    with pytest.raises(ArticleError, match="嵌套"):
        render("<div>" * 5000)
    with pytest.raises(ArticleError, match="嵌套"):
        render("> " * 5000 + "字")


@pytest.mark.parametrize(
    "hostile",
    [
        *(" " * 90_000 + "x", "中" + " \t" * 40_000 + "文", "*中" * 5_000, "[" * 9_000, "![" * 4_000),
        *("`" * 50_000, "-" * 90_000, "$" * 50_000, "<" * 20_000, "&" * 50_000, "|a" * 20_000 + "\n|-|"),
        *("![-" + "-" * 90_000 + "x](a.png)", "[^1]" * 9_000 + "\n\n[^1]: [^1]", "![](a.png)\n" * 8_000),
    ],
    ids=lambda text: text[:4],
)
def test_nothing_an_author_writes_takes_forever(hostile: str) -> None:
    try:
        render(f"# 题\n\n{hostile}")
    except ArticleError:
        return
