"""Who gets a ticket. Set-based, fair, and explained: every round stores whom it considered and why others could not.

In this order, the first that can take it:
1. whoever has the conversation (one person, one owner), even when full; where they cannot, all of it goes along with
   the new ticket;
2. whoever had this contact's last ticket, while they have room;
3. whoever has the ticket of another unhappy person of the account, even when full;
4. the account's owner, but where the rule that opened it goes by load alone;
5. of the ticket's team, the least loaded for their capacity and the hours they are at work in the next five working
   days; ties go to who was given one longest ago, then by id. Where an account's owner was passed over, the
   touchpoint's team comes before the owner's.

Nobody whom the answer complains about, in no way. Nobody who is away, inactive, full, or at the most they are given in
a window; nobody without the skills the rule asks for, but where they have the conversation; nobody who is not at work
before the first contact is due, unless nobody else is. Who writes the customer's language comes first where one is
free. Whoever gave a ticket back gets it again only where nobody else can take it. At half of the first-contact time the
caps yield, to the least loaded, and then the skills, and the lead is told. Where nobody can take it the ticket waits,
and the next sweep looks again.

`pool` is whom a round considers, `waiting` what it reads of the tickets, `choosing` the order above, `rounds` a round
from lock to commit, `telling` who hears of it, `pulling` one person who asks for the next.
"""

from followups.assignment.choosing import Choice, choose
from followups.assignment.pool import Candidate, Pool
from followups.assignment.pulling import pull_next
from followups.assignment.rounds import Assigned, assign_some, assign_waiting
from followups.assignment.telling import passed_over_because
from followups.assignment.waiting import Waiting

__all__ = [
    "Assigned",
    "Candidate",
    "Choice",
    "Pool",
    "Waiting",
    "assign_some",
    "assign_waiting",
    "choose",
    "passed_over_because",
    "pull_next",
]
