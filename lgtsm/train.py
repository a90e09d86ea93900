"""`python -m lgtsm.train`: the command `lgtsm train`."""

from lgtsm.__main__ import entry_point

main = entry_point("train")

if __name__ == "__main__":
    main()
