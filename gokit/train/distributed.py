"""Several processes that train one network: who they are, and what they tell each other."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import numpy as np
import torch
from torch import Tensor, distributed

from gokit.go.errors import GoError
from gokit.nn.inference import choose_device
from gokit.nn.networks import Network

PATIENCE = timedelta(minutes=30)  # for the slowest process: a promotion match is played by one


class Team:
    """The processes of a run, as `torchrun` started them; one alone where nobody did.

    rank: this process's number, 0 for the lead, which alone writes checkpoints, states and
    metrics. size: how many there are. Each plays games of its own and draws from a window of its
    own; at each step of learning their gradients are averaged, so that all keep the same weights.
    Processes on CPUs talk by Gloo, GPUs exchange gradients by NCCL. Built in chapter 7.
    """

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank = rank
        self.size = size

    @classmethod
    def join(cls) -> Team:
        """Meet the other processes that torchrun's environment speaks of."""
        size = int(os.environ.get("WORLD_SIZE", "1"))
        if size == 1:
            return cls()
        if not distributed.is_available():
            raise GoError("this torch was built without torch.distributed: train in one process")
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        store, rank, _ = next(distributed.rendezvous("env://", timeout=PATIENCE))
        # torchrun keeps its store when it starts the group again, and with it the addresses of
        # processes that are gone: every attempt needs names of its own.
        attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
        store = distributed.PrefixStore(f"attempt-{attempt}", store)
        distributed.init_process_group(
            backend, store=store, rank=rank, world_size=size, timeout=PATIENCE
        )
        return cls(rank, size)

    @property
    def is_lead(self) -> bool:
        """Whether this process is the one that writes for all."""
        return self.rank == 0

    def device(self, name: str) -> torch.device:
        """Return the device of that name; of several GPUs, each process of a machine its own."""
        device = choose_device(name)
        if device.type == "cuda" and device.index is None and self.size > 1:
            local = int(os.environ.get("LOCAL_RANK", "0"))
            if local >= torch.cuda.device_count():
                raise GoError(
                    f"there are {torch.cuda.device_count()} GPUs: start no more processes "
                    "(--nproc-per-node), or add --device cpu"
                )
            device = torch.device("cuda", local)
            torch.cuda.set_device(device)
        return device

    def share(self, whole: int) -> int:
        """Return this process's part of a number of games or positions; the parts add up."""
        return whole // self.size + (self.rank < whole % self.size)

    def gather(self, something: Any) -> list[Any]:
        """Return what every process gave, by rank; all of them wait here for the slowest."""
        if self.size == 1:
            return [something]
        everything: list[Any] = [None] * self.size
        distributed.all_gather_object(everything, something)
        return everything

    def tell(self, something: Any) -> Any:
        """Return what the lead gave, in every process."""
        if self.size == 1:
            return something
        parcel = [something]
        distributed.broadcast_object_list(parcel, src=0)
        return parcel[0]

    def average(self, network: Network) -> None:
        """Average the gradients, and the running statistics of batch normalisation, in place.

        One exchange of one flat vector a step. Each process normalises with the statistics of
        its own part of a batch, as any distributed training on GPUs does by default; the running
        ones, which play, are averaged here, or each process would have others.
        """
        if self.size == 1:
            return
        tensors = [p.grad for p in network.parameters() if p.grad is not None]
        tensors += [b for b in network.buffers() if b.is_floating_point()]
        flat = torch.cat([tensor.reshape(-1).float() for tensor in tensors])
        distributed.all_reduce(flat)
        flat /= self.size
        start = 0
        for tensor in tensors:
            tensor.copy_(flat[start : start + tensor.numel()].view_as(tensor))
            start += tensor.numel()

    def head_scales(self, weights: Tensor | np.ndarray) -> np.ndarray:
        """Return what each head's loss is multiplied by, so that a mean of means is the mean.

        weights: [S, H], the sum of the weights of each head's targets in each step of this
        process. A head's loss is a mean over its own targets, and processes have different
        numbers of them.
        """
        mine = np.asarray(weights, np.float64)
        if self.size == 1:
            return np.ones_like(mine)
        total = torch.from_numpy(mine.copy())
        distributed.all_reduce(total)
        return mine * self.size / np.maximum(total.numpy(), 1e-6)

    def leave(self) -> None:
        """Part from the others, who go on or end without this process."""
        if self.size > 1 and distributed.is_initialized():
            distributed.destroy_process_group()
