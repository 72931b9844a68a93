"""The arrays of many searches at once, and how a tree is kept, opened and cut down.

Tree slot i holds the search of one game. A node stores statistics, not its position: a descent
copies the root's row and plays the moves on the way, which costs less than a stored row a node
and keeps the memory of a node fixed however long the superko history is.

Values are from the view of the side to move at the node; sides alternate at every ply, passes
included, so a value changes sign once a ply on its way up.

Built slowly and readably in chapters 3 and 4.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gokit.go.compiled import kernel, lean
from gokit.go.geometry import HASH, HISTORY_USED, KO, PASSES, SUICIDE, SUPERKO, TO_MOVE
from gokit.go.kernels import at, seen

PUCT, UCT, GUMBEL = range(3)
WIN, MARGIN = range(2)
INFINITE, ABSOLUTE, REDUCTION, VISITED_POLICY = range(4)
APART, BY_POSITION, BY_HISTORY = range(3)
OPEN, CLOSED, PENDING = range(3)  # a node: with children, without (game over), not yet evaluated
NO_CHILD = -1
NO_NODE = -1
IDLE = -1  # the path length of a descent that did not take place


class Tree(NamedTuple):
    """n searches of at most M nodes, A = N*N+1 actions a node, L descents at once; root: node 0.

    Edges, [n, M, A] each: logits float32, an illegal action's -inf, the highest 0; prior float32,
    an illegal action's 0; visits int32; value_sum float32, the node's mover's view; child int32,
    NO_CHILD where there is none; squares float32, sums of squared values ([1, 1, 1] where the
    move is not chosen by its confidence bound).

    Nodes, [n, M]: value float32, what the evaluator, or the rules at an end, said; state uint8,
    OPEN, CLOSED or PENDING; key int64, for merging ([n, 1] without).
    Searches, [n]: nodes int32, so far; done int32, simulations so far; past int64, the root's
    history since the tree was planted, for merging. table int32 [n, T]: nodes by key.

    Descents, [n * L], search i's from i * L: path_node and path_action int32 [n * L, M]; their
    length path_length int32, IDLE where there was none; leaf int32, the node at the end, NO_NODE
    where a full tree has no room for it; leaf_value float32, what was backed up from it; waiting
    uint8, 1 where it needs an evaluation.
    """

    logits: np.ndarray
    prior: np.ndarray
    visits: np.ndarray
    value_sum: np.ndarray
    child: np.ndarray
    squares: np.ndarray
    value: np.ndarray
    state: np.ndarray
    key: np.ndarray
    nodes: np.ndarray
    done: np.ndarray
    past: np.ndarray
    table: np.ndarray
    path_node: np.ndarray
    path_action: np.ndarray
    path_length: np.ndarray
    leaf: np.ndarray
    leaf_value: np.ndarray
    waiting: np.ndarray

    def first(self, n: int) -> Tree:
        """Return the first n searches, as views."""
        batch = len(self.leaf) // len(self.nodes)
        cut = dict.fromkeys(_DESCENTS, n * batch)
        rows = (getattr(self, name)[: cut.get(name, n)] for name in self._fields)
        return Tree(*rows)


_DESCENTS = ("path_node", "path_action", "path_length", "leaf", "leaf_value", "waiting")


class Dials(NamedTuple):
    """What the compiled code needs to know of a search's configuration."""

    algorithm: int
    simulations: int
    c: float
    fpu: int
    fpu_value: float
    c_visit: float
    c_scale: float
    virtual_loss: float
    merging: int
    squares: bool
    value_kind: int
    komi: float


def new_tree(
    n: int,
    nodes: int,
    actions: int,
    batch: int = 1,
    *,
    merging: bool = False,
    squares: bool = False,
) -> Tree:
    """Return an empty tree for n games of at most `nodes` nodes, `batch` descents at once."""
    edges, paths = (n, nodes, actions), (n * batch, nodes)
    table = 1 << (2 * nodes - 1).bit_length() if merging else 1
    return Tree(
        logits=np.empty(edges, np.float32),
        prior=np.empty(edges, np.float32),
        visits=np.empty(edges, np.int32),
        value_sum=np.empty(edges, np.float32),
        child=np.empty(edges, np.int32),
        squares=np.empty(edges if squares else (1, 1, 1), np.float32),
        value=np.empty((n, nodes), np.float32),
        state=np.empty((n, nodes), np.uint8),
        key=np.empty((n, nodes if merging else 1), np.int64),
        nodes=np.zeros(n, np.int32),
        done=np.zeros(n, np.int32),
        past=np.zeros(n, np.int64),
        table=np.full((n, table), NO_NODE, np.int32),
        path_node=np.empty(paths, np.int32),
        path_action=np.empty(paths, np.int32),
        path_length=np.full(n * batch, IDLE, np.int32),
        leaf=np.full(n * batch, NO_NODE, np.int32),
        leaf_value=np.zeros(n * batch, np.float32),
        waiting=np.zeros(n * batch, np.uint8),
    )


def tree_bytes(
    nodes: int, actions: int, batch: int = 1, *, merging: bool = False, squares: bool = False
) -> int:
    """Return the memory of one game's tree: about 20 bytes an action of each node.

    On 9×9 a node takes 1.7 kB, and a search of 800 simulations 1.3 MB a game.
    """
    table = 1 << (2 * nodes - 1).bit_length() if merging else 1
    a_node = (20 + 4 * squares) * actions + 5 + 8 * batch + 8 * merging
    return nodes * a_node + 4 * table + 16 + 8 * (not merging) + 13 * batch


@lean
def open_node(tree, slot, node, logits, legal):
    """Give a node its actions: logits of the legal ones, priors their softmax, no visits."""
    # One node's actions as flat rows: indexing three axes for each number costs more than it reads.
    own_logits, prior = tree.logits[slot, node], tree.prior[slot, node]
    visits, value_sum, child = (
        tree.visits[slot, node],
        tree.value_sum[slot, node],
        tree.child[slot, node],
    )
    highest = np.float32(-np.inf)
    for action in range(legal.size):
        if legal[action]:
            highest = max(highest, logits[action])
    total = np.float32(0)
    for action in range(legal.size):
        own_logits[action] = logits[action] - highest if legal[action] else -np.inf
        prior[action] = np.exp(own_logits[action]) if legal[action] else 0
        total += prior[action]
    for action in range(legal.size):
        prior[action] /= total
        visits[action] = 0
        value_sum[action] = 0
        child[action] = NO_CHILD
    if tree.squares.size > 1:
        squares = tree.squares[slot, node]
        for action in range(legal.size):
            squares[action] = 0
    tree.state[slot, node] = OPEN


@lean
def mixed(bits):
    """Spread a 64-bit number's information over all its bits (splitmix64's finalizer)."""
    z = np.uint64(bits)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.int64(z ^ (z >> np.uint64(31)))


@lean
def position_key(row, past):
    """What two nodes must share to be merged; `past` is 0 where their histories may differ."""
    state = row[TO_MOVE] + 4 * row[PASSES] + 16 * row[KO]
    return mixed(row[HASH] ^ mixed(state)) ^ past


@lean
def past_after(row, past, used_before):
    """The history's fingerprint after a move: XOR of what was entered since the tree's start."""
    if row[HISTORY_USED] == used_before:
        return past
    return past ^ mixed(row[HASH] + row[TO_MOVE])


@lean
def find(tree, slot, key):
    """The node with that key, or NO_NODE."""
    mask = tree.table.shape[1] - 1
    place = key & mask
    while tree.table[slot, place] != NO_NODE:
        node = tree.table[slot, place]
        if tree.key[slot, node] == key:
            return node
        place = (place + 1) & mask
    return np.int32(NO_NODE)


@lean
def enter(tree, slot, node, key):
    """Put a node into the table under its key."""
    mask = tree.table.shape[1] - 1
    place = key & mask
    while tree.table[slot, place] != NO_NODE:
        place = (place + 1) & mask
    tree.table[slot, place] = node
    tree.key[slot, node] = key


@lean
def clear_table(tree, slot):
    for place in range(tree.table.shape[1]):
        tree.table[slot, place] = NO_NODE


@lean
def plant(g, roots, indices, fresh, leaves, tree, dials):
    """Begin the searches anew: `fresh` ones with a root that waits for its evaluation.

    The others keep the tree they have. Fills nothing but what a first descent reads.
    """
    batch = tree.leaf.size // tree.nodes.size
    for slot in range(indices.size):
        tree.done[slot] = 0
        for path in range(slot * batch, (slot + 1) * batch):
            tree.path_length[path] = IDLE
            tree.waiting[path] = 0
        if not fresh[slot]:
            continue
        root, row = roots[indices[slot]], leaves[slot * batch]
        for word in range(root.size):
            row[word] = root[word]
        tree.path_length[slot * batch] = 0
        tree.waiting[slot * batch] = 1
        tree.leaf[slot * batch] = 0
        tree.nodes[slot] = 1
        tree.state[slot, 0] = PENDING
        tree.past[slot] = 0
        if dials.merging != APART:
            clear_table(tree, slot)
            enter(tree, slot, 0, position_key(row, 0))


@lean
def same_game(g, a, b):
    """Whether two rows hold games that must go on alike: the same position and the same past."""
    for field in (HASH, TO_MOVE, PASSES, KO, HISTORY_USED, SUPERKO, SUICIDE):
        if a[field] != b[field]:
            return False
    missing = 0
    for i in range(g.history, a.size):
        missing += a[at(i)] != 0 and not seen(g, b, a[at(i)])
    return missing == 0


@kernel
def keep_subtree(tree, slot, action, dials, past):
    """Make the root's child by `action` the root, drop what is not below it; whether it was there.

    `past` is the history's fingerprint at the new root. Node numbers keep their order, but for
    the root's.
    """
    root = tree.child[slot, 0, action] if tree.nodes[slot] > 0 else NO_CHILD
    if root == NO_CHILD or tree.state[slot, root] != OPEN:
        tree.nodes[slot] = 0
        return False
    used = tree.nodes[slot]
    kept = np.zeros(used, np.bool_)
    waiting = np.empty(used, np.int32)
    kept[root], waiting[0], length, done = True, root, 1, 0
    while done < length:
        node = waiting[done]
        done += 1
        if tree.state[slot, node] == OPEN:
            for child in tree.child[slot, node]:
                if child != NO_CHILD and not kept[child]:
                    kept[child], waiting[length] = True, child
                    length += 1
    # By way of a copy: with merged nodes a child may be older than the root it is reached from.
    old = np.empty(length, np.int32)
    new = np.full(used, NO_CHILD, np.int32)
    old[0], new[root], count = root, 0, 1
    for node in range(used):
        if kept[node] and node != root:
            old[count], new[node] = node, count
            count += 1
    for edges in (tree.logits, tree.prior, tree.value_sum, tree.squares):
        if edges.size > 1:
            edges[slot, :length] = edges[slot][old]
    for edges in (tree.visits, tree.child):
        edges[slot, :length] = edges[slot][old]
    tree.value[slot, :length] = tree.value[slot][old]
    tree.state[slot, :length] = tree.state[slot][old]
    tree.nodes[slot] = length
    tree.past[slot] = past
    for node in range(length):
        if tree.state[slot, node] == OPEN:
            for a in range(tree.child.shape[2]):
                if tree.child[slot, node, a] != NO_CHILD:
                    tree.child[slot, node, a] = new[tree.child[slot, node, a]]
    if dials.merging != APART:
        keys = tree.key[slot][old]
        clear_table(tree, slot)
        for node in range(length):
            enter(tree, slot, node, keys[node])
    return True
