"""The instructions and the consent that a campaign has unless others are written, by language."""

from dataclasses import dataclass

from core.rating.design import CampaignDesign, Protocol

_INSTRUCTIONS = {
    ("en", Protocol.SCORE): (
        "You will read what an assistant was asked and one response at a time. Rate each response "
        "on the scale below it. Judge every response on its own; there is no right number of high "
        "or low ratings."
    ),
    ("en", Protocol.PAIR): (
        "You will read what an assistant was asked and two responses to it, A and B. Say which of "
        "them is better. Read both before you choose; which one stands first is chance."
    ),
    ("de", Protocol.SCORE): (
        "Sie lesen, worum ein Assistent gebeten wurde, und jeweils eine Antwort darauf. Bewerten "
        "Sie jede Antwort auf der Skala darunter. Beurteilen Sie jede Antwort für sich; es gibt "
        "keine richtige Anzahl hoher oder niedriger Bewertungen."
    ),
    ("de", Protocol.PAIR): (
        "Sie lesen, worum ein Assistent gebeten wurde, und zwei Antworten darauf, A und B. Sagen "
        "Sie, welche von beiden besser ist. Lesen Sie beide, bevor Sie wählen; welche zuerst "
        "steht, ist Zufall."
    ),
}
_CONSENT = {
    "en": (
        "Taking part is voluntary, and you can stop at any time. We store your answers, your "
        "comments and when you gave them, under a pseudonym, and what the address you came by "
        "says of you. You can withdraw on the page and have your answers deleted."
    ),
    "de": (
        "Die Teilnahme ist freiwillig, und Sie können jederzeit aufhören. Wir speichern Ihre "
        "Antworten, Ihre Kommentare und wann Sie sie gegeben haben, unter einem Pseudonym, sowie "
        "was die Adresse, über die Sie kamen, über Sie aussagt. Sie können auf der Seite "
        "zurücktreten und Ihre Antworten löschen lassen."
    ),
}


@dataclass(frozen=True, slots=True)
class DefaultTexts:
    """Both texts, in Markdown."""

    instructions: str
    consent: str


def default_texts(design: CampaignDesign) -> DefaultTexts:
    """The texts for a design's language and protocol."""
    return DefaultTexts(_INSTRUCTIONS[design.language, design.protocol], _CONSENT[design.language])
