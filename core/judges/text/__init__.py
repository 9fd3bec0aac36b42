"""How checks read texts: words and sentences, limits that a prompt asks for, refusals, errors."""
