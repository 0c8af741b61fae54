"""`python -m datagen`."""

from datagen.cli import main

if __name__ == "__main__":
    main()
