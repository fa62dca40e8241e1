"""Prompts: ways to begin, which a client offers by name."""

from __future__ import annotations

from collections.abc import Callable

from fastmcp import FastMCP
from fastmcp.prompts import Prompt


def add_to(server: FastMCP) -> None:
    """Add the prompts."""

    def write_article(
        topic: str,
        audience: str = "公众号的读者",
        length: str = "1200",
    ) -> str:
        """从主题写出一篇文章，放进草稿箱"""
        return (
            f"请写一篇公众号文章，主题是「{topic}」，写给{audience}，大约 {length} 字。\n"
            "1. 先给三个标题（32 字以内）和提纲，等我选定；\n"
            "2. 写正文：开头直接有内容，小标题清楚，段落短，不编造事实和引语；另写 120 字以内的摘要；\n"
            "3. 正文用 Markdown 写，文首的 front matter 写 title 和 digest；"
            '先用 wechat_article(action="preview") '
            '给我预览的链接。我同意后用 wechat_article(action="draft") 存成草稿（图片和封面会自动传好），'
            "把 media_id 和要注意的事告诉我；\n"
            "4. 不要发布：由我看过草稿再决定。"
        )

    def notes_to_draft(
        notes: str,
        title: str = "",
    ) -> str:
        """把零散的笔记整理成一篇文章，放进草稿箱"""
        named = f"标题用「{title}」。" if title else "请起一个 32 字以内的标题。"
        return (
            f"请把下面的笔记整理成一篇公众号文章，{named}保留我的观点和语气，理顺顺序，补上必要的过渡，不添加笔记里"
            '没有的事实。正文用 Markdown 写，先用 wechat_article(action="preview") 给我预览的链接；'
            '我同意后用 wechat_article(action="draft") 存成草稿（图片和封面会自动传好），不要发布。\n\n'
            f"<notes>\n{notes}\n</notes>"
        )

    def weekly_report(
        focus: str = "",
    ) -> str:
        """上一周的粉丝、文章和来信"""
        extra = f"特别关注：{focus}。" if focus else ""
        return (
            "请写公众号上一周的周报，一页以内，先说结论。"
            + extra
            + "\n用 wechat_stats 取最近 7 天的 getusersummary（粉丝增减）、getusercumulate（总数）、"
            "getupstreammsg（来信），"
            '以及每天的 getarticleread（文章阅读）；用 wechat_publish(action="list") 看发布了什么；用 '
            "wechat_inbox 看读者最常问什么。\n"
            "某个接口没有权限（48001）就说明，不要猜数字。最后给两三条下周可以做的事。"
        )

    _add(
        server,
        write_article,
        "写一篇公众号文章",
        topic="主题",
        audience="写给谁看，不填是公众号的读者",
        length="大约多少字，不填是 1200",
    )
    _add(
        server,
        notes_to_draft,
        "把笔记变成草稿",
        notes="笔记，Markdown 或随手记的要点",
        title="标题，不填就由助手起",
    )
    _add(server, weekly_report, "公众号周报", focus="特别想看什么，可以不填")


def _add(server: FastMCP, prompt: Callable[..., str], named: str, **arguments: str) -> None:
    """Add a prompt with what its arguments mean: FastMCP would append a JSON schema to each."""
    made = Prompt.from_function(prompt, title=named)
    for argument in made.arguments or []:
        argument.description = arguments[argument.name]
    server.add_prompt(made)
