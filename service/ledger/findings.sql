-- What is asked of a full book, as views, so that every question can be read by itself.
CREATE VIEW judged AS SELECT v.*, f.line AS true_line, f.frame_id AS true_frame_id, f.sha256 AS true_sha256,
    f.uid AS true_uid, v.kind IN ('defect', 'review') AS alarming
FROM verdicts v JOIN frames f ON f.partition = v.partition AND f.source = v.source;

CREATE VIEW outcomes AS SELECT partition, source, CASE
    WHEN kind IS NOT NULL AND lettered THEN 'doubled'
    WHEN kind = 'dropped' THEN 'dropped'
    WHEN kind IS NOT NULL THEN 'scored'
    WHEN lettered THEN 'dead_lettered'
    ELSE 'missing' END AS class
FROM (SELECT f.partition, f.source, v.kind, EXISTS (
        SELECT 1 FROM letters l WHERE l.partition = f.partition AND l.source = f.source) AS lettered
    FROM frames f LEFT JOIN verdicts v
    ON v.partition = f.partition AND v.source = f.source AND v.effective);

CREATE VIEW answered AS SELECT * FROM judged j WHERE effective AND alarming
    AND EXISTS (SELECT 1 FROM alerts a WHERE a.alert_id = j.alert_id AND a.digest = j.alert_digest);

CREATE VIEW pictured AS SELECT partition, source, own_partition, own_offset, line, uid, version, drawn AND NOT astray AS named
FROM judged WHERE effective AND (drawn OR alarming);

-- Frames that expired or are unfinished may have an outcome and not be in the book.
CREATE VIEW strays AS
WITH claims (topic, partition, source, own_partition, own_offset) AS (
    SELECT 'verdicts', partition, source, own_partition, own_offset FROM verdicts
    UNION ALL SELECT 'dead-letters', partition, source, own_partition, own_offset FROM letters)
SELECT c.* FROM claims c LEFT JOIN windows w ON w.partition = c.partition
WHERE (w.partition IS NULL OR c.source >= w.ceiling OR (c.source >= w.floor AND c.source < w.watermark))
AND NOT EXISTS (SELECT 1 FROM frames f WHERE f.partition = c.partition AND f.source = c.source);

CREATE VIEW troubles (kind, topic, own_partition, own_offset, detail) AS
SELECT 'missing', 'frames', partition, source, '' FROM outcomes WHERE class = 'missing'
UNION ALL
SELECT 'doubled', 'frames', partition, source, '' FROM outcomes WHERE class = 'doubled'
UNION ALL
SELECT 'wrong-ids', 'verdicts', own_partition, own_offset, 'It speaks of ' || partition || '/' || source ||
    CASE WHEN own_partition = partition THEN '.' ELSE ', and lies in another partition.' END
FROM judged WHERE own_partition != partition OR line IS NOT true_line OR frame_id IS NOT true_frame_id
    OR sha256 IS NOT true_sha256 OR uid IS NOT true_uid
UNION ALL
SELECT 'wrong-ids', 'dead-letters', l.own_partition, l.own_offset,
    'It speaks of ' || l.partition || '/' || l.source || '.'
FROM letters l JOIN frames f ON f.partition = l.partition AND f.source = l.source
WHERE NOT l.whole OR (l.sha256 IS NOT f.value_sha256 AND l.sha256 IS NOT f.sha256)
UNION ALL
SELECT 'wrong-ids', topic, own_partition, own_offset, 'No frame is at ' || partition || '/' || source || '.'
FROM strays
UNION ALL
SELECT 'alerts-missing', 'verdicts', own_partition, own_offset, '' FROM judged j WHERE effective AND alarming
    AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.alert_id = j.alert_id AND a.digest = j.alert_digest)
UNION ALL
-- Alerts are kept longer than verdicts: one that is older than every kept verdict accuses nobody.
SELECT 'foreign-alerts', 'alerts', own_partition, own_offset, '' FROM alerts a, limits
WHERE a.timestamp_ms >= since_ms
    AND NOT EXISTS (SELECT 1 FROM verdicts v
        WHERE v.alert_id = a.alert_id AND v.alert_digest = a.digest AND v.effective)
    AND (a.inspected_ms >= horizon_ms OR EXISTS (SELECT 1 FROM verdicts v WHERE v.alert_id = a.alert_id))
UNION ALL
-- A verdict that names its heatmap in the right way, from before its line's horizon, is told of as expired.
SELECT 'heatmaps-missing', 'verdicts', u.own_partition, u.own_offset, u.detail FROM undrawn u
WHERE NOT EXISTS (SELECT 1 FROM pictured p JOIN judged j USING (partition, source, own_partition, own_offset)
    JOIN expired e ON e.line = j.line AND e.kind = j.kind AND j.inspected_ms < e.horizon_ms
    WHERE p.own_partition = u.own_partition AND p.own_offset = u.own_offset AND p.named)
UNION ALL
SELECT 'unknown-epochs', 'verdicts', own_partition, own_offset,
    line || ', epoch ' || COALESCE(epoch, '-') || ', version ' || COALESCE(version, '-') || '.'
FROM judged j WHERE (kind IN ('ok', 'review', 'defect') OR epoch IS NOT NULL OR version IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM activations b
        WHERE b.line = j.line AND b.epoch = j.epoch AND b.version = j.version)
UNION ALL
SELECT 'unreadable', topic, own_partition, own_offset, detail FROM unreadable;
