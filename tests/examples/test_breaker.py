from examples.split_serving.breaker import Breaker


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def made():
    clock = Clock()
    return Breaker(failures=2, rest=1.0, longest=4.0, clock=clock, draw=lambda: 1.0), clock


def opened():
    breaker, clock = made()
    breaker.failed()
    breaker.failed()
    return breaker, clock


def test_it_opens_after_failures_in_a_row():
    breaker, _ = made()
    for _ in range(5):
        assert breaker.admits()
        breaker.failed()
        breaker.succeeded()
    breaker.failed()
    assert breaker.admits()
    breaker.failed()
    assert not breaker.admits()
    assert breaker.rests
    assert breaker.opened == 1


def test_a_refusal_opens_it_at_once():
    breaker, _ = made()
    breaker.failed(refused=True)
    assert breaker.state == "open"


def test_it_is_probed_once_when_it_has_rested():
    breaker, clock = opened()
    assert not breaker.due()
    clock.now = 1.0
    assert breaker.due()
    assert not breaker.due()
    assert not breaker.admits()


def test_a_probe_that_fails_doubles_the_rest_up_to_a_limit():
    breaker, clock = opened()
    for rest in (1.0, 2.0, 4.0, 4.0):
        clock.now += rest - 0.01
        assert not breaker.due()
        clock.now += 0.02
        assert breaker.due()
        breaker.probed(False)
        assert breaker.state == "open"


def test_one_request_tries_a_link_that_is_back():
    breaker, clock = opened()
    clock.now = 1.0
    assert breaker.due()
    breaker.probed(True)
    assert not breaker.rests
    assert breaker.admits()
    assert not breaker.admits()
    breaker.succeeded()
    assert breaker.state == "closed"
    assert breaker.admits()


def test_a_trial_that_fails_rests_longer_and_a_late_probe_changes_nothing():
    breaker, clock = opened()
    clock.now = 1.0
    breaker.due()
    breaker.probed(True)
    breaker.admits()
    breaker.failed()
    breaker.probed(True)
    assert breaker.state == "open"
    clock.now = 2.5
    assert not breaker.due()
    clock.now = 3.0
    assert breaker.due()


def test_a_success_forgets_how_long_it_rested():
    breaker, clock = opened()
    clock.now = 1.0
    breaker.due()
    breaker.probed(True)
    breaker.admits()
    breaker.succeeded()
    breaker.failed()
    breaker.failed()
    clock.now = 2.0
    assert breaker.due()
