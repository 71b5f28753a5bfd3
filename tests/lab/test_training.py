import pytest
import torch

from course_lib.lab import accuracy, digits, generator, train
from course_lib.lab.training import batches
from course_lib.nn.layers import dense


def linear(params, x):
    return dense(x, params["W"])


def start(seed=0):
    return {"W": torch.randn(10, 64, generator=generator(seed))}


def run(seed=1, **settings):
    settings = {"lr": 0.5, "epochs": 2, "batch_size": 64} | settings
    return train(linear, start(), digits(), generator=generator(seed), **settings)


def test_two_full_batch_steps_are_gradient_descent_by_hand():
    data, W = digits(), start()["W"]
    right = torch.nn.functional.one_hot(data.train.y, 10)
    for _ in range(2):
        p = torch.softmax(data.train.x @ W.T, dim=1)
        W = W - 0.5 * (p - right).T @ data.train.x / len(data.train)
    params, _ = run(epochs=2, batch_size=1000)
    torch.testing.assert_close(params["W"], W, rtol=1e-4, atol=1e-5)


def test_weight_decay_reaches_the_optimizer():
    plain, decayed = (
        run(epochs=1, batch_size=1000),
        run(epochs=1, batch_size=1000, weight_decay=0.1),
    )
    torch.testing.assert_close(decayed[0]["W"], plain[0]["W"] - 0.5 * 0.1 * start()["W"])


def test_the_history_starts_before_the_first_step():
    data = digits()
    params, history = run()
    assert {name: value.shape for name, value in history.items()} == {
        "train_loss": (3,),
        "validation_loss": (3,),
        "validation_accuracy": (3,),
    }
    before, after = (
        accuracy(linear(own, data.validation.x), data.validation.y).item()
        for own in (start(), params)
    )
    assert history["validation_accuracy"][[0, -1]].tolist() == pytest.approx([before, after])


def test_the_start_is_left_alone_and_the_result_is_free_of_the_graph():
    params = start()
    trained, _ = train(
        linear, params, digits(), lr=0.5, epochs=1, batch_size=64, generator=generator(1)
    )
    assert torch.equal(params["W"], start()["W"])
    assert not trained["W"].requires_grad


def test_the_seed_decides_everything():
    assert torch.equal(run()[0]["W"], run()[0]["W"])
    assert not torch.equal(run()[0]["W"], run(seed=2)[0]["W"])


def test_another_optimizer_and_another_loss_fit_in():
    def squares(out, y):
        return (out - torch.nn.functional.one_hot(y, 10)).square().mean()

    _, history = run(loss=squares, optimizer=torch.optim.Adam, lr=0.01)
    assert history["train_loss"][-1] < history["train_loss"][0]


@pytest.mark.parametrize("size", [1, 64, 300, 1000])
def test_batches_hold_each_example_once_and_come_in_a_new_order(size):
    split, source = digits().validation, generator(3)
    first, second = (list(batches(split, size, source)) for _ in range(2))
    for epoch in (first, second):
        together = torch.cat([x for x, _ in epoch])
        assert sorted(together.tolist()) == sorted(split.x.tolist())
        assert max(len(y) for _, y in epoch) == min(size, 300)
    assert not torch.equal(first[0][0], second[0][0])


def test_training_a_small_network_uses_one_thread(two_threads):
    seen = set()

    def watched(params, x):
        seen.add(torch.get_num_threads())
        return linear(params, x)

    before = torch.get_num_threads()
    train(watched, start(), digits(), lr=0.5, epochs=1, batch_size=500, generator=generator(1))
    assert seen == {1}
    assert torch.get_num_threads() == before
