"""What /rules/ shows: the rules of a book in words, how often each matched, what a draft changes, and a trial."""

from followups.rules_page.page import Line, RulesPage, book_page
from followups.rules_page.replaying import ReplayPage, replay_page
from followups.rules_page.trying import Trial, find_answer, try_answer

__all__ = ["Line", "ReplayPage", "RulesPage", "Trial", "book_page", "find_answer", "replay_page", "try_answer"]
