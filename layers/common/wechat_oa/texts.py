"""What the account says by itself when the owner has set nothing else."""

from __future__ import annotations

from collections.abc import Mapping

DEFAULT_TEXTS: Mapping[str, str] = {
    "welcome": (
        "你好，欢迎关注！直接发消息给我就能得到回答。\n\n"
        "回复「继续」看没看完的回答，「清空」忘掉之前的对话，「帮助」看我会什么。"
    ),
    "help": "直接发文字给我，我来回答。\n\n继续　看没看完的回答\n清空　忘掉之前的对话\n帮助　看这段说明",
    "cleared": "好的，之前的对话都忘掉了，我们重新开始。",
    "thinking": "这个问题要想得久一点，请过一会儿回复「继续」看回答。",
    "thinking_link": ("这个问题要想得久一点，请过一会儿回复「继续」看回答，或者点开这里看着它写完：\n{link}"),
    "thinking_push": "这个问题要想得久一点，写好后会自动发给你；没收到的话回复「继续」。",
    "push_prompt": "\n\n……（还没写完，写好后自动发给你；没收到就回复「继续」）",
    "code": "你的验证码：{code}\n\n在网页聊天里填上它，{days} 天内有效，只能用一次。\n{link}",
    "code_not_needed": "网页聊天不用验证码，直接打开就能聊：\n{link}",
    "all_shown": "以上就是全部内容。",
    "nothing_new": "后面的内容还在写，请过一会儿再回复「继续」。",
    "abandoned": "\n\n（抱歉，这个回答中断了，请把问题再发一次。）",
    "restarted": "\n\n（刚才中断了一下，下面重新回答。）\n\n",
    "busy": "AI 服务现在比较忙，请过一会儿再问一次。",
    "timeout": "AI 想了太久也没有回答完，请换个简单些的问法再试一次。",
    "unavailable": "AI 服务暂时连不上，请过一会儿再问一次。",
    "too_long": "回答太长，先写到这里；可以让我接着说。",
    "refused": "这个问题 AI 没法回答，请换个问法。",
    "misconfigured": "AI 服务还没有配置好，请联系公众号的主人。",
    "empty": "AI 没有给出内容，请换个问法再试一次。",
    "over_limit": "今天的提问次数已经用完了，明天再来吧。",
    "system_busy": "服务暂时不可用，请过一分钟再发一次。",
    "unsupported": "我现在能看懂文字、位置和链接，这种消息还看不懂，请用文字告诉我。",
    "image_unsupported": "我还看不了图片，请用文字描述一下你的问题。",
    "voice_unsupported": "我还听不了语音，请用文字告诉我。",
    "voice_unclear": "没有听清这段语音，请再说一次，或者用文字告诉我。",
    "image_question": "请看这张图片，说说它的内容，并回答其中的问题。",
}
"""Every text that the account says by itself, by name; the owner may replace each.

``{link}`` stands for the address of the answer's page, or of the chat page; ``{code}`` and ``{days}`` for the
code and how long it is good for.
"""
