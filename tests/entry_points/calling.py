"""Call a command in this process."""


def exit_code(main, *words):
    """Run a command's `main` with words as if they were typed; return its exit code."""
    try:
        main([str(word) for word in words])
    except SystemExit as end:
        return end.code
    return 0
