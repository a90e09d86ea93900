"""`python -m lgtsm.inpaint`: the command `lgtsm inpaint`."""

from lgtsm.__main__ import entry_point

main = entry_point("inpaint")

if __name__ == "__main__":
    main()
