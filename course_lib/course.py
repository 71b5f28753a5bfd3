"""The lessons of the course, in order."""

from __future__ import annotations

PARTS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("Start", (("00", "Start here"),)),
    (
        "Part I: the pieces",
        (
            ("01", "Weights"),
            ("02", "Biases"),
            ("03", "Activations"),
            ("04", "Initializers"),
            ("05", "Losses"),
            ("06", "Backpropagation"),
        ),
    ),
    (
        "Part II: descent",
        (
            ("07", "Gradient descent"),
            ("08", "Mini-batches"),
            ("09", "Momentum"),
            ("10", "RMSProp"),
            ("11", "Adam"),
            ("12", "The optimizer race"),
        ),
    ),
    (
        "Part III: why training works or fails",
        (
            ("13", "Jacobians"),
            ("14", "Lipschitz constants"),
            ("15", "Signal propagation"),
            ("16", "Implicit optimisation"),
            ("17", "Explicit optimisation"),
        ),
    ),
    (
        "Part IV: curvature and fuzzy control",
        (
            ("18", "Curvature"),
            ("19", "Fuzzy inference"),
            ("20", "A fuzzy second-order optimizer"),
            ("21", "Capstone"),
        ),
    ),
)
