"""The command reference, from the parsers that read the command line."""

import argparse
import importlib
import re

from config_pages import escaped

from lgtsm.__main__ import COMMANDS

HYDRA = """\
    lgtsm {name} [KEY=VALUE ...] [--cfg job] [--config-dir DIR] [-m]

Every key is in the [configuration reference](config/index.md#{name}yaml). `--cfg job` prints the whole configuration
and stops, `--config-dir DIR` adds your own files, `-m` runs every combination of `KEY=A,B`.
"""


def command_page():
    """Return the page as Markdown."""
    text = [
        "# Commands",
        "Type `lgtsm COMMAND` or `python -m lgtsm COMMAND`; `train`, `evaluate` and `inpaint` also as "
        "`python -m lgtsm.train` and so on. Every command knows `--help` and `--version`.\n\n"
        "Exit codes: 0 done; 1 one of many videos failed; 2 the input or the options cannot be used; 75 a training "
        "stopped with a checkpoint, to be resumed; 130 stopped by Ctrl-C. Set `LGTSM_TRACEBACK=1` to see where in the "
        "code an error comes from.",
    ]
    for name, purpose in COMMANDS.items():
        module = importlib.import_module(f"lgtsm.commands.{name}")
        text += [f"## {name}", sentence(purpose)]
        if hasattr(module, "make_parser"):
            text += described(module.make_parser(), "###")
        else:
            text.append(HYDRA.format(name=name))
    return "\n\n".join(text) + "\n"


def described(parser, heading):
    """Return the paragraphs on a parser: usage, options group by group, examples, subcommands."""
    usage = re.sub(r"\s+", " ", parser.format_usage().removeprefix("usage: ")).strip()
    positional = " ".join(usage.replace("...", " ...").split())
    words = [word for word in re.split(r" (?=\[)|(?<=\]) ", positional) if not word.startswith("[-")]
    text = [f"    {' '.join(words[:1])} [OPTIONS] {' '.join(words[1:])}".rstrip()]
    if parser.description:
        text.append(parser.description)
    for group in parser._action_groups:
        actions = [
            a for a in group._group_actions if not isinstance(a, argparse._SubParsersAction | argparse._HelpAction)
        ]
        actions = [a for a in actions if a.dest != "version" and a.help is not argparse.SUPPRESS]
        if not actions:
            continue
        title = {"options": "Options", "positional arguments": "Arguments"}.get(group.title, sentence(group.title, ""))
        text.append(f"**{title}**" + (f": {group.description}" if group.description else ""))
        text += [definition(parser, action) for action in actions]
    if parser.epilog:
        text.append("**Examples**\n\n```text\n" + parser.epilog.split("examples:")[-1].strip("\n") + "\n```")
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, sub in action.choices.items():
                text += [f"{heading} {parser.prog.split()[-1]} {name}", *described(sub, heading + "#")]
    return text


def definition(parser, action):
    """Return an entry of a definition list: how an option is written, and what it does."""
    formatter = parser._get_formatter()
    written = formatter._format_action_invocation(action).split(", ") if action.option_strings else None
    if written is None:
        names = f"`{formatter._format_args(action, action.dest.upper())}`"
    else:
        value = formatter._format_args(action, action.dest.upper()) if action.nargs != 0 else ""
        names = ", ".join(f"`{option} {value}`" if value else f"`{option}`" for option in action.option_strings)
    purpose = " ".join(formatter._expand_help(action).split()) if action.help else ""
    return f"{names}\n:   {escaped(purpose) or '&nbsp;'}"


def sentence(text, end="."):
    """Return a text as a sentence."""
    return text[0].upper() + text[1:] + end
