import pytest


@pytest.fixture(scope="session")
def keras():
    """Keras 3 on torch. It takes 3 seconds and 200 MB to import, so no lesson does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "torch")
        import keras
    assert keras.config.backend() == "torch"
    return keras
