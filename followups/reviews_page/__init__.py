"""The pages of the reviews: the list, one review, its sheet, and the five loops a lead reads before the meeting."""

from followups.reviews_page.drawn import DrawCard, draw_cards, draws_elsewhere
from followups.reviews_page.listing import ReviewsPage, reviews_page
from followups.reviews_page.sheet import Sheet, sheet_of
from followups.reviews_page.whole import review_page

__all__ = [
    "DrawCard",
    "ReviewsPage",
    "Sheet",
    "draw_cards",
    "draws_elsewhere",
    "review_page",
    "reviews_page",
    "sheet_of",
]
