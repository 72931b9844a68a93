"""Small games as the world writes them, and as it should not: what each must come to.

Sound ones are (content, size, moves, winner); broken ones (content, reason of the skip).
"""

from __future__ import annotations

from gokit.go.rules import BLACK, EMPTY, WHITE

_KGS = b"""(;GM[1]FF[4]CA[UTF-8]AP[CGoban:3]ST[2]
RU[Japanese]SZ[19]KM[0.50]TM[1800]OT[5x30 byo-yomi]HA[2]
PW[white]PB[black]WR[3d]BR[1d?]DT[2012-01-01]PC[The KGS Go Server]RE[W+Resign]
AB[pd][dp];W[dd]WL[1790.1]C[white [3d\\]: hi (; there
];B[pp]BL[1785];W[tt];B[qf])
"""

SOUND: dict[str, tuple[bytes, int, int, int | None]] = {
    "plain": (b"(;SZ[9]KM[7]RE[B+3.5];B[ee];W[cc];B[];W[])", 9, 4, BLACK),
    "kgs with handicap": (_KGS, 19, 4, WHITE),
    "cgos": (
        b"(;GM[1]FF[4]CA[UTF-8]RU[Chinese]SZ[9]KM[7.0]PW[a]PB[b]WR[2100?]BR[1985]RE[W+1.0]"
        b";B[ee]BL[299];W[ec]WL[298];B[tt];W[tt])",
        9,
        4,
        WHITE,
    ),
    "ogs, with a whole tree": (
        b"(;FF[4]CA[UTF-8]GM[1]RU[AGA]SZ[13]KM[7.5]RE[B+T]\n;B[dd](;W[jj];B[dj])(;W[aa](;B[bb])))",
        13,
        3,
        BLACK,
    ),
    "gogod": (
        b"(;SZ[19]FF[3]\nPW[Honinbo]PB[Yasui]KM[0]RE[Jigo]DT[1670]\n\n;B[qd];W[dc]\n;B[pq])",
        19,
        3,
        EMPTY,
    ),
    "set up by both colours, White to play": (
        b"(;SZ[5]AB[aa][bb]AW[cc:ce]PL[W]RE[?];W[dd];B[ee])",
        5,
        2,
        None,
    ),
    "latin-1": (b"(;SZ[9]PB[M\xfcller]PW[Ren\xe9]C[gr\xfc\xdfe]RE[0];B[ee])", 9, 1, EMPTY),
    "big5 without saying so": (b"(;SZ[9]PB[\xaeL\xa6{]RE[B+R];B[ee];W[dd])", 9, 2, BLACK),
    "an encoding nobody knows": (b"(;CA[Klingon]SZ[9]C[\xff\xfe]RE[Void];B[ee])", 9, 1, None),
    "utf-16": ("(;SZ[9]PB[棋]RE[W+R];B[ee])".encode("utf-16"), 9, 1, WHITE),
    "one side twice": (b"(;SZ[5]KM[0]RE[B+R];B[aa];B[cc];W[dd];W[ee];B[bb])", 5, 5, BLACK),
    "passes without end": (b"(;SZ[5]RE[0];B[cc];W[];B[];W[];B[])", 5, 3, EMPTY),
    "old property names": (b"(;GaMe[1]SiZe[9]REsult[W+];Black[ee];White[cc])", 9, 2, WHITE),
    "no moves": (b"(;SZ[9])", 9, 0, None),
}

BROKEN: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "no game record"),
    "binary junk": (bytes(range(256)) * 3, "broken record"),
    "binary junk without a bracket": (b"\x00\x01\xff" * 99, "no game record"),
    "truncated in a move": (b"(;SZ[9];B[ee];W[c", "broken record"),
    "truncated after a move": (b"(;SZ[9];B[ee];W[cc]", "broken record"),
    "a comment that does not end": (b"(;SZ[9]C[hello;B[ee", "broken record"),
    "an occupied point": (b"(;SZ[9];B[ee];W[cc];B[cc];W[dd])", "illegal move"),
    "a ko taken back": (
        b"(;SZ[5]AB[ba][ab][bc]AW[ca][db][cc][bb];B[cb];W[bb])",
        "illegal move",
    ),
    "superko": (
        b"(;SZ[5]RU[Tromp-Taylor]AB[ba][ab][bc]AW[ca][db][cc][bb];B[cb];B[ee];W[bb];W[aa];B[cb])",
        "illegal move",
    ),
    "suicide where it is forbidden": (b"(;SZ[5]RU[Chinese]AW[ba][ab];B[aa])", "illegal move"),
    "played on after two passes": (b"(;SZ[5];B[cc];W[];B[];W[dd])", "illegal move"),
    "off the board": (b"(;SZ[9];B[ee];W[jj])", "broken record"),
    "a board of 25": (b"(;SZ[25];B[ee])", "broken record"),
    "a rectangle": (b"(;SZ[9:13];B[ee])", "broken record"),
    "chess": (b"(;GM[3]SZ[8];B[ee])", "broken record"),
    "a komi in hundredths": (b"(;SZ[19]KM[375];B[pd])", "komi that no game has"),
    "a komi in words": (b"(;SZ[19]KM[reverse];B[pd])", "broken record"),
    "stones without liberties": (
        b"(;SZ[5]AB[aa]AW[ba][ab];B[ee])",
        "no position to begin with",
    ),
    "set up in the middle": (b"(;SZ[9];B[ee];W[cc]AB[dd])", "broken record"),
    "two moves in a node": (b"(;SZ[9];B[ee]W[cc])", "broken record"),
    "huge": (b"(;SZ[9]C[" + b"x" * (1 << 20) + b"];B[ee])", "broken record"),
    "nested for ever": (b"(;B[aa]" * 20_000 + b")" * 20_000, "illegal move"),
    "brackets for ever": (b"(;SZ[9]" + b"[" * 500_000, "broken record"),
}
