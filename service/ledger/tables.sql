-- The book. In every table partition and source name the frame; own_partition and own_offset the record itself.
CREATE TABLE frames (partition, source, value_sha256, line, frame_id, sha256, uid,
    PRIMARY KEY (partition, source)) WITHOUT ROWID;
CREATE TABLE verdicts (partition, source, own_partition, own_offset, kind, line, frame_id, sha256, uid,
    epoch, version, alert_id, alert_digest, drawn, astray, inspected_ms, effective DEFAULT 0,
    PRIMARY KEY (partition, source, own_partition, own_offset)) WITHOUT ROWID;
CREATE TABLE letters (partition, source, own_partition, own_offset, sha256, whole,
    PRIMARY KEY (partition, source, own_partition, own_offset)) WITHOUT ROWID;
CREATE TABLE alerts (alert_id, digest, own_partition, own_offset, timestamp_ms, inspected_ms,
    copies DEFAULT 1, PRIMARY KEY (alert_id, digest)) WITHOUT ROWID;
CREATE TABLE activations (line, epoch, version, PRIMARY KEY (line, epoch)) WITHOUT ROWID;
CREATE TABLE unreadable (topic, own_partition, own_offset, detail);
-- Retention told that what was judged before horizon_ms may be gone.
CREATE TABLE expired (line, kind, horizon_ms, PRIMARY KEY (line, kind)) WITHOUT ROWID;
CREATE TABLE undrawn (own_partition, own_offset, detail);

-- Outcomes from floor to watermark, and from ceiling on, must have a frame.
CREATE TABLE windows (partition INTEGER PRIMARY KEY, floor, watermark, ceiling);

CREATE TABLE limits (since_ms, horizon_ms);
