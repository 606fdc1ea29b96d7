"""`python -m supple`, and the `supple` command: signals are obeyed as soon as possible, while the commands are loaded, too."""

import signal

from supple.cli.ending import ending
from supple.runtime.signals import ENDING, interruptible


def main() -> None:
    """Run the command line."""
    try:
        with interruptible(), ending():
            from supple.cli.main import run

            run()
    finally:  # nothing is left to be interrupted but Python's own end
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    main()
