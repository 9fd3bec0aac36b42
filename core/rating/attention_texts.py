"""What attention items say, in each language of the raters' pages.

They follow what recruiting platforms allow: an explicit instruction that is read on the item
itself, nothing to remember, the same for every question. ``{value}`` is the answer to choose.
"""

from collections.abc import Mapping

SCORE_TEXTS: Mapping[str, tuple[str, ...]] = {
    "en": (
        "This text is no answer. It shows that every text is read: please choose {value} for "
        "every question about it.",
        "Please do not judge this text. Choose {value} wherever a value is asked for, then go on.",
        "We check here that the texts are read with attention. Whatever you think of this text, "
        "please choose {value} each time.",
        "There is nothing to rate here. To go on, please choose {value} for each question.",
    ),
    "de": (
        "Dieser Text ist keine Antwort. Er zeigt, dass jeder Text gelesen wird: Bitte wählen Sie "
        "bei jeder Frage dazu die {value}.",
        "Bitte bewerten Sie diesen Text nicht. Wählen Sie überall, wo ein Wert gefragt ist, die "
        "{value}, und fahren Sie dann fort.",
        "Hier prüfen wir, ob die Texte aufmerksam gelesen werden. Was immer Sie von diesem Text "
        "halten, wählen Sie bitte jedes Mal die {value}.",
        "Hier gibt es nichts zu bewerten. Um fortzufahren, wählen Sie bitte bei jeder Frage die "
        "{value}.",
    ),
}

PAIR_TEXTS: Mapping[str, tuple[str, ...]] = {
    "en": (
        "This text is no answer. It shows that every text is read: please choose this response "
        "for every question.",
        "Please do not compare here. Whatever the other text says, choose this response each time.",
        "We check here that both texts are read with attention: please choose this response as "
        "the better one wherever you are asked.",
        "There is nothing to compare here. To go on, please choose this response for each "
        "question.",
    ),
    "de": (
        "Dieser Text ist keine Antwort. Er zeigt, dass jeder Text gelesen wird: Bitte wählen Sie "
        "bei jeder Frage diese Antwort.",
        "Bitte vergleichen Sie hier nicht. Was immer der andere Text sagt, wählen Sie jedes Mal "
        "diese Antwort.",
        "Hier prüfen wir, ob beide Texte aufmerksam gelesen werden: Bitte wählen Sie überall "
        "diese Antwort als die bessere.",
        "Hier gibt es nichts zu vergleichen. Um fortzufahren, wählen Sie bitte bei jeder Frage "
        "diese Antwort.",
    ),
}
