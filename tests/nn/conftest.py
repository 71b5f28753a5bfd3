import pytest


@pytest.fixture(scope="session")
def keras():
    """Keras 3 on torch, on the CPU also where there is a GPU: there the other side's tensors are.

    It takes 3 seconds and 200 MB to import, so no lesson does.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "torch")
        patch.setenv("KERAS_TORCH_DEVICE", "cpu")
        import keras
    assert keras.config.backend() == "torch"
    return keras
