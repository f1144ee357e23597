"""Every metric, by Prometheus' rules: a closed set, each with its sentence; no label grows with parts."""

from prometheus_client import REGISTRY, Counter, Gauge, Histogram

_STAGE = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_LATENCY = (0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 30.0)

FRAMES = Counter("patchline_frames_total", "Frames by line and verdict.", ["line", "verdict"])
DEAD_LETTERS = Counter("patchline_dead_letters_total", "Messages set aside, by reason.", ["reason"])
ALERTS = Counter("patchline_alerts_total", "Alerts published, repeats included.", ["line"])
LATENCY = Histogram(
    "patchline_frame_latency_seconds",
    "From a frame's broker timestamp to its verdict's acknowledgement.",
    buckets=_LATENCY,
)
BATCH_FRAMES = Histogram(
    "patchline_batch_frames", "Frames in a device batch.", buckets=(1, 2, 4, 8, 16, 32, 64)
)
BATCH_SECONDS = Histogram(
    "patchline_batch_seconds", "From a batch's hand-over to the worker's answer.", buckets=_LATENCY
)
STAGE_SECONDS = Histogram(
    "patchline_stage_seconds",
    "Seconds that a batch spends, in the queue a frame.",
    ["stage"],
    buckets=_STAGE,
)
IN_FLIGHT = Gauge("patchline_in_flight_frames", "Frames fetched and not yet finished.")
WATERMARK_LAG = Gauge("patchline_watermark_lag_frames", "Fetched frames past the watermark.", ["partition"])
PAUSED = Gauge("patchline_paused_partitions", "Partitions paused under pressure.")
STANDING = Gauge(
    "patchline_standing_seconds",
    "For how long no offset was committed though frames wait, or the broker did not say whether any do.",
)
LOOP_LAG = Histogram(
    "patchline_event_loop_lag_seconds",
    "How late the event loop was for a task that was due.",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
)
EPOCH = Gauge("patchline_line_epoch", "The epoch in force on a line in this process.", ["line"])
STALE = Gauge(
    "patchline_bank_stale", "1 while the newest activation of a line could not be loaded.", ["line"]
)
BREAKER = Gauge("patchline_breaker_open", "1 while a line's breaker is open in this process.", ["line"])
DRIFT = Gauge("patchline_line_drift", "1 while a line's scores have drifted since its activation.", ["line"])
MEDIAN_MOVEMENT = Gauge(
    "patchline_line_median_movement",
    "How far the running median of a line's scores has gone from its reference towards the threshold.",
    ["line"],
)
UNTRUSTED = Counter(
    "patchline_untrusted_records_total",
    "Records without a signature that is trusted, by topic and fault.",
    ["topic", "fault"],
)
CACHE_UP = Gauge("patchline_bank_cache_up", "1 while the cache of banks answers.")
WORKER_RESTARTS = Counter("patchline_extraction_restarts_total", "Extraction workers replaced.", ["cause"])
REBALANCES = Counter("patchline_rebalances_total", "Assignments received by this member.")
REFUSED_COMMITS = Counter("patchline_refused_commits_total", "Commits withheld or fenced after a rebalance.")
RETENTION_REMOVED = Counter(
    "patchline_retention_removed_total", "Frames and heatmaps that retention removed, by verdict.", ["kind"]
)
RETENTION_BYTES = Gauge("patchline_retention_stored_bytes", "Frames and heatmaps that the last sweep left.")
COMMANDS = Counter("patchline_commands_total", "Commands by kind and outcome.", ["kind", "outcome"])
BUILD_SECONDS = Histogram(
    "patchline_bank_build_seconds",
    "From a command to its bank in force.",
    buckets=(0.5, 1, 2, 5, 10, 30, 60, 300),
)
CAMERA_UP = Gauge("patchline_camera_up", "1 while a camera gives pictures.", ["line", "camera"])
CAMERA_TAKEN = Counter("patchline_camera_frames_total", "Pictures taken.", ["line", "camera"])
CAMERA_DROPPED = Counter(
    "patchline_camera_dropped_frames_total",
    "Pictures that never reached the broker: the ring was full, the disk failed, or a file was spoilt.",
    ["line", "camera"],
)
CAMERA_MISSED = Counter(
    "patchline_camera_missed_triggers_total", "Triggers after which no picture came.", ["line", "camera"]
)
CAMERA_WAITING = Gauge(
    "patchline_camera_waiting_frames",
    "Pictures on disk that the broker does not have yet.",
    ["line", "camera"],
)
SINK_REPORTS = Counter(
    "patchline_sink_reports_total",
    "Reports of a sink: accepted, or set aside because they were refused or given up.",
    ["sink", "outcome"],
)
SINK_HELD = Counter(
    "patchline_sink_held_alerts_total",
    "Alerts that a sink did not tell: within a cooldown, snoozed, or told before.",
    ["sink", "reason"],
)
SINK_MISSING = Counter(
    "patchline_sink_missing_total", "Frames told as not good, for want of a verdict in time.", ["sink"]
)
SINK_WAITING = Gauge(
    "patchline_sink_waiting_reports", "Reports that the counterpart has not accepted yet.", ["sink"]
)
SINK_UP = Gauge("patchline_sink_up", "1 while a sink's counterpart accepts.", ["sink"])
SINK_UNREADABLE = Counter(
    "patchline_sink_unreadable_total", "Records that a sink could not read, passed over.", ["sink"]
)


def metric_table() -> str:
    """A Markdown table of every metric and its sentence."""
    rows = ["| metric | kind | what it tells |", "|---|---|---|"]
    families = sorted(
        (f for f in REGISTRY.collect() if f.name.startswith("patchline_")), key=lambda f: f.name
    )
    for family in families:
        suffix = "_total" if family.type == "counter" else ""
        rows.append(f"| `{family.name}{suffix}` | {family.type} | {family.documentation} |")
    return "\n".join(rows)
