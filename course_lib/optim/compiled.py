"""torch's compiler and CUDA graphs: all that the course uses of torch outside its stable interface.

Tried with torch 2.12 and 2.13. Before, torch compiled some sweeps wrongly on a CPU: those with
batches that do not fill its vectors.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.fx.experimental.proxy_tensor import make_fx

PLACES = 2**14  # that each thread must have at least; with fewer, a loop has one thread


def compile_in_place(
    f: Callable[..., tuple[()]], inputs: Sequence[Tensor], *, any_length: bool = False
) -> Callable[..., Any]:
    """Return f, which writes into its inputs and returns (), compiled for inputs like these.

    Like means: of the same dtypes, devices, shapes and strides. Nothing asks for that at a call, so
    the caller has to know. any_length: an axis may be of another length, if it is so in all inputs
    in which it was as long. It works with as many threads as torch has now.
    Raises some exception for an f that asks what is in a tensor.
    """
    graph = traced(f, inputs, "symbolic" if any_length else "fake")
    # The number of threads stands here because compiled code is kept on disk, by its options.
    patches = {
        "cpp.threads": torch.get_num_threads(),
        "cpp.min_chunk_size": PLACES,
        "size_asserts": False,
        # What a norm and what comes behind it both need is worked out twice: memory is slower.
        "realize_reads_threshold": 1000,
        "realize_opcount_threshold": 1000,
        "pattern_matcher": False,  # it looks for products of matrices, and is slow to set up
    }

    def compiled() -> Callable[..., Any]:
        return torch._inductor.standalone_compile(
            graph,
            list(inputs),
            dynamic_shapes="from_graph" if any_length else "from_example_inputs",
            options={"config_patches": patches},
        )

    try:
        # The C++ compiler knows the instructions of this processor: trying each takes seconds.
        with torch._inductor.config.patch({"cpp.vec_isa_ok": True}):
            return compiled()
    except Exception:  # of whatever kind: it does not know them all
        return compiled()


def traced(
    f: Callable[..., Any], inputs: Sequence[Tensor], mode: str = "real"
) -> Callable[..., Any]:
    """Return what f does with tensors like these, as a graph.

    Raises some exception for an f that asks what is in a tensor.
    """
    return make_fx(f, tracing_mode=mode, _allow_non_fake_inputs=True)(*inputs)


def recorded(f: Callable[..., Any], inputs: Sequence[Tensor]) -> Callable[[], None]:
    """Return a call of f on tensors of a GPU as a CUDA graph: Python launches too slowly.

    f must have been called before. It is not called here: what its launches do is written down.
    """
    with torch.cuda.device(inputs[0].device):
        graph, now, aside = torch.cuda.CUDAGraph(), torch.cuda.current_stream(), torch.cuda.Stream()
        aside.wait_stream(now)
        with torch.cuda.stream(aside):
            graph.capture_begin(capture_error_mode="thread_local")
            f(*inputs)
            graph.capture_end()
        now.wait_stream(aside)
    return graph.replay
