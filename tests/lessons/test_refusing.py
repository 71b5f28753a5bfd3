"""The device that refuses does what a GPU does: it computes, and it is not to be mixed."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
BEFORE = """
import numpy, torch, refusing
refusing.enter()
there = torch.device("cuda")
a, b = torch.ones(3, device=there), torch.ones(3)
places, on = torch.arange(3), torch.arange(3, device=there)
"""


def run(lines):
    """Run lines in a process of their own, since nothing leaves the device again."""
    return subprocess.run(
        [sys.executable, "-c", BEFORE + lines],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(HERE), "OMP_NUM_THREADS": "1"},
    )


REFUSED = {
    "a sum": "a + b",
    "a sum in place": "b.add_(a)",
    "torch.cat": "torch.cat([a, b])",
    "torch.where": "torch.where(a > 0, b, a)",
    "a matrix product": "a.view(1, 3) @ b",
    "labels": "torch.nn.functional.cross_entropy(a.view(1, 3), torch.zeros(1).long())",
    "indices from the device": "b[on]",
    "values put in": "a[places] = b",
    "vmap": "torch.func.vmap(lambda x, y: x * y)(a, b)",
    "numpy": "a.numpy()",
    "numpy.asarray": "numpy.asarray(a)",
    "a generator of the CPU": "torch.randn(3, device=there, generator=torch.Generator())",
    "one that fills": "a.clone().normal_(generator=torch.Generator())",
    "one of an initializer": "torch.nn.init.trunc_normal_(a.clone(), generator=torch.Generator())",
    "stacked numbers": "torch.stack([torch.tensor(1.0, device=there), torch.tensor(1.0)])",
}
ON_THE_DEVICE = {
    "a number": "a + 1",
    "a tensor without dimensions": "a + torch.tensor(2.0)",
    "a view": "a[:2]",
    "like another": "torch.zeros_like(a)",
    "indices from the CPU": "a[places]",
    "a copy": "b.to(there)",
    "a copy by name": "b.cuda()",
    "a copy by number": "b.to('cuda:0')",
    "a tensor made by number": "torch.ones(3, device=torch.device('cuda:0'))",
    "a copy by keyword": "b.to(device=there)",
    "a copy to where another is": "b.to(a)",
    "one of its type": "b.type_as(a)",
    "a deep copy": "__import__('copy').deepcopy(a)",
    "what was copied back": "(a.cpu(), a)[1]",
    "what others came after": "[torch.ones(1, device=there) for _ in range(10_001)] and a",
    "copied into": "torch.zeros(3, device=there).copy_(b)",
    "a slice that is filled": "a[:2].copy_(b[:2])",
    "a gradient": "torch.func.grad(lambda x: (x * a).sum())(a)",
    "vmap": "torch.func.vmap(lambda x: 2 * x)(a)",
    "grad under vmap": "torch.func.vmap(torch.func.grad(lambda x: x.to(there) ** 2))(a)",
    "autograd": "torch.autograd.grad((a.requires_grad_() ** 2).sum(), a)[0]",
    "a module": "torch.nn.Linear(3, 2).to(there)(a)",
}
ON_THE_CPU = {
    "a tensor of its own": "b",
    "a copy back": "a.cpu()",
    "a copy back by name": "a.to('cpu')",
    "a copy back to where another is": "a.to(b)",
    "what was copied": "(b.to(there), b)[1]",
    "copied from": "b.copy_(a)",
    "a copy back under vmap": "torch.func.vmap(lambda x: x.cpu())(a)",
    "from NumPy": "torch.from_numpy(numpy.ones(2))",
    "from a list": "torch.tensor(a.tolist())",
}


def test_what_a_gpu_refuses_is_refused():
    tried = "try:\n    {}\n    print({!r})\nexcept (RuntimeError, TypeError):\n    pass\n"
    found = run("".join(tried.format(code, name) for name, code in REFUSED.items()))
    assert (found.returncode, found.stdout) == (0, ""), found.stdout + found.stderr


@pytest.mark.parametrize(
    ("device", "cases"), [("cuda", ON_THE_DEVICE), ("cpu", ON_THE_CPU)], ids=["device", "CPU"]
)
def test_results_are_where_a_gpu_leaves_them(device, cases):
    tried = "if ({}).device.type != {!r}:\n    print({!r})\n"
    found = run("".join(tried.format(code, device, name) for name, code in cases.items()))
    assert (found.returncode, found.stdout) == (0, ""), found.stdout + found.stderr


def test_it_computes_what_the_cpu_computes():
    found = run(
        "assert ((a + 2) * a.cumsum(0)).sum().item() == 18.0 and a.is_cuda and not b.is_cuda"
    )
    assert found.returncode == 0, found.stderr


def test_training_begins_where_the_data_are():
    found = run("""
from course_lib.lab import accuracy, digits, draw_runs, generator, grid, networks, train
from course_lib.lab.grid import Run
data, start = digits().to(there), networks.start([64, 10], generator(0))
how = {"epochs": 1, "batch_size": 500, "label": None}
params, _ = train(networks.network, start, data, lr=0.1, generator=generator(1), **how)
runs = draw_runs(lambda seed: Run(start, data, generator(seed)), range(2))
many = grid(networks.network, runs, settings={"lr": [0.1]}, **how)
assert params["W1"].is_cuda and many.params["W1"].is_cuda and not start["W1"].is_cuda
assert Run(start, digits(), None).to(there).start["W1"].is_cuda
many.measure(accuracy)
""")
    assert found.returncode == 0, found.stderr
