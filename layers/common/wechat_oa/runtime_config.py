"""Settings that the owner changes while everything runs: in the table, seen everywhere within seconds."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

from wechat_oa.reply_rules import ReplyRules, RuleError, parse_rules
from wechat_oa.settings import AiSettings
from wechat_oa.store.table import StoreError, Table

log = logging.getLogger(__name__)

AiSection = Literal["chat", "wechat"]
AI_FIELDS = ("api_url", "api_key", "model", "prompt", "temperature", "max_tokens")
"""What the owner may change of the model's settings, for the web chat and for the account."""

MAX_AGE_SECONDS = 5.0
"""How old what is in memory may be before the table is asked again."""


class RuntimeConfig:
    """Documents by name, read through a short-lived memory."""

    def __init__(self, table: Table, clock: Callable[[], float] = time.time) -> None:
        """Read from ``table``; ``clock`` gives epoch seconds."""
        self._table = table
        self._clock = clock
        self._read_at: dict[str, float] = {}
        self._documents: dict[str, dict[str, Any]] = {}
        self._rules: tuple[Mapping[str, Any], ReplyRules] = ({}, ReplyRules())

    def document(self, name: str) -> dict[str, Any]:
        """Return a document, {} if there is none, at most 5 seconds old.

        When the table cannot be read, the last one read goes on being used.
        """
        now = self._clock()
        if now - self._read_at.get(name, float("-inf")) >= MAX_AGE_SECONDS:
            try:
                item = self._table.get("config", name) or {}
            except StoreError as error:
                log.warning("runtime config not read, using what is known: %s", error)
            else:
                document = item.get("document", {})
                if isinstance(document, dict):
                    self._documents[name] = document
                else:
                    log.error("the runtime config %s is no JSON object, using what is known", name)
            self._read_at[name] = now
        return self._documents.get(name, {})

    def save(self, name: str, document: Mapping[str, Any]) -> None:
        """Replace a document. Other processes see it within 5 seconds. Raises StoreError."""
        self._table.put({"pk": "config", "sk": name, "document": dict(document)})
        self._read_at.pop(name, None)

    def ai(self, section: AiSection, settings: AiSettings) -> AiSettings:
        """Return how a section reaches the model: what the owner saved, else ``settings``."""
        saved = self.document(section)
        known = {field: saved[field] for field in AI_FIELDS if field in saved}
        if not known:
            return settings
        if known.get("temperature") == "":
            known["temperature"] = None
        if known.get("api_url", settings.api_url) != settings.api_url and "api_key" not in known:
            # Saved for the deployment's own service, which is another by now: neither the model's name nor
            # the key means anything to the other.
            del known["api_url"]
            known.pop("model", None)
        return replace(settings, **known)

    def save_ai(self, section: AiSection, ai: AiSettings, settings: AiSettings) -> None:
        """Save how the web chat or the account reaches the model; ``settings`` is what holds without it.

        What is the same there is not copied: it may be changed there. Raises StoreError.
        """
        document = {
            field: getattr(ai, field) for field in AI_FIELDS if getattr(ai, field) != getattr(settings, field)
        }
        if document.get("temperature", "") is None:
            document["temperature"] = ""
        if "api_url" in document or "api_key" in document:
            document |= {"api_url": ai.api_url, "api_key": ai.api_key, "model": ai.model}
        elif "model" in document:
            document["api_url"] = ai.api_url
        self.save(section, document)

    def reply_rules(self) -> ReplyRules:
        """Return the owner's texts and rules; a document that makes no sense is logged and left out."""
        document = self.document("replies")
        known, rules = self._rules
        if document != known:
            try:
                rules = parse_rules(document)
            except RuleError as error:
                log.error("the reply rules in the table make no sense, using the last good ones: %s", error)
            self._rules = (document, rules)
        return rules

    def save_reply_rules(self, document: Mapping[str, Any]) -> None:
        """Check and replace the owner's texts and rules. Raises RuleError, StoreError."""
        parse_rules(document)
        self.save("replies", document)
