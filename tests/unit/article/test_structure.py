"""What each construct of Markdown becomes, without its styles: in → out."""

from __future__ import annotations

import pytest

from tests.unit.article.article_html import structure
from wechat_mcp.article import Options, render
from wechat_mcp.article.rendering import diagrams_of
from wechat_mcp.diagrams import Drawing

CASES = {
    "a paragraph": ("一段话。", "<p>一段话。</p>"),
    "a heading": ("## 二级", "<h2>二级</h2>"),
    "emphasis": ("**粗** *斜* ~~删~~", "<p><strong>粗</strong> <em>斜</em> <s>删</s></p>"),
    "emphasis that ends with Chinese punctuation": (
        "**注意：**后面是正文，**“引号”**也行",
        "<p><strong>注意：</strong>后面是正文，<strong>“引号”</strong>也行</p>",
    ),
    "a star between Latin letters is no emphasis": ("2*3*4 a ** b", "<p>2<em>3</em>4 a ** b</p>"),
    "lines of Chinese are joined": ("第一行\n第二行", "<p>第一行第二行</p>"),
    "lines of Latin keep a space": ("one\ntwo", "<p>one two</p>"),
    "a line after emphasis is joined": ("**粗**\n文", "<p><strong>粗</strong>文</p>"),
    "two spaces break a line": ("一  \n二", "<p>一<br/>二</p>"),
    "Chinese and Latin are spaced": ("用Python写3行", "<p>用 Python 写 3 行</p>"),
    "and across emphasis": ("用**Python**写", "<p>用 <strong>Python</strong> 写</p>"),
    "but not in code": ("`用Python写`", "<p><code>用Python写</code></p>"),
    "a list": ("- 一\n- 二", "<ul><li><section>一</section></li><li><section>二</section></li></ul>"),
    "a numbered list": (
        "1. 一\n2. 二",
        "<ol><li><section>一</section></li><li><section>二</section></li></ol>",
    ),
    "a list with paragraphs": (
        "- 一\n\n  再\n\n- 二",
        "<ul><li><section>一<section>再</section></section></li><li><section>二</section></li></ul>",
    ),
    "a list in a list in a list": (
        "- 一\n  - 二\n    1. 三",
        "<ul><li><section>一<section><section><section><span>◦</span>二</section>"
        "<section><section><section><span>1.</span>三</section></section></section>"
        "</section></section></section></li></ul>",
    ),
    "a list that begins with another number": (
        "3. 三\n4. 四",
        "<section><section><section><span>3.</span>三</section></section>"
        "<section><section><span>4.</span>四</section></section></section>",
    ),
    "tasks": (
        "- [x] 做了\n- [ ] 没做",
        "<section><section><section><span>☑</span>做了</section></section>"
        "<section><section><span>☐</span>没做</section></section></section>",
    ),
    "a quotation": ("> 引用", "<blockquote><p>引用</p></blockquote>"),
    "a rule": ("一\n\n---\n\n二", "<p>一</p><hr/><p>二</p>"),
    "a table scrolls in a section of its own": (
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "<section><table><thead><tr><th>a</th><th>b</th></tr></thead>"
        "<tbody><tr><td>1</td><td>2</td></tr></tbody></table></section>",
    ),
    "code keeps its lines and its spaces": (
        "```\na\n  b  c d\n```",
        "<section><pre><code>a<br/>&nbsp;&nbsp;b&nbsp;&nbsp;c d</code></pre></section>",
    ),
    "code has its tabs as spaces": (
        "```\n\tx\n```",
        "<section><pre><code>&nbsp;&nbsp;&nbsp;&nbsp;x</code></pre></section>",
    ),
    "code names its language": (
        "```nothing-known\nx < y & z\n```",
        "<section><section>nothing-known</section><pre><code>x &lt; y &amp; z</code></pre></section>",
    ),
    "code in colour": (
        "```python\nreturn 1\n```",
        "<section><section>python</section><pre><code><span>return&nbsp;</span><span>1</span></code></pre></section>",
    ),
    "a picture with a caption": (
        '![说明](a.png "题注")',
        '<section><img src="a.png" alt="说明"/><section>题注</section></section>',
    ),
    "a picture's words are its caption": (
        "![窗外](a.png)",
        '<section><img src="a.png" alt="窗外"/><section>窗外</section></section>',
    ),
    "a file's name is no caption": (
        "![IMG_2031](a.png)",
        '<section><img src="a.png" alt="IMG_2031"/></section>',
    ),
    "a picture in a line stays there": ("字![](a.png)字", '<p>字<img src="a.png" alt=""/>字</p>'),
    "a link to WeChat stays": (
        "[文](https://mp.weixin.qq.com/s/x)",
        '<p><a href="https://mp.weixin.qq.com/s/x">文</a></p>',
    ),
    "another link is a reference": (
        "[文](https://a.example/x?a=1&b=2)。",
        "<p><span>文</span><sup>[1]</sup>。</p><section><section>引用链接</section>"
        "<section><span>[1]</span> 文：<span>https://a.example/x?a=1&amp;b=2</span></section></section>",
    ),
    "an address that looks like WeChat's is another": (
        "[文](https://mp.weixin.qq.com.evil.example/)",
        "<p><span>文</span><sup>[1]</sup></p><section><section>引用链接</section>"
        "<section><span>[1]</span> 文：<span>https://mp.weixin.qq.com.evil.example/</span></section></section>",
    ),
    "the same address has one number": (
        "[甲](https://a.example) [乙](https://b.example) [丙](https://a.example)",
        "<p><span>甲</span><sup>[1]</sup> <span>乙</span><sup>[2]</sup> <span>丙</span><sup>[1]</sup></p>"
        "<section><section>引用链接</section><section><span>[1]</span> 甲：<span>https://a.example</span></section>"
        "<section><span>[2]</span> 乙：<span>https://b.example</span></section></section>",
    ),
    "a bare address needs no reference": ("<https://a.example>", "<p><span>https://a.example</span></p>"),
    "a link within the page is text": ("[跳](#here)", "<p>跳</p>"),
    "notes and links share their numbers": (
        "文[^a]与[链](https://a.example)\n\n[^a]: 注",
        "<p>文<sup>[1]</sup>与<span>链</span><sup>[2]</sup></p><section><section>注释与引用</section>"
        "<section><span>[1]</span> 注</section>"
        "<section><span>[2]</span> 链：<span>https://a.example</span></section></section>",
    ),
    "a note that is named twice is listed once": (
        "一[^a]二[^a]\n\n[^a]: 注",
        "<p>一<sup>[1]</sup>二<sup>[1]</sup></p><section><section>注释</section>"
        "<section><span>[1]</span> 注</section></section>",
    ),
    "maths in a line": ("式$x^2$。", "<p>式<svg/>。</p>"),
    "maths on its own": ("$$\nx^2\n$$", "<section><svg/></section>"),
    "prices are no maths": ("从 $5 到 $6", "<p>从 $5 到 $6</p>"),
    "HTML of the author": ("<div>块<b>粗</b></div>", "<section>块<strong>粗</strong></section>"),
    "scripts go with what is in them": ("<script>alert(1)</script>\n\n文", "<p>文</p>"),
    "handlers and addresses of scripts": (
        '<b onclick="x()">粗</b> [链](javascript:alert(1))',
        "<p><strong>粗</strong> [链](javascript:alert(1))</p>",
    ),
    "a card of a mini program": (
        '<a data-miniprogram-appid="wx1" data-miniprogram-path="p">打开</a>',
        '<p><a href="" data-miniprogram-appid="wx1" data-miniprogram-path="p">打开</a></p>',
    ),
}


@pytest.mark.parametrize(("markdown", "html"), CASES.values(), ids=CASES.keys())
def test_it_becomes(markdown: str, html: str) -> None:
    assert structure(f"---\ntitle: 题\n---\n{markdown}") == html


def test_the_heading_that_repeats_the_title_is_left_out() -> None:
    assert structure("---\ntitle: 题目\n---\n# 题目\n\n文") == "<p>文</p>"


def test_the_first_heading_is_the_title_when_there_is_none() -> None:
    article = render("# 题目\n\n文")

    assert article.title == "题目"
    assert "题目" not in article.html


def test_another_first_heading_stays() -> None:
    assert structure("---\ntitle: 题目\n---\n# 引子\n\n文") == "<h1>引子</h1><p>文</p>"


def test_line_ends_can_be_line_breaks() -> None:
    assert structure("一\n二", Options(breaks=True)) == "<p>一<br/>二</p>"


def test_the_space_between_chinese_and_latin_can_be_left_out() -> None:
    assert structure("用Python写", Options(spacing=False)) == "<p>用Python写</p>"


def test_references_can_be_left_out() -> None:
    assert structure("[文](https://a.example)", Options(references=False)) == "<p><span>文</span></p>"


def test_a_diagram_is_drawn_where_there_is_a_renderer() -> None:
    markdown = "# 题\n\n```Mermaid\ngraph LR\n```"
    (diagram,) = diagrams_of(markdown)

    article = render(markdown, Options(diagrams={diagram: Drawing("drawn.png", 240, "mmdc")}))

    assert diagram == ("mermaid", "graph LR\n")
    assert [picture.source for picture in article.images] == ["drawn.png"]
    assert "graph" not in article.html
    assert "width:240px" in article.html
    assert [warning.code for warning in article.warnings] == ["diagram_drawn"]


def test_a_diagram_is_its_code_otherwise_and_the_author_is_told() -> None:
    article = render("# 题\n\n```mermaid\ngraph LR\n```")

    assert "graph LR" in article.html
    assert "diagram_code" in {warning.code for warning in article.warnings}


def test_why_a_diagram_was_not_drawn_is_told() -> None:
    drawings = {("mermaid", "graph LR\n"): Drawing(problem="第 1 行读不懂")}

    article = render("# 题\n\n```mermaid\ngraph LR\n```", Options(diagrams=drawings))

    (told,) = (warning.text for warning in article.warnings if warning.code == "diagram_code")
    assert "第 1 行读不懂" in told


@pytest.mark.parametrize(
    "markdown",
    [
        "文",
        "`mermaid`",
        "```python\nmermaid\n```",
        "---\ntype: image\n---\n```mermaid\ngraph LR\n```",
        "---\na: [\n---\n```mermaid\ngraph LR\n```",
        "> " * 200 + "\n```mermaid\ngraph LR\n```" + "<div>" * 200,
    ],
)
def test_what_has_no_diagram_to_draw_has_none(markdown: str) -> None:
    assert diagrams_of(markdown) == []


@pytest.mark.parametrize("latex", ["\\frac{1", "v = \\frac{路程}{时间}"])
def test_a_formula_that_cannot_be_set_stays_as_it_is_written(latex: str) -> None:
    article = render(f"# 题\n\n${latex}$")

    assert latex in article.html
    assert "formula_failed" in {warning.code for warning in article.warnings}
