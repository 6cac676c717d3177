"""The entry point; ``--version`` is answered before anything is imported."""

import sys


def main() -> None:
    """Run the command line."""
    if sys.argv[1:] == ["--version"]:
        from checker import __version__

        print(f"checker {__version__}")
        return
    from checker.cli.app import run

    run()


if __name__ == "__main__":
    main()
