"""Web, worker and beat as processes: the broker dies, hangs and forgets, and work goes on by itself afterwards."""

import signal
import time

import pytest

from tests.stack import Stack

pytestmark = pytest.mark.stack


def is_well(stack: Stack) -> bool:
    return stack.get("/readyz")[0] == 200


@pytest.mark.full
def test_after_a_broker_was_killed_hung_and_emptied_the_sweep_goes_on_by_itself() -> None:
    with Stack() as stack:
        if "broker" not in stack.children:
            pytest.skip("REDIS_URL is somebody else's server; only one of our own is killed")
        stack.wait(lambda: is_well(stack), "everything is up", seconds=60)

        stack.restart("broker")
        stack.flush_broker()
        stack.wait(lambda: is_well(stack), "sweeps after the broker was killed and came back empty", seconds=60)

        stack.kill("broker", signal.SIGSTOP)
        started = time.monotonic()
        assert stack.get("/healthz")[0] == 200
        status, body = stack.get("/readyz")
        assert status == 503
        assert "does not answer" in body
        assert time.monotonic() - started < 10, "a hung broker must not hang a page"
        time.sleep(10)
        stack.kill("broker", signal.SIGCONT)
        stack.flush_broker()
        stack.wait(lambda: is_well(stack), "sweeps after the broker hung", seconds=60)
        assert all(child.running for child in stack.children.values())
