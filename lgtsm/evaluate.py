"""`python -m lgtsm.evaluate`: the command `lgtsm evaluate`."""

from lgtsm.commands.evaluate import main

if __name__ == "__main__":
    main()
