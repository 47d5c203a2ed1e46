"""
The scanner's verdict: rules about how instructions to a language model are worded.

Each rule names what it looks for; a text that meets one reads like an instruction. They are made
for text in documents, where hardly anything speaks to the model that will read it: what is
ordinary in a question is conspicuous there. What others measured of such detectors, and what this
one finds and misses on which texts, is in the threat model and in `make bench`.
"""

import re
import unicodedata
from typing import Final

MAX_SCANNED_CHARACTERS: Final = 1_000_000

_MODEL: Final = (
    r"(?:ai|llm|gpt|chatgpt|copilot|gemini|claude|assistant|chat\s?bot|language\ model|model|dan|"
    r"jailbr\w+)"
)
_TOLD: Final = r"(?:instruction|prompt|direction|guideline|directive|programming)s?"
_BEFORE: Final = (
    r"(?:previous|prior|above|earlier|preceding|foregoing|initial|original|all|any|your|system|"
    r"hidden|these|those)"
)
_FORGET: Final = r"(?:ignore|disregard|forget|override|overlook|bypass|neglect|stop\ following)"
_WORTH_STEALING: Final = (
    r"(?:conversation|chat\ history|api\ keys?|passwords?|passphrases?|credentials|secrets?|"
    r"access\ tokens?|reset\ tokens?|personal\ data|confidential\s\w+)"
)

RULES: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "forget": (
        ("instruction", "prompt", "direction", "guideline", "directive", "programming"),
        rf"\b{_FORGET}\b[^.]{{0,40}}\b{_BEFORE}\b[^.]{{0,40}}\b{_TOLD}\b",
    ),
    "forget rules": (
        ("rules", "messages", "everything", "anything", "said", "told"),
        (
            rf"\b{_FORGET}\b[^.]{{0,20}}\b(?:previous|prior|above|earlier|preceding|your)\b"
            r"[^.]{0,20}\b(?:rules?|messages?)\b"
            r"|\b(?:ignore|disregard|forget)\s+(?:everything|anything|all|what)\b[^.]{0,30}\b"
            r"(?:above|before|so\ far|previously|you\ were|you\ have\ been|told|said)\b"
        ),
    ),
    "become": (
        ("you are now", "you are no longer", "act as", "behave as"),
        (
            r"\byou\ (?:are\ (?:now|no\ longer)|(?:will|must)\ (?:now\ )?(?:act|behave)\ as)\b"
            rf"[^.]{{0,60}}\b(?:{_MODEL}|character|persona|unrestricted|unfiltered)\b"
        ),
    ),
    "play": (
        (
            "dan",
            "jailbr",
            "unrestricted",
            "unfiltered",
            "developer mode",
            "no restrictions",
            "no limits",
            "no filters",
            "two different",
            "avoid norms",
        ),
        (
            r"\b(?:act|respond|answer|behave|pretend|role-?play|simulate|(?:play|"
            r"into)\ the\ role)\b"
            r"[^.]{0,40}\b(?:as|to\ be|being|like|of|in)\b[^.]{0,60}\b(?:dan|stan|dude|jailbr\w+|"
            r"unrestricted|unfiltered|developer\ mode|no\ (?:restrictions|limits|filters)|"
            r"two\ different\ (?:\w+\ )?ways)\b|\bdo\ anything\ now\b"
        ),
    ),
    "modes": (
        (" mode",),
        (
            r"\b(?:developer|god|debug|admin|sudo|dan|jailbreak|maintenance|unrestricted)\ mode\b"
            r"[^.]{0,30}\b(?:enabled|activated|active|engaged|you)\b"
        ),
    ),
    "roles": (
        (
            "<|",
            "[inst",
            "[/inst",
            "[system",
            "[sys",
            "<<",
            "<system",
            "</system",
            "<instruction",
            "</instruction",
            "<assistant",
            "prompt:",
            "message:",
            "override:",
            "instruction",
        ),
        (
            r"<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id)\|>"
            r"|\[/?(?:INST|SYSTEM(?:\ PROMPT)?|ASSISTANT)\]|<</?SYS>>"
            r"|</?\s*(?:system|instructions?|assistant)\s*>|\#{2,}\s*(?:new\ )?instructions?\s*:"
            r"|\b(?:system|developer)\ (?:prompt|message|instruction|override)\s*:"
        ),
    ),
    "new orders": (
        (
            "instructions:",
            "instruction:",
            "prompt:",
            "directive:",
            "orders:",
            "instead",
            "commands",
        ),
        (
            rf"\b(?:new|updated|additional|important|urgent|special|real|actual)\ {_TOLD}\s*:"
            r"|\b(?:follow|obey|execute|comply\ with)\b[^.]{0,20}\b(?:these|this|my|"
            r"only)\b[^.]{0,25}"
            r"\b(?:instruction|prompt|directive|command)s?\b[^.]{0,25}\b(?:instead|immediately)\b"
        ),
    ),
    "reveal": (
        ("prompt", "instructions", "guidelines", "rules", "message above", "words above"),
        (
            r"\b(?:reveal|repeat|print|show|output|display|share|tell\ me|give\ me|write|disclose|"
            r"summari[sz]e|translate|spell|list|leak|recite|provide|paste|copy|what\ (?:is|was|are|"
            r"were))\b[^.]{0,60}\b(?:system\ (?:prompt|message|instructions?)|"
            r"(?:initial|original|hidden|exact|secret)\ (?:\w+\ )?(?:prompt|instructions?|message)|"
            r"your\ (?:\w+\ )?(?:instructions|prompt|guidelines|rules)|"
            r"(?:words|text|messages?|everything)\ above\b[^.]{0,40}\b(?:you\ are|this))\b"
        ),
    ),
    "do not tell": (
        (" the user",),
        (
            r"\b(?:do\ not|don't|never|without)\ (?:tell(?:ing)?|inform(?:ing)?|notify(?:ing)?|"
            r"alert(?:ing)?|mention(?:ing)?\ (?:this|it)\ to|reveal(?:ing)?\ (?:this|it)\ to|"
            r"warn(?:ing)?)\ the\ user\b"
        ),
    ),
    "in your answer": (
        (
            "your response",
            "your answer",
            "your reply",
            "your output",
            "your summary",
            "the response with",
            "every response",
            "each response",
            "every answer",
        ),
        (
            r"\b(?:include|insert|add|append|begin|start|end|conclude|finish|preface|prepend|embed|"
            r"place|put|repeat|mention|say|write)\b[^.]{0,100}\b(?:your|every|each)\ (?:next\ |"
            r"final\ )?"
            r"(?:response|answer|reply|output|summary)\b"
            r"|\byour\ (?:only\ )?(?:response|answer|reply)\ (?:must|shall|will)\b"
        ),
    ),
    "to the model": (
        ("ai", "llm", "language model", "chatbot", "from now on"),
        (
            r"\b(?:attention|note|message|notice|instructions?|dear|hey|hello)\b,?\ (?:(?:to|"
            r"for)\ )?"
            r"(?:all\ |any\ |the\ )?(?:ai|llm|language\ model|chatbot|"
            r"ai\ assistant)s?\b[^.]{0,20}[:,!]"
            r"|\b(?:if|when)\ you\ are\ an?\ (?:ai|llm|language\ model|assistant|chatbot)\b"
            r"|\bas\ an\ (?:ai|llm|language\ model)\b[^.]{0,30}\byou\ (?:must|should|will)\b"
            r"|\bfrom\ now\ on\b[^.]{0,30}\byou\ (?:will|must|are|shall|should|have)\b"
        ),
    ),
    "carry out": (
        ("conversation", "chat history", "api key", "password", "credential", "secret", "token"),
        (
            r"\b(?:send|post|forward|exfiltrate|upload|e-?mail|transmit|leak|encode)\b"
            rf"[^.]{{0,40}}\b{_WORTH_STEALING}\b[^.]{{0,60}}(?:https?:|@|"
            rf"\bto\ (?:the\ )?(?:attacker|me|us|"
            r"following|address|url|endpoint|[\w-]+\.\w))"
        ),
    ),
    "picture": (
        ("](",),
        r"!\[[^\]]{0,80}\]\([^)]{0,200}(?:\{|\[|%7b|=<)[^)]{0,120}\)",
    ),
    "restrictions": (
        ("ethical", "moral", "openai", "content polic", "safety"),
        (
            r"\b(?:without|no|free\ (?:of|from)|remove|lift|ignore)\b[^.]{0,20}\b(?:ethical|moral|"
            r"content|safety|openai)\b[^.]{0,20}\b(?:restriction|limitation|guideline|filter|"
            r"polic(?:y|ie))s?\b"
        ),
    ),
}
"""
By name: words of which one must be there, as a quick look, and what the rule looks for.
"""

_COMPILED: Final = {
    name: (words, re.compile(rule, re.IGNORECASE | re.VERBOSE))
    for name, (words, rule) in RULES.items()
}
_SPACES: Final = re.compile(r"\s+")


def rules_met(text: str) -> tuple[str, ...]:
    """
    Return the names of the rules that a text meets.
    """
    # Line ends are where a layout has put them.
    running = _SPACES.sub(" ", unicodedata.normalize("NFKC", text[:MAX_SCANNED_CHARACTERS]))
    lowered = running.lower()
    return tuple(
        name
        for name, (words, rule) in _COMPILED.items()
        if any(word in lowered for word in words) and rule.search(running)
    )


def reads_like_an_instruction(text: str) -> bool:
    """
    Say whether a text is worded like an instruction to a language model.
    """
    return bool(rules_met(text))
