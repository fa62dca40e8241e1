"""Which models a service has, for the owner to choose from. Asked with OpenAI's own client."""

from __future__ import annotations

import httpx2
import openai

from wechat_oa.ai.errors import Failure, ModelError
from wechat_oa.settings import AiSettings

LISTING_SECONDS = 10.0
_MOST_MODELS = 1000
_LONGEST_NAME = 200
"""Characters; no longer name can be saved."""


async def model_names(ai: AiSettings) -> list[str]:
    """Return the names of the models that the service at ``ai.api_url`` has, sorted.

    Raises ModelError: ``unreachable``, ``timeout``, ``busy``, ``misconfigured`` (its key, its address, or it
    does not tell), or ``broken`` where the answer is no such list.
    """
    try:
        async with openai.AsyncOpenAI(
            base_url=ai.api_url,
            # Services without keys (Ollama) still want the header to be there.
            api_key=ai.api_key or "none",
            timeout=LISTING_SECONDS,
            max_retries=0,
            # As with questions: a service does not decide what else is asked.
            http_client=httpx2.AsyncClient(follow_redirects=False),
        ) as client:
            page = await client.models.list()
            names = {str(each.id) for each in page.data[:_MOST_MODELS]}
    # Never "from error": its text may quote the key.
    except openai.APITimeoutError:
        raise ModelError("timeout", "listing models") from None
    except openai.APIConnectionError as error:
        raise ModelError("unreachable", type(error.__cause__ or error).__name__) from None
    except openai.APIStatusError as error:
        raise ModelError(_failure(error.status_code), f"listing models: HTTP {error.status_code}") from None
    except (openai.OpenAIError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError("broken", f"listing models: {type(error).__name__}") from None
    return sorted(name for name in names if 0 < len(name) <= _LONGEST_NAME)


def _failure(status: int) -> Failure:
    return "busy" if status == 429 or status >= 500 else "misconfigured"
