"""Signals are deferred until they are checked for; a second one is not, and handlers are restored afterwards."""

import signal
import threading
import time

import pytest

from supple.runtime.signals import ENDING, DeferredSignals, Interrupted, exit_code, interruptible


@pytest.fixture(autouse=True)
def _as_in_a_terminal():
    """Ctrl-C as Python has it at first: libraries that other tests load may have taken or blocked it."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    mask = signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    signal.signal(signal.SIGINT, signal.SIG_DFL if handler is None else handler)


def test_ctrl_c_is_deferred():
    before = signal.getsignal(signal.SIGINT)
    done = []
    with pytest.raises(KeyboardInterrupt), DeferredSignals() as signals:
        signals.check()
        signal.raise_signal(signal.SIGINT)
        done.append("whole")
        signals.check()
        done.append("never")
    assert done == ["whole"]
    assert signal.getsignal(signal.SIGINT) is before


def test_a_deferred_signal_is_not_lost_without_a_check():
    done = []
    with pytest.raises(KeyboardInterrupt):  # noqa: SIM117
        with DeferredSignals():
            signal.raise_signal(signal.SIGINT)
            done.append("whole")
    assert done == ["whole"]


def test_a_second_signal_is_handled_at_once():
    with pytest.raises(KeyboardInterrupt), DeferredSignals():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        pytest.fail("not interrupted")


def test_other_handlers_are_called():
    heard = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        with DeferredSignals() as signals:
            signal.raise_signal(signal.SIGTERM)
            assert heard == []
            signals.check()
            assert heard == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_in_other_threads_it_does_nothing():
    errors = []

    def work():
        try:
            with DeferredSignals() as signals:
                signals.check()
        except ValueError as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert errors == []


def test_whether_a_signal_is_pending_is_known():
    with pytest.raises(KeyboardInterrupt), DeferredSignals() as signals:
        assert not signals.pending
        signal.raise_signal(signal.SIGINT)
        assert signals.pending
        signals.check()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signals_interrupt_and_say_which_they_were(number):
    handlers = [signal.getsignal(one) for one in ENDING]
    with pytest.raises(Interrupted) as raised, interruptible():
        signal.raise_signal(number)
    assert exit_code(raised.value) == 128 + number
    assert [signal.getsignal(one) for one in ENDING] == handlers


def test_ctrl_c_has_its_usual_exit_code():
    assert exit_code(KeyboardInterrupt()) == 130


def test_what_is_being_destroyed_is_not_interrupted():
    done = []

    class Busy:
        def __del__(self):
            signal.raise_signal(signal.SIGTERM)
            done.append("destroyed")

    with pytest.raises(Interrupted), interruptible():
        Busy()
        time.sleep(5)
    assert done == ["destroyed"]
