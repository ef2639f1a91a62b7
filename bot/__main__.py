"""``python -m bot`` is ``executor``."""

from bot.cli import main

if __name__ == "__main__":
    main()
