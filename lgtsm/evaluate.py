"""`python -m lgtsm.evaluate`: the command `lgtsm evaluate`."""

from lgtsm.__main__ import entry_point

main = entry_point("evaluate")

if __name__ == "__main__":
    main()
