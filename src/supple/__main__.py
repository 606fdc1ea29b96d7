"""`python -m supple`, and the `supple` command: signals are obeyed as soon as possible, while the commands are loaded, too."""

from supple.cli.ending import ending
from supple.runtime.signals import interruptible


def main() -> None:
    """Run the command line."""
    with interruptible(), ending():
        from supple.cli.main import run

        run()


if __name__ == "__main__":
    main()
