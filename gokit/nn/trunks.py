"""What turns planes into features of each point: residual convolutions, or attention."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from gokit.go.geometry import MAX_SIZE
from gokit.nn.config import NetworkConfig
from gokit.nn.pooling import pool_full

MLP_RATIO = 2  # width of a transformer's hidden layer, in channels


class ResidualTrunk(nn.Module):
    """A pre-activation residual trunk: 3×3 convolutions that do not know the board's size.

    Activations before convolutions: He et al. 2016. Pooling over the board: Wu 2019.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        width = config.channels
        self.stem = _convolution(config.planes, width)
        first_pooling = config.blocks - config.pooling_blocks
        self.blocks = nn.ModuleList(
            ResidualBlock(width, pooling=index >= first_pooling) for index in range(config.blocks)
        )
        self.norm = BoardNorm(width)

    def forward(self, planes: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return features [B, channels, N, N], zero off the board."""
        x = self.stem(planes)
        x = x if mask is None else x * mask
        for block in self.blocks:
            x = block(x, mask)
        x = functional.relu_(self.norm(x, mask))
        return x if mask is None else x * mask


class ResidualBlock(nn.Module):
    """Two convolutions whose result is added to their input; with pooling, between them, a bias."""

    def __init__(self, width: int, *, pooling: bool) -> None:
        super().__init__()
        self.first_norm = BoardNorm(width)
        self.first = _convolution(width, width)
        self.second_norm = BoardNorm(width)
        self.second = _convolution(width, width)
        self.pooled_bias = nn.Linear(3 * width, width) if pooling else None

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return x plus what the block makes of it: [B, C, N, N]."""
        y = self._activate(self.first_norm, x, mask)
        y = self.first(y)
        if self.pooled_bias is not None:
            y = y if mask is None else y * mask
            y = y + self.pooled_bias(pool_full(y, mask))[:, :, None, None]
        y = self.second(self._activate(self.second_norm, y, mask))
        y = y if mask is None else y * mask
        return y.add_(x)  # in place here and below: a fifth less memory to pass through

    @staticmethod
    def _activate(norm: nn.Module, x: Tensor, mask: Tensor | None) -> Tensor:
        activated = functional.relu_(norm(x, mask))
        # A convolution must see the same zeros beyond a small board's edge as beyond a large one's.
        return activated if mask is None else activated * mask


class BoardNorm(nn.BatchNorm2d):
    """Batch normalisation whose statistics count the points of the boards only."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Normalise [B, C, N, N]; values off the board are of no meaning."""
        if mask is None or not self.training:
            return super().forward(x)
        x = x.float()  # sums over a batch are too long for fewer bits
        count = mask.sum()
        mean = (x * mask).sum((0, 2, 3)) / count
        centred = (x - mean[:, None, None]) * mask
        variance = centred.square().sum((0, 2, 3)) / count
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1).clamp(min=1), self.momentum)
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return centred * scale[:, None, None] + self.bias[:, None, None]


class TransformerTrunk(nn.Module):
    """Attention between all points of the board (Vaswani et al. 2017, norms first).

    A point knows where it is by its distances to the four edges, and each head how far one point
    lies from another (a bias for each offset, as in Liu et al. 2021, Swin), so that one set of
    weights plays every board size.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        width = config.channels
        self.stem = nn.Conv2d(config.planes, width, 1)
        self.edges = nn.Embedding(4 * MAX_SIZE, width)
        nn.init.normal_(self.edges.weight, std=0.02)
        self.blocks = nn.ModuleList(
            AttentionBlock(width, config.attention_heads) for _ in range(config.blocks)
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, planes: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return features [B, channels, N, N], zero off the board."""
        size = planes.shape[-1]
        x = self.stem(planes).flatten(2).transpose(1, 2)  # [B, N*N, C]
        x = x + self._places(size, mask, planes.device)
        points = None if mask is None else mask.flatten(1) > 0  # [B, N*N]
        offsets = offset_numbers(size, planes.device)
        for block in self.blocks:
            x = block(x, offsets, points)
        x = functional.relu(self.norm(x)).transpose(1, 2).unflatten(2, (size, size))
        return x if mask is None else x * mask

    def _places(self, size: int, mask: Tensor | None, device: torch.device) -> Tensor:
        """Return what each point's distances to the edges add: [B or 1, N*N, C]."""
        ahead = torch.arange(size, device=device)
        if mask is None:
            widths = torch.tensor([size], device=device)
        else:  # boards lie in the first corner, so their first row tells how wide they are
            widths = mask[:, 0, 0].sum(1).long()
        behind = (widths[:, None] - 1 - ahead).clamp(min=0)  # [B or 1, N]
        table = self.edges.weight.unflatten(0, (4, MAX_SIZE))
        rows = table[0, ahead] + table[1, behind]
        columns = table[2, ahead] + table[3, behind]
        return (rows[:, :, None] + columns[:, None]).flatten(1, 2)


class AttentionBlock(nn.Module):
    """Attention over the points, then a small network at each; both are added to their input."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.offset_bias = nn.Parameter(torch.zeros(heads, (2 * MAX_SIZE - 1) ** 2))
        self.first_norm = nn.LayerNorm(width)
        self.inward = nn.Linear(width, 3 * width)
        self.outward = nn.Linear(width, width)
        self.second_norm = nn.LayerNorm(width)
        self.hidden = nn.Linear(width, MLP_RATIO * width)
        self.last = nn.Linear(MLP_RATIO * width, width)

    def forward(self, x: Tensor, offsets: Tensor, points: Tensor | None = None) -> Tensor:
        """Return [B, T, C] for [B, T, C].

        offsets: int [T, T], which bias each pair of points has. points: bool [B, T], which may be
        attended to.
        """
        asked = self.inward(self.first_norm(x)).unflatten(2, (3, self.heads, -1))
        query, key, value = asked.permute(2, 0, 3, 1, 4)  # each [B, heads, T, C / heads]
        bias = self.offset_bias[:, offsets].to(query.dtype)  # [heads, T, T]
        if points is not None:
            bias = bias.masked_fill(~points[:, None, None], float("-inf"))  # [B, heads, T, T]
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        x = x + self.outward(seen.transpose(1, 2).flatten(2))
        return x + self.last(functional.gelu(self.hidden(self.second_norm(x))))


def offset_numbers(size: int, device: torch.device) -> Tensor:
    """Return a number for how far each point lies from each other, the same on all boards."""
    rows, columns = torch.meshgrid(*2 * [torch.arange(size, device=device)], indexing="ij")
    down, right = (x.flatten()[None] - x.flatten()[:, None] for x in (rows, columns))
    return (down + MAX_SIZE - 1) * (2 * MAX_SIZE - 1) + right + MAX_SIZE - 1


def _convolution(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
