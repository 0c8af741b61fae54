"""`python -m datagen`."""

if __name__ == "__main__":
    from datagen.cli import main  # not by the processes that it starts: they need no command line

    main()
