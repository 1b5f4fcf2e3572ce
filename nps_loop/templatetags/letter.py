"""How a mail is set: the inline look of its HTML twin, the wrapped lines of its text twin, a subject on one line.

Styles are inline because mail readers drop style sheets; the dark look stands in the head of emails/_base.html. Nothing
here asks the database.
"""

from __future__ import annotations

import re
import textwrap
from typing import Any

from django import template
from django.template.base import NodeList, Parser, Token
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, pgettext

register = template.Library()

WIDTH = 72
HOUSE_COLOUR = "#3543b8"
SANS = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
SERIF = "Georgia,'Times New Roman',serif"

# Part of a mail -> (classes the dark look hangs on, inline style of the light look). COLOUR is the brand's.
DRESS = {
    "page": (
        "page",
        f"max-width:560px;margin:0 auto;padding:32px 20px 40px;background-color:#ffffff;font-family:{SANS};"
        "word-break:break-word;",
    ),
    "brand": ("mute", "margin:0 0 28px;font-size:16px;line-height:1.4;font-weight:600;color:#4d4f58;"),
    "h1": (
        "ink",
        "margin:0 0 20px;font-size:24px;line-height:1.3;font-weight:600;letter-spacing:-0.2px;color:#1b1c20;",
    ),
    "h2": ("ink", "margin:28px 0 12px;font-size:17px;line-height:1.4;font-weight:600;color:#1b1c20;"),
    "p": ("ink", "margin:0 0 20px;font-size:17px;line-height:1.6;color:#1b1c20;"),
    "quote": (
        "ink quote",
        "margin:0 0 24px;padding:2px 0 2px 16px;border-left:3px solid #c9cef2;"
        f"font-family:{SERIF};font-size:20px;line-height:1.45;color:#1b1c20;",
    ),
    "well": ("well", "margin:0 0 24px;padding:18px 20px 12px;background-color:#f3f3f0;border-radius:12px;"),
    "fact": ("ink", "margin:0 0 6px;font-size:16px;line-height:1.5;color:#1b1c20;"),
    "term": ("mute", "color:#666872;"),
    "list": ("ink", "margin:0 0 24px;padding:0 0 0 24px;font-size:17px;line-height:1.6;color:#1b1c20;"),
    "item": ("", "margin:0 0 10px;padding-left:4px;"),
    "choices": ("", "margin:0 0 12px;"),
    "choice": (
        "btn",
        "display:block;margin:0 0 12px;padding:15px 24px;border:2px solid COLOUR;border-radius:12px;"
        "background-color:#ffffff;color:COLOUR;font-size:17px;line-height:1.3;font-weight:600;text-align:center;"
        "text-decoration:none;",
    ),
    # Eleven in a row on a desk, six on a phone, all alike: nothing pushes towards a number.
    "taps": ("taps", "margin:0 0 4px;padding:0;font-size:17px;line-height:1;"),
    "tap": (
        "btn tap",
        "display:inline-block;box-sizing:border-box;width:42px;margin:0 5px 8px 0;padding:12px 0;border:2px solid "
        "COLOUR;border-radius:10px;background-color:#ffffff;color:COLOUR;font-size:17px;line-height:1.1;"
        "font-weight:600;text-align:center;text-decoration:none;",
    ),
    "ends": ("mute", "margin:0 0 24px;font-size:14px;line-height:1.5;color:#666872;"),
    "link": ("link", "color:COLOUR;"),
    "sign": ("ink", "margin:28px 0 0;font-size:17px;line-height:1.6;color:#1b1c20;"),
    "under": ("mute", "color:#666872;font-size:15px;"),
    "foot": ("rule", "margin:36px 0 0;padding:16px 0 0;border-top:1px solid #e5e5e0;"),
    "small": ("mute", "margin:0 0 10px;font-size:14px;line-height:1.55;color:#666872;"),
}


@register.simple_tag(takes_context=True)
def dress(context: template.Context, part: str) -> SafeString:
    """Class and style attributes for one part of a mail, e.g. `<p {% dress "p" %}>`."""
    classes, style = DRESS[part]
    style = style.replace("COLOUR", _brand_colour(context))
    words = mark_safe(style)  # noqa: S308  constants of this module and a colour that was checked
    return format_html('class="{}" style="{}"', classes, words) if classes else format_html('style="{}"', words)


@register.simple_tag(takes_context=True)
def brand_colour(context: template.Context) -> str:
    """The brand's colour where it can be read as text on white, else the colour of the house."""
    return _brand_colour(context)


def greeting_line(first: str, full: str) -> str:
    """The same in the language that is active, from a first and a whole name, either of which may be empty."""
    full = full or first
    # Translators: `first` is a first name, `full` the whole name. Use whichever is formal; never a gendered form.
    return gettext("Dear %(first)s,") % {"first": first or full, "full": full} if full else gettext("Hello,")


@register.simple_tag(takes_context=True)
def greeting(context: template.Context) -> str:
    """The line a mail opens with: by first or by whole name, as the language has it. No gender is guessed."""
    return greeting_line(context.get("salutation_name") or "", context.get("contact_name") or "")


@register.simple_tag
def colon() -> str:
    """The colon after a term; French sets a space before it."""
    return pgettext("after a term", ":")


@register.filter
def underline_title(text: str) -> str:
    """The heading of a text twin, on one line, with a double line under it."""
    return _underlined(text, "=")


@register.filter
def underline_part(text: str) -> str:
    """The heading of a part of a text twin, with a single line under it."""
    return _underlined(text, "-")


@register.filter
def quoted(text: str) -> str:
    """Put "> " before every line, as mail readers expect of somebody else's words."""
    return "\n".join(f"> {line}".rstrip() for line in text.strip().splitlines())


@register.simple_tag(takes_context=True)
def written(context: template.Context, text: str) -> SafeString:
    """What a person typed, as paragraphs; lines that begin with ">" become a quotation. Everything is escaped."""
    parts = []
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()):
        lines = [line.rstrip() for line in block.splitlines()]
        quotes = all(line.startswith(">") for line in lines)
        kept = [line.lstrip("> ") if quotes else line for line in lines]
        parts.append(
            format_html(
                "<{} {}>{}</{}>",
                "blockquote" if quotes else "p",
                dress(context, "quote" if quotes else "p"),
                format_html_join(mark_safe("<br>"), "{}", ((line,) for line in kept)),
                "blockquote" if quotes else "p",
            )
        )
    return format_html_join("\n      ", "{}", ((part,) for part in parts))


@register.tag
def oneline(parser: Parser, token: Token) -> template.Node:
    """Everything up to `endoneline` on one line: a subject must not break, whatever a name holds."""
    return _Block(_take(parser, "endoneline"), lambda text: " ".join(text.split()))


@register.tag
def said(parser: Parser, token: Token) -> template.Node:
    """`{% said "opening" %}`: what leads let this part of a mail say, else what stands there up to `endsaid`."""
    return Said(token.split_contents()[1].strip("\"'"), _take(parser, "endsaid"))


@register.tag
def letter(parser: Parser, token: Token) -> template.Node:
    """The text twin up to `endletter`: wrapped at 72, hanging under its marks, never two empty lines in a row."""
    return _Block(_take(parser, "endletter"), set_text)


def set_text(text: str) -> str:
    """Wrap each line of `text` at 72 columns. A quotation goes on with "> ", a list item under its first word."""
    lines: list[str] = []
    for raw in text.splitlines():
        line = raw.rstrip() if raw != "-- " else raw
        mark = re.match(r"(> ?)+|- |\d+\. | +", line)
        first = mark[0] if mark else ""
        rest = first if first.startswith(">") or not first.strip() else " " * len(first)
        if len(line) <= WIDTH or line == "-- ":
            lines.append(line)
            continue
        lines += textwrap.wrap(
            line[len(first) :],
            WIDTH,
            initial_indent=first,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        )
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"


class _Block(template.Node):
    def __init__(self, nodelist: NodeList, work: Any) -> None:
        self.nodelist, self.work = nodelist, work

    def render(self, context: template.Context) -> str:
        return str(self.work(self.nodelist.render(context)))


class Said(template.Node):
    """A part of a mail that leads may word: `part` is its name, `nodelist` what is shipped."""

    def __init__(self, part: str, nodelist: NodeList) -> None:
        self.part, self.nodelist = part, nodelist

    def render(self, context: template.Context) -> str:
        text = (context.get("wording") or {}).get(self.part)
        if not text:
            return self.nodelist.render(context)
        # Subjects and text twins are not escaped, and set by their own tags.
        return written(context, text) if context.autoescape else str(text)


def _take(parser: Parser, end: str) -> NodeList:
    nodelist = parser.parse((end,))
    parser.delete_first_token()
    return nodelist


def _underlined(text: str, mark: str) -> str:
    line = " ".join(text.split())
    return f"{line}\n{mark * min(len(line), WIDTH)}"


def _brand_colour(context: template.Context) -> str:
    brand = context.get("brand") or {}
    colour = brand.get("colour", "") if isinstance(brand, dict) else getattr(brand, "colour", "")
    return colour if contrast_on_white(colour) >= 4.5 else HOUSE_COLOUR


def contrast_on_white(colour: str) -> float:
    """WCAG 2 contrast ratio of `#rrggbb` on white, 1 to 21; 0 for anything that is no such colour.

    Source: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
    """
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        return 0.0
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
