"""One way to ask a language model: OpenAI-compatible servers, each in its own dialect.

Refuses to raise for what a model or its server does: every question ends as `Answered` or
`Unanswered`, in bounded time, with the reason kept and what it took counted.
"""

from engine.llm.chat import ChatClient, Provider
from engine.llm.dialects import Dialect
from engine.llm.form import Form, schema_of
from engine.llm.metering import model_use, worst_use
from engine.llm.models import Chosen, choose
from engine.llm.question import Answered, Caps, Effort, Question, Silence, Unanswered
from engine.llm.survey import Survey, survey

__all__ = [
    "Answered",
    "Caps",
    "ChatClient",
    "Chosen",
    "Dialect",
    "Effort",
    "Form",
    "Provider",
    "Question",
    "Silence",
    "Survey",
    "Unanswered",
    "choose",
    "model_use",
    "schema_of",
    "survey",
    "worst_use",
]
