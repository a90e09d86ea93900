"""`python -m lgtsm.inpaint`: the command `lgtsm inpaint`."""

from lgtsm.commands.inpaint import main

if __name__ == "__main__":
    main()
