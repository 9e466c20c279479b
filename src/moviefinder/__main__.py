"""`python -m moviefinder` is the command line."""

from moviefinder.cli import main

if __name__ == "__main__":
    main()
