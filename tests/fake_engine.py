"""A GTP engine that misbehaves on purpose: python fake_engine.py WAY [COMMAND].

Ways: good (passes always), die, hang, babble (no newline, without end), chatter (empty lines and
banners, without end), nonsense (an answer without = or ?), wrong-id, illegal (plays A1 always),
garbage (genmove answers no vertex), resign, refuse (? to the command), komi (keeps komi 0), old
(protocol version 1), child (leaves a child behind and hangs). COMMAND: at which command, genmove
where none is given.
"""

import subprocess
import sys
import time

way = sys.argv[1]
trigger = sys.argv[2] if len(sys.argv) > 2 else "genmove"
KNOWN = "protocol_version name version known_command boardsize clear_board komi play genmove undo"
komi = "0"


def reply(id_, text="", mark="="):
    sys.stdout.write(f"{mark}{id_} {text}\n\n")
    sys.stdout.flush()


def misbehave(id_):
    if way == "die":
        sys.stderr.write("fake engine: out of cheese\n")
        sys.stderr.flush()
        sys.exit(3)
    if way == "child":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        sys.stderr.write(f"child {child.pid}\n")
        sys.stderr.flush()
    if way in ("hang", "child"):
        time.sleep(600)
    while way == "babble":
        sys.stdout.write("x" * 4096)
    while way == "chatter":
        sys.stdout.write("\nhello\n")
    if way == "nonsense":
        sys.stdout.write("forty-two\n\n")
        sys.stdout.flush()
        time.sleep(600)
    answers = {
        "wrong-id": lambda: reply("7777", "pass"),
        "illegal": lambda: reply(id_, "A1"),
        "garbage": lambda: reply(id_, "let us go"),
        "resign": lambda: reply(id_, "resign"),
        "refuse": lambda: reply(id_, "I would prefer not to", "?"),
    }
    answers[way]()


for line in sys.stdin:
    id_, command, *arguments = line.split()
    known = KNOWN.split() + (["get_komi"] if way == "komi" else [])
    if command == trigger and way not in ("good", "komi", "old"):
        misbehave(id_)
    elif command == "protocol_version":
        reply(id_, "1" if way == "old" else "2")
    elif command == "known_command":
        reply(id_, "true" if arguments[0] in known else "false")
    elif command == "get_komi":
        reply(id_, komi)
    elif command == "genmove":
        reply(id_, "pass")
    elif command == "quit":
        reply(id_)
        break
    else:
        reply(id_, "fake" if command in ("name", "version") else "")
