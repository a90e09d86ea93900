"""`python -m lgtsm.train`: the command `lgtsm train`."""

from lgtsm.commands.train import main

if __name__ == "__main__":
    main()
