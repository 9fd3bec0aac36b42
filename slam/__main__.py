"""``python -m slam`` is the ``slam`` command."""

from slam.command import main

main()
