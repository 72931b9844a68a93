"""What computes a network's answers: torch, plain or compiled, or where installed another."""

from __future__ import annotations

import io
import shutil
import sys
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from gokit.go.errors import GoError
from gokit.nn.folding import fold, lower
from gokit.nn.networks import Network

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
BACKENDS = ("torch", "compiled", "openvino", "onnx")

# Planes float32 [B, C, N, N], already scaled, to policy logits [B, N*N+1] and values [B], float32.
Forward = Callable[[Tensor], tuple[Tensor, Tensor]]


def make_forward(network: Network, backend: str, precision: str, device: torch.device) -> Forward:
    """Return a function that answers as the network does now, folded, in evaluation mode.

    GoError for a backend that is unknown or not installed, or that the device cannot have.
    """
    if backend not in BACKENDS:
        raise GoError(f"a backend is one of {', '.join(BACKENDS)}, not {backend!r}")
    if backend == "openvino":
        return _openvino(network, precision, device)
    if backend == "onnx":
        return _onnx(network, precision, device)
    return _torch(network, precision, device, compiled=backend == "compiled")


def _torch(network: Network, precision: str, device: torch.device, *, compiled: bool) -> Forward:
    dtype = PRECISIONS[precision]
    ready = lower(fold(network).to(device), dtype)
    if compiled:
        ready = _compiled(ready, device)

    def forward(planes: Tensor) -> tuple[Tensor, Tensor]:
        outputs = ready(planes.to(dtype, memory_format=torch.channels_last))
        return outputs.policy_logits, outputs.value

    return forward


def _compiled(network: Network, device: torch.device) -> Callable[..., Any]:
    if device.type == "cuda":
        return torch.compile(network, mode="reduce-overhead")  # CUDA graphs
    if sys.platform != "win32" and not any(map(shutil.which, ("c++", "g++", "clang++"))):
        raise GoError("the backend 'compiled' needs a C++ compiler, and there is none here")
    return torch.compile(network, options={"freezing": True})


def _openvino(network: Network, precision: str, device: torch.device) -> Forward:
    try:
        import openvino
    except ImportError:
        raise GoError(
            "the backend 'openvino' is not installed; `pip install openvino` brings it"
        ) from None
    if device.type != "cpu":
        raise GoError("the backend 'openvino' computes on the CPU; use --device cpu")
    if precision == "fp16":
        raise GoError("the backend 'openvino' computes in fp32 or bf16 here, not in fp16")
    answers = _Answers(fold(network).cpu())
    options = {
        "INFERENCE_PRECISION_HINT": {"fp32": "f32", "bf16": "bf16"}[precision],
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "PERFORMANCE_HINT": "LATENCY",  # one request at a time, on all the threads
    }
    requests: dict[int, Any] = {}  # a compiled network of each board size, made at its first use

    def forward(planes: Tensor) -> tuple[Tensor, Tensor]:
        size = planes.shape[-1]
        if size not in requests:
            shape = [-1, planes.shape[1], size, size]
            with warnings.catch_warnings():
                # Tracing warns of numbers that follow from the size, which is fixed here.
                warnings.simplefilter("ignore")
                model = openvino.convert_model(answers, example_input=planes, input=shape)
            requests[size] = openvino.Core().compile_model(model, "CPU", options)
        logits, values = requests[size](planes.numpy()).to_tuple()
        return torch.from_numpy(logits), torch.from_numpy(values)

    return forward


def _onnx(network: Network, precision: str, device: torch.device) -> Forward:
    try:
        import onnx  # noqa: F401  (torch writes the networks with it)
        import onnxruntime
    except ImportError:
        raise GoError(
            "the backend 'onnx' is not installed; `pip install onnx onnxruntime` brings it"
        ) from None
    if device.type != "cpu":
        raise GoError("the backend 'onnx' computes on the CPU; use --device cpu")
    if precision != "fp32":
        raise GoError(f"the backend 'onnx' computes in fp32 here, not in {precision}")
    answers = _Answers(fold(network).cpu())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    sessions: dict[int, Any] = {}  # one of each board size, made at its first use

    def forward(planes: Tensor) -> tuple[Tensor, Tensor]:
        size = planes.shape[-1]
        if size not in sessions:
            model = _onnx_bytes(answers, planes.shape[1], size)
            sessions[size] = onnxruntime.InferenceSession(
                model, options, providers=["CPUExecutionProvider"]
            )
        logits, values = sessions[size].run(None, {"planes": planes.numpy()})
        return torch.from_numpy(logits), torch.from_numpy(values)

    return forward


def _onnx_bytes(answers: _Answers, planes: int, size: int) -> bytes:
    """Return the network as an ONNX file for batches of any length on boards of one size."""
    written = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            answers,
            (torch.zeros(2, planes, size, size),),
            written,
            input_names=["planes"],
            output_names=["policy_logits", "value"],
            dynamic_axes={"planes": {0: "batch"}},
            opset_version=17,
            dynamo=False,  # the newer exporter needs one more package, onnxscript
        )
    return written.getvalue()


class _Answers(nn.Module):
    """The two answers that a search reads."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        outputs = self.network(planes)
        return outputs.policy_logits, outputs.value
