"""What each construct of Markdown becomes, without its styles: in → out."""

from __future__ import annotations

import re

import pytest

from tests.unit.article.article_html import structure
from wechat_mcp.article import Options, maths, parsing, render
from wechat_mcp.article.rendering import diagrams_of
from wechat_mcp.article.structure import formulas
from wechat_mcp.article.tree import Element
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
    "an empty head of a table is left out": (
        "| | |\n|--|--|\n| 1 | 2 |",
        "<section><table><tbody><tr><td>1</td><td>2</td></tr></tbody></table></section>",
    ),
    "but not one with a picture": (
        "| ![](a.png) | |\n|--|--|\n| 1 | 2 |",
        '<section><table><thead><tr><th><img src="a.png" alt=""/></th><th></th></tr></thead>'
        "<tbody><tr><td>1</td><td>2</td></tr></tbody></table></section>",
    ),
    "a cell with a line break and a bar": (
        "| a |\n|--|\n| 1<br>`x\\|y` |",
        "<section><table><thead><tr><th>a</th></tr></thead>"
        "<tbody><tr><td>1<br/><code>x|y</code></td></tr></tbody></table></section>",
    ),
    "four levels of a list": (
        "- 1\n  - 2\n    - 3\n      - 4",
        "<ul><li><section>1<section><section><section><span>◦</span>2</section>"
        "<section><section><section><span>▪</span>3</section>"
        "<section><section><section><span>•</span>4</section></section></section>"
        "</section></section></section></section></section></li></ul>",
    ),
    "code in a list": (
        "- 一\n\n  ```\n  x\n  ```",
        "<ul><li><section>一<section><pre><code>x</code></pre></section></section></li></ul>",
    ),
    "a list in a quotation": (
        "> - 一\n> - 二",
        "<blockquote><ul><li><section>一</section></li><li><section>二</section></li></ul></blockquote>",
    ),
    "a quotation in a quotation": (
        "> 一\n>\n> > 二",
        "<blockquote><p>一</p><blockquote><p>二</p></blockquote></blockquote>",
    ),
    "code keeps its empty lines": (
        "```\na\n\n\nb\n```",
        "<section><pre><code>a<br/><br/><br/>b</code></pre></section>",
    ),
    "the last line of code has its colour too": (
        "```diff\n-a\n+b\n```",
        "<section><section>diff</section><pre><code><span>-a<br/></span><span>+b</span></code></pre></section>",
    ),
    "code that was written as HTML": (
        "<pre>a\n  b</pre>",
        "<section><pre><code>a<br/>&nbsp;&nbsp;b</code></pre></section>",
    ),
    "two pictures in a row": (
        "![甲](a.png)\n![乙](b.png)",
        '<section><img src="a.png" alt="甲"/><section>甲</section></section>'
        '<section><img src="b.png" alt="乙"/><section>乙</section></section>',
    ),
    "a picture that is a link": (
        "[![](a.png)](https://a.example)",
        '<section><img src="a.png" alt=""/><section><sup>[1]</sup></section></section>'
        "<section><section>引用链接</section><section><span>[1]</span> <span>https://a.example</span></section></section>",
    ),
    "a link by reference": (
        '[文][r]\n\n[r]: https://mp.weixin.qq.com/s/x "题"',
        '<p><a href="https://mp.weixin.qq.com/s/x">文</a></p>',
    ),
    "a link to another file is text": ("[文](other.md)", "<p>文</p>"),
    "a table of contents is text": ("- [跳到](#二)", "<ul><li><section>跳到</section></li></ul>"),
    "a note of two paragraphs": (
        "文[^a]\n\n[^a]: 一\n\n    二",
        "<p>文<sup>[1]</sup></p><section><section>注释</section>"
        "<section><span>[1]</span> 一<br/>二</section></section>",
    ),
    "a note that nobody names is left out": ("文\n\n[^a]: 注", "<p>文</p>"),
    "units and percent signs stand where they belong": (
        "占50%，温度20℃，第3章",
        "<p>占 50%，温度 20℃，第 3 章</p>",
    ),
    "dollars in code and escaped ones are no maths": ("`$x$` 和 \\$5", "<p><code>$x$</code> 和 $5</p>"),
    "ruby, keys and marks": (
        "<ruby>漢<rt>かん</rt></ruby><kbd>Ctrl</kbd><mark>亮</mark>",
        "<p>漢<span>（かん）</span><code>Ctrl</code><span>亮</span></p>",
    ),
    "what can be unfolded is unfolded": (
        "<details><summary>更多</summary>\n\n里面\n\n</details>",
        "<section><section>更多</section><p>里面</p></section>",
    ),
    "comments go": ("文<!-- 藏 -->字", "<p>文字</p>"),
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


def test_cells_stand_as_the_author_aligned_them() -> None:
    html = render("# 题\n\n| a | b | c |\n|:--|:-:|--:|\n| 1 | 2 | 3 |").html

    aligned = re.findall(r'<t[hd] style="[^"]*text-align:(\w+)', html)
    assert aligned == ["left", "center", "right"] * 2
    assert re.search(r'<section style="[^"]*overflow-x:auto[^"]*"><table', html)


def test_a_formula_is_outlines_in_the_colour_of_the_text() -> None:
    html = render("# 题\n\n$x^2$").html

    (svg,) = re.findall(r"<svg.*?</svg>", html)
    assert re.fullmatch(r'<svg xmlns="[^"]+" viewBox="[^"]+" style="[^"]+"><path [^<]*></path></svg>', svg)
    assert 'fill="currentColor"' in svg
    assert "vertical-align:" in svg


@pytest.mark.parametrize(("terms", "scrolls"), [(3, False), (30, True)])
def test_a_long_formula_scrolls_before_it_gets_too_small(terms: int, scrolls: bool) -> None:
    latex = " + ".join(f"x_{{{number}}}" for number in range(terms))

    html = render(f"# 题\n\n$$\n{latex}\n$$").html

    assert ("min-width:" in html) is scrolls
    assert re.search(r'<section style="[^"]*overflow-x:auto[^"]*"><svg', html)


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


@pytest.mark.parametrize(
    "latex",
    [
        r"\frac{" * 40 + "b" + "}{c}" * 40,
        r"\hat{" * 40 + "b" + "}" * 40,
        r"\left(" * 40 + "b" + r"\right)" * 40,
    ],
)
def test_a_formula_that_would_take_forever_stays_as_it_is_written(latex: str) -> None:
    article = render(f"# 题\n\n$${latex}$$")

    assert "formula_failed" in {warning.code for warning in article.warnings}
    assert "<svg" not in article.html


def test_formulas_of_an_article_are_set_until_they_are_too_much_work() -> None:
    parsed = parsing.parse("$a$ $b$ $a$ $c$ $d$")
    root = Element("section", {}, parsed.nodes)

    failed = formulas(root, parsed, most_nodes=2 * maths.nodes("a", display=False))

    assert failed == ("c", "d")
    assert sum(element.tag == "svg" for element in root.walk()) == 3


def test_the_first_warnings_of_a_code_are_told_and_how_many_more_there_are() -> None:
    links = " ".join(f"[a](b{number})" for number in range(50))

    told = [each.text for each in render(f"# 题\n\n{links}").warnings if each.code == "link_relative"]

    assert len(told) == 21
    assert "30 处" in told[-1]


def test_the_card_of_an_account_keeps_what_it_needs() -> None:
    card = (
        '<mp-common-profile data-pluginname="mpprofile" data-id="MzA" data-nickname="名"></mp-common-profile>'
    )

    assert card in structure(f"文\n\n{card}")
