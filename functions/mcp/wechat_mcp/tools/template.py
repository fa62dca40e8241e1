"""wechat_template: good-looking pages from a few fields."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from wechat_mcp.tooling.calling import Call
from wechat_mcp.tooling.declaring import Declared
from wechat_mcp.tooling.results import Refused, Result
from wechat_mcp.tools.static_page import FileName, about, asked, pages
from wechat_oa import page_templates
from wechat_oa.page_templates import TemplateError

tool = Declared(
    "wechat_template",
    "网页模板",
    "把标题、段落、数据等填进现成的模板，变成一张好看的网页：给了 filename 就直接托管并返回地址，否则返回 "
    "HTML；"
    "for_draft=true 返回可以放进草稿正文的 HTML（样式写在标签里）。",
    open_world=False,
)

TemplateName = Annotated[str, Field(description="模板的名字，用 list 看有哪些；不填用默认的", max_length=50)]


@tool.action("generate", "填好一张网页", scope="write", given=("title",))
async def generate(
    call: Call,
    title: Annotated[str, Field(description="标题", min_length=1, max_length=200)],
    intro: Annotated[str, Field(description="标题下面的一段话")] = "",
    image: Annotated[str, Field(description="题图的网址", max_length=2048)] = "",
    warning: Annotated[str, Field(description="醒目的提示")] = "",
    sections: Annotated[
        list[dict[str, Any]],
        Field(description="各节：title、content、image、stats、quote、features、code、progress，都可以不写"),
    ] = [],
    tags: Annotated[list[str], Field(description="标签")] = [],
    action_button: Annotated[dict[str, str], Field(description='按钮：{"text": "…", "url": "…"}')] = {},
    footer: Annotated[list[str], Field(description="页脚的各行")] = [],
    template_name: TemplateName = "",
    filename: FileName = "",
    overwrite: Annotated[bool, Field(description="同名的网页已经存在时覆盖它")] = False,
    for_draft: Annotated[bool, Field(description="返回放进草稿正文的 HTML")] = False,
) -> Result:
    """Fill a template, and host the page if it gets a name."""
    given = {
        "title": title,
        "intro": intro,
        "image": image,
        "warning": warning,
        "sections": sections,
        "tags": tags,
        "actionButton": action_button,
        "footer": footer,
    }
    fields = {name: value for name, value in given.items() if value}
    fill = page_templates.generate_draft if for_draft else page_templates.generate
    try:
        html = fill(fields, template_name)
    except TemplateError as error:
        raise Refused(f"{error}。") from None
    if for_draft:
        return Result("可以放进草稿 content 的 HTML 见 html。", {"html": html})
    if not filename:
        return Result("网页已生成，HTML 见 html；要得到地址，再给 filename。", {"html": html})
    if call.dry_run:
        return Result(f"预演：会托管网页 {filename}。", {"html": html})
    page = asked(lambda: pages(call).generate(html, filename, overwrite=overwrite))
    return Result(f"网页已生成并托管：{page.url}", about(page))


@tool.action("list", "有哪些模板", scope="read")
async def list_(call: Call) -> Result:
    """The templates."""
    found = page_templates.list_templates()
    lines = [f"- {each['name']}：{each['description']}" for each in found]
    return Result("\n".join([f"模板 {len(found)} 个。", *lines]), {"templates": found})


@tool.action("get_template", "看一个模板和它的字段", scope="read", given=("template_name",), also=("get",))
async def get_template(call: Call, template_name: TemplateName = "") -> Result:
    """A template as it is."""
    try:
        found = page_templates.get_template(template_name)
    except TemplateError as error:
        raise Refused(f"{error}。") from None
    return Result(f"模板 {found['name']}：{found['description']}", found)
