"""Signals wait until they are heeded; a second one does not, and afterwards all is as before."""

import signal
import threading

import pytest

from supple.runtime.signals import HeldBack


@pytest.fixture(autouse=True)
def _as_in_a_terminal():
    """Ctrl-C as Python has it at first: libraries that other tests load may have taken or blocked it."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    mask = signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    signal.signal(signal.SIGINT, signal.SIG_DFL if handler is None else handler)


def test_ctrl_c_waits():
    before = signal.getsignal(signal.SIGINT)
    done = []
    with pytest.raises(KeyboardInterrupt), HeldBack() as signals:
        signals.heed()
        signal.raise_signal(signal.SIGINT)
        done.append("whole")
        signals.heed()
        done.append("never")
    assert done == ["whole"]
    assert signal.getsignal(signal.SIGINT) is before


def test_it_is_not_lost_where_nothing_heeds_it():
    done = []
    with pytest.raises(KeyboardInterrupt):  # noqa: SIM117
        with HeldBack():
            signal.raise_signal(signal.SIGINT)
            done.append("whole")
    assert done == ["whole"]


def test_who_insists_is_heard_at_once():
    with pytest.raises(KeyboardInterrupt), HeldBack():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        pytest.fail("not interrupted")


def test_a_handler_of_somebody_else_is_called():
    heard = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        with HeldBack() as signals:
            signal.raise_signal(signal.SIGTERM)
            assert heard == []
            signals.heed()
            assert heard == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_in_other_threads_it_does_nothing():
    errors = []

    def work():
        try:
            with HeldBack() as signals:
                signals.heed()
        except ValueError as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert errors == []
