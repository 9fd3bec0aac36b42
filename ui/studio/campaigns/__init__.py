"""The parts of the page “Rating”: the form of a new campaign, its plan, and campaigns there are."""
