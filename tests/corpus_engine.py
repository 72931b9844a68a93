"""A small GTP engine that plays whole games: python corpus_engine.py [WAY] [LOG].

Its move depends on the position alone. Like GNU Go, it forgets the komi at every clear_board.
Ways: good; pass (always); slow (a moment's thought before every move); score (a point too many
for Black where Black holds the top left corner); die (at its tenth move). Every command that it
gets is added to LOG.
"""

import sys
import time
import zlib

way = sys.argv[1] if len(sys.argv) > 1 else "good"
log = open(sys.argv[2], "a") if len(sys.argv) > 2 else None  # noqa: SIM115
COLUMNS = "ABCDEFGHJKLMNOPQRST"
KNOWN = {"boardsize", "clear_board", "komi", "get_komi", "play", "genmove", "final_score"}
size, komi, board, generated = 5, 0.0, {}, 0


def neighbors(point):
    row, column = point
    around = ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1))
    return [(r, c) for r, c in around if 0 <= r < size and 0 <= c < size]


def region(stones, start):
    """The points of one kind that hang together with `start`, and what they touch."""
    kind, seen, touched, todo = stones.get(start), {start}, set(), [start]
    while todo:
        for point in neighbors(todo.pop()):
            if stones.get(point) != kind:
                touched.add(stones.get(point))
            elif point not in seen:
                seen.add(point)
                todo.append(point)
    return seen, touched


def played(color, point):
    """The board after a move, and whether the move was a plain one: no capture, no suicide."""
    stones = {**board, point: color}
    plain = True
    for other in neighbors(point):
        if stones.get(other) not in (None, color):
            group, touched = region(stones, other)
            if None not in touched:
                plain = False
                for stone in group:
                    del stones[stone]
    return stones, plain and None in region(stones, point)[1]


def choose(color):
    if way == "pass" or len(board) > size * size // 2:
        return None
    points = [(r, c) for r in range(size) for c in range(size) if (r, c) not in board]
    points = [point for point in points if played(color, point)[1]]
    number = zlib.crc32(repr((color, sorted(board.items()))).encode())
    return points[number % len(points)] if points else None


def area(color):
    points = [(r, c) for r in range(size) for c in range(size)]
    empty = [point for point in points if point not in board]
    owned = [point for point in empty if region(board, point)[1] == {color}]
    return sum(stone == color for stone in board.values()) + len(owned)


def answer(command, arguments):
    global size, komi, board, generated
    if command == "known_command":
        return "true" if arguments[0] in KNOWN else "false"
    if command == "protocol_version":
        return "2"
    if command in ("name", "version"):
        return {"name": "Toy", "version": "1"}[command]
    if command == "boardsize":
        size = int(arguments[0])
    if command in ("boardsize", "clear_board"):
        komi, board = 0.0, {}
    if command == "komi":
        komi = float(arguments[0])
    if command == "get_komi":
        return f"{komi:g}"
    if command == "play" and arguments[1].lower() != "pass":
        vertex = arguments[1].upper()
        point = (size - int(vertex[1:]), COLUMNS.index(vertex[0]))
        board = played(arguments[0], point)[0]
    if command == "genmove":
        generated += 1
        if way == "die" and generated == 10:
            sys.exit(3)
        if way == "slow":
            time.sleep(0.005)
        point = choose(arguments[0])
        if point is None:
            return "pass"
        board = played(arguments[0], point)[0]
        return f"{COLUMNS[point[1]]}{size - point[0]}"
    if command == "final_score":
        margin = area("B") - area("W") - komi
        margin += way == "score" and board.get((0, 0)) == "B"
        return "0" if margin == 0 else f"{'B' if margin > 0 else 'W'}+{abs(margin):g}"
    return ""


for line in sys.stdin:
    id_, command, *arguments = line.split()
    if log is not None:
        log.write(line.partition(" ")[2])
        log.flush()
    sys.stdout.write(f"={id_} {answer(command, arguments)}\n\n")
    sys.stdout.flush()
    if command == "quit":
        break
