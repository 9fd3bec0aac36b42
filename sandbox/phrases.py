"""The sentences the stand-ins speak in. `{items}` is where the facts of the prompt go."""

from sandbox.reading import Fact, Kind

_VERBS = frozenset(
    """
    add arrange ask attend bake book build buy call check clean complete contact cook create debug
    decide deliver deploy dive do draft find finish fix get go hire improve inform invite launch
    learn make meet migrate move organise organize pack paint pay plan prepare publish read renew
    repair reply reset review run schedule sell send set ship sort spend start stop submit take
    talk teach tidy translate try update upgrade visit wash win write
    """.split()  # noqa: SIM905 - a list of quoted words is harder to read
)
_DOUBLED = frozenset({"debug", "get", "plan", "reset", "run", "set", "ship", "stop", "win"})

TEMPLATES: dict[Kind, tuple[str, ...]] = {
    Kind.DONE: (
        "You wrapped up {items} last time, and that is real progress.",
        "With {items} behind you, you start from a good place.",
        "Well done on finishing {items}.",
        "Your work on {items} gives you a head start.",
    ),
    Kind.PLANNED: (
        "Today is about {items}, so give them your best hours.",
        "The heart of your day is {items}.",
        "Next on your plate you will find {items}.",
        "Your attention now goes to {items}.",
    ),
    Kind.RECURRING: (
        "Your regular rhythm of {items} keeps everything else steady.",
        "Habits such as {items} will carry you through the day.",
        "Alongside that, {items} help you stay on track.",
    ),
    Kind.GOAL: (
        "All of this brings you closer to {items}.",
        "Step by step you are moving towards {items}.",
        "It fits well with your wish for {items}.",
    ),
    Kind.PLAIN: (
        "The main points here are {items}.",
        "It comes down to {items}.",
        "It is worth keeping {items} in mind.",
        "Much of this turns on {items}.",
        "What matters most is {items}.",
    ),
}

# Sentences that fit any prompt and carry no fact.
SUPPORT: tuple[str, ...] = (
    "Take it one step at a time and the rest will follow.",
    "A calm start makes the whole thing easier.",
    "You have everything you need to do this well.",
    "Small steps add up faster than they seem to.",
    "Keep going, because steady work pays off.",
    "If something is unclear, it helps to look at it again later.",
    "There is good reason to be confident here.",
    "A short pause now and then keeps the mind fresh.",
)

# What weak models drift into.
WANDERING: tuple[str, ...] = (
    "It is often said that every journey has many beginnings.",
    "There are many things in life that one could mention at this point.",
    "The weather can change quickly at this time of the year.",
    "In general, it is important to consider all aspects of everything.",
    "Some people like coffee in the morning, while others prefer tea.",
    "As we all know, time is a very interesting topic.",
    "Of course, the exact details depend on many different factors.",
    "This reminds us that balance is a key part of balance.",
)


def spoken(fact: Fact) -> str:
    """Word a fact so that it fits after "today is about": "Send report" is "sending report"."""
    first, space, rest = fact.text.partition(" ")
    verb = first.lower()
    if not rest or verb not in _VERBS or fact.kind is Kind.PLAIN:
        return fact.text
    stem = verb + verb[-1] if verb in _DOUBLED else verb.removesuffix("e")
    return f"{stem}ing{space}{rest}"
