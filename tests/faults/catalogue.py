"""The twenty-five cases: which laws hold each, and what of it is not run, with the reason."""

from dataclasses import dataclass

HERE, STREAM, SYSTEM = (
    "tests/faults",
    "tests/stream/test_kafka_delivery.py",
    "tests/system/test_many_writers.py",
)
GATES, LIVE, GUARD = "tests/rebuilder/test_gates.py", "tests/web/test_live.py", "tests/web/test_guard.py"
APPROVALS = "tests/rebuilder/test_approvals.py"


@dataclass(frozen=True)
class Case:
    """``laws`` are pytest's names of files or tests; ``open`` says what is not shown, empty when all is."""

    number: int
    title: str
    laws: tuple[str, ...] = ()
    open: str = ""


CASES = (
    Case(1, "kill -9 an inspector before and after each effect", (f"{HERE}/test_01_kill.py",)),
    Case(2, "SIGTERM in the middle of a batch", (f"{HERE}/test_02_sigterm.py",)),
    Case(3, "the number of inspectors changes under load", (f"{HERE}/test_03_scale.py",)),
    Case(4, "SIGSTOP past the session timeout, then SIGCONT", (f"{HERE}/test_04_freeze.py",)),
    Case(
        5,
        "the brokers restart, then all are away for 60 s",
        (f"{HERE}/test_05_broker_restart.py",),
    ),
    Case(6, "an inspector cut off from its group coordinator for 45 s", (f"{HERE}/test_06_cut_off.py",)),
    Case(
        7,
        "acknowledgements of the producer are lost",
        (
            f"{HERE}/test_07_lost_answers.py",
            f"{STREAM}::test_send_to_a_hanging_broker_fails_within_the_deadline_and_the_next_one_goes_through",
            f"{STREAM}::test_sends_after_a_failed_one_keep_their_order",
        ),
    ),
    Case(8, "Redis is killed and restarted under load", (f"{HERE}/test_08_redis_restart.py",)),
    Case(9, "Redis restarts empty", (f"{HERE}/test_09_redis_empty.py",)),
    Case(
        10,
        "banks that are none, and changed chunks",
        (
            f"{HERE}/test_10_bad_banks.py",
            "tests/signing/test_banks.py::test_a_bank_without_a_trusted_signature_is_refused_before_it_is_fetched",
        ),
    ),
    Case(11, "a truncated JPEG after a defect of another line", (f"{HERE}/test_11_truncated.py",)),
    Case(12, "decompression bombs", (f"{HERE}/test_12_bombs.py",)),
    Case(13, "10,000 damaged pictures", (f"{HERE}/test_13_fuzz.py",)),
    Case(14, "a frame that kills the worker; a broken device", (f"{HERE}/test_14_poison.py",)),
    Case(15, "nothing but bad input on one line", (f"{HERE}/test_15_bad_line.py",)),
    Case(
        16,
        "banks are exchanged under load",
        (f"{HERE}/test_16_swap.py",),
        "Small banks; `patchline bench swap` has the large ones.",
    ),
    Case(
        17,
        "two rebuilders race, one is stopped and comes back",
        (
            f"{SYSTEM}::test_a_rebuilder_stopped_between_bytes_and_record_comes_back_and_changes_nothing",
            f"{SYSTEM}::test_a_rebuilder_killed_between_bytes_and_record_leaves_its_command_to_the_next",
        ),
    ),
    Case(18, "a bank of 500 MB loads while frames are scored", (f"{HERE}/test_18_large_bank.py",)),
    Case(
        19,
        "a rebuild is fed nothing, defects, or another backbone",
        (
            f"{HERE}/test_19_bad_rebuilds.py",
            f"{GATES}::test_a_part_that_would_silence_a_canary_is_refused_even_to_two_persons",
            f"{GATES}::test_a_part_far_above_the_threshold_needs_a_second_person",
            f"{APPROVALS}::test_other_weights_than_the_banks_are_refused",
            f"{APPROVALS}::test_an_expired_frame_is_named",
        ),
    ),
    Case(20, "a burst of ten times the load", (f"{HERE}/test_20_burst.py",)),
    Case(
        21,
        "slow readers",
        (
            f"{HERE}/test_21_slow_readers.py",
            f"{LIVE}::test_a_slow_subscriber_is_dropped_and_told_to_load_anew",
            f"{LIVE}::test_the_number_of_subscribers_is_bounded",
        ),
    ),
    Case(
        22,
        "the device fails or hangs",
        (f"{HERE}/test_22_device.py",),
        "Its errors and its lack of memory are injected; tests/cuda shows those of a real GPU.",
    ),
    Case(23, "the disk is full", (f"{HERE}/test_23_full_disks.py",)),
    Case(
        24,
        "HTTP attackers",
        (f"{HERE}/test_24_http.py", GUARD, "tests/web/test_access.py", "tests/signing/test_commands.py"),
    ),
    Case(25, "soak with a fault a minute", (f"{HERE}/test_25_soak.py",)),
)
