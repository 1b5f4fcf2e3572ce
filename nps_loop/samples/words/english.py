"""What English-speaking customers of the sample company write, by mood and by what it is about."""

UNHAPPY: dict[str, tuple[str, ...]] = {
    "technician": (
        "The technician was booked for Tuesday between eight and ten. He came on Thursday at four, in the middle of "
        "check-in, and had the wrong part with him.",
        "Third visit for the same grinder. Each time a different person, each time I explain from the beginning.",
        "We moved our breakfast staff around to be there for the service window. Nobody came, nobody rang.",
        "He left a puddle under the counter and a note saying “done”. It was not done.",
        "Two hours of a blocked corridor during rounds because nobody had told your technician that we are a hospital.",
    ),
    "fault": (
        "Machine on floor 3 is down again. Error 41, same as in spring, same as last month.",
        "The steam wand died on Friday night of the conference. 220 guests, one kettle.",
        "We have had more days with the out-of-order sign than without it since September.",
        "The water station drips into the cabinet. I have changed the towel every morning for two weeks now.",
        "It switches itself off at 7:15 each day. 7:15 is when everybody wants coffee.",
        "Replacement unit arrived with the same fault as the one it replaced. I honestly laughed.",
    ),
    "refill": (
        "We ran out of filters for nine days although they are on a standing order.",
        "You delivered decaf for the whole building. Twice.",
        "Beans came to the loading bay on a Saturday. The loading bay is closed on Saturdays, it says so on your own form.",
        "Half of the order, no note, and the rest nobody can tell me anything about.",
        "The cups are the wrong size for the machine you sold us. How does that even happen?",
    ),
    "invoice": (
        "Invoiced for eight machines. We have six. I have now said this on the phone three times.",
        "The credit note you promised in August is still not here and meanwhile I get reminders.",
        "Service visit billed although it was under warranty, and when I asked I was told to write to another department.",
        "Your invoices name neither site nor order number. It takes our accounts an hour each month to work out what is what.",
    ),
    "silence": (
        "Four mails, no reply. I do not even need it fixed today, I need somebody to say that they have read it.",
        "I was told that I would be called back within the hour. That was on the 3rd.",
        "It is not the fault that annoys me. It is that I only hear from you when a contract is up for renewal.",
        "Spent 25 minutes in the queue, was passed on, and the line went dead.",
        "Ticket closed without anybody having spoken to us. Who decides that?",
    ),
    "price": (
        "An increase of eleven percent in a letter of three lines. No reason, no conversation.",
        "We pay for a premium plan and get the same waiting times as the café next door on the cheap one.",
        "The minimum quantity makes no sense for an office where half the people work from home now.",
    ),
    "portal": (
        "The portal forgets our sites whenever I log in. I order by phone now, like in 1998.",
        "I tried to move one delivery. After six screens it had moved all of them.",
        "The app says that everything is fine while the machine in front of me shows error 12.",
    ),
    "taste": (
        "Since the change of beans the coffee tastes burnt. Three departments have bought their own machine.",
        "The water has had a taste of plastic since the filter was changed.",
        "Guests leave the cup half full. In a hotel that is an answer too.",
    ),
    "install": (
        "Installation took two days instead of a morning and nobody had asked where the drain is.",
        "The machine stands, but the training you sold with it has never happened.",
        "You drilled into a listed wall. The site plan with the red line on it was in your inbox.",
    ),
}

LUKEWARM: dict[str, tuple[str, ...]] = {
    "technician": (
        "Good work once he was there. The window of four hours is hard to plan with.",
        "Friendly, quick, but the report arrived a week later.",
        "All fine, though I would like a name and a time the day before, not a window.",
    ),
    "fault": (
        "The machine is decent. It just needs a restart more often than I would like.",
        "Repaired quickly. It is the third time this year, that is all.",
        "Works most days.",
    ),
    "refill": (
        "Deliveries are on time, but too much packaging for the amount of beans.",
        "I would wish for a way to skip a month. Otherwise good.",
        "Usually right. In October two boxes were missing and came a week later.",
    ),
    "invoice": (
        "Correct, but hard to read. One line per site would help us.",
        "Takes long until corrections show up on the next invoice.",
    ),
    "silence": (
        "Your people are nice when one reaches them. It is the reaching.",
        "Everything was solved in the end. I had to ask twice.",
        "I never quite know whether somebody is on it.",
    ),
    "price": (
        "Good service, a bit dear compared with the offer we have from elsewhere.",
        "Happy enough. The price review could be talked through, rather than sent.",
    ),
    "portal": (
        "The portal does what it should. On a phone it is a struggle.",
        "Would be an eight or nine if I could see all our sites on one page.",
    ),
    "taste": (
        "Coffee is fine. The hot chocolate is not.",
        "The new house blend divides our floor. Could we try the old one beside it?",
    ),
    "install": (
        "Smooth on the day. Getting to a date took a month.",
        "Good job, but the old machine stood in our corridor for two weeks.",
    ),
}

HAPPY: dict[str, tuple[str, ...]] = {
    "technician": (
        "Came an hour early, asked whether that was all right, and was gone before the first guest.",
        "Explained to our night porter how to descale it himself. That saved us a call already.",
        "Clean, quiet, done. He even took the old filter with him.",
        "I like that it is always the same two people. They know our basement better than I do.",
        "Fixed within the hour on a Sunday.",
    ),
    "fault": (
        "Eleven months without one failure. I nearly forgot your number.",
        "When it did break we had a spare the next morning, unasked.",
        "The machine survives our students. That says everything.",
    ),
    "refill": (
        "Arrives on the day, at the right door, in the right quantity. I never think about it, and that is the point.",
        "Changed the order at nine in the evening, correct box the next day.",
        "The driver carries it up to the second floor although nobody asked him to.",
        "Lovely that you take the empty bags back.",
    ),
    "invoice": (
        "One invoice, all sites, clear lines. Our accounts department sends regards.",
        "A mistake on our side was sorted out in one call. Thank you.",
    ),
    "silence": (
        "Somebody picked up after two rings and knew which machine I meant.",
        "I wrote at lunch, had an answer before the cup was cold.",
        "You rang me back when you said you would. It sounds small. It is not.",
        "You told us that it would take three days, and why. It took three days.",
    ),
    "price": (
        "Not the cheapest, worth it.",
        "Fair conversation about the new contract, no games.",
    ),
    "portal": (
        "Ordering takes me a minute now.",
        "The reminder about the filter is worth the whole app.",
    ),
    "taste": (
        "Best office coffee I have had, and I have had many offices.",
        "Patients ask us where the water is from. From the tap, through your filter.",
        "The autumn blend was gone in four days. More please.",
        "Our guests mention the espresso in their reviews.",
    ),
    "install": (
        "Installed during our refurbishment, between two other trades, without a single call to me.",
        "From order to first cup in nine days, training included.",
        "They laid a mat over our old floor before they carried anything in.",
    ),
    "people": (
        "Reliable people.",
        "We moved three times in two years and you moved with us each time.",
        "I recommended you to the clinic across the street last week.",
        "Just keep doing it like this.",
        "Easy to deal with, honest when something goes wrong.",
        "Ten, because I cannot think of a reason for nine.",
        "You treat a small office like a big one.",
    ),
}

# Second sentences that fit nearly anywhere, so that no two answers need be alike.
TAILS: dict[str, tuple[str, ...]] = {
    "unhappy": (
        "Please look at it properly this time.",
        "We are four sites and I speak for all of them.",
        "I would rather write something nicer.",
        "It costs me half a day each time.",
        "My director asks me why we stay.",
        "A short call would already help.",
        "We used to be the ones who recommended you.",
    ),
    "lukewarm": (
        "Nothing dramatic.",
        "Apart from that no wishes.",
        "Perhaps something for your list.",
        "We stay anyway.",
        "It would be a small thing to change.",
    ),
    "happy": (
        "Thank you.",
        "Greetings from the whole floor.",
        "We are staying.",
        "My colleagues say the same.",
        "Keep it up.",
    ),
}
