"""`python -m lgtsm.inpaint`, see `lgtsm.commands.inpaint`."""

from lgtsm.commands.inpaint import main

if __name__ == "__main__":
    main()
