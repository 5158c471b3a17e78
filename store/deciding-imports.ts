/**
 * SQL of the imports of the sync `s` that say how it is (sync-health.ts), newest first: the newest fifty, and of those
 * before them what was not Skipped or Canceled since the last that has surely moved `last_sync_time`, and what alerts have
 * yet to judge. None from before the sync was deleted or read from another database: they say nothing of it any more.
 */
export const DECIDING_IMPORTS = `
  SELECT * FROM inlet.import i WHERE i.sync_id = s.sync_id AND i.number IN (
    (SELECT n.number FROM inlet.import n WHERE n.sync_id = s.sync_id AND n.number >= s.first_number
     ORDER BY n.number DESC LIMIT 50)
    UNION
    (SELECT n.number FROM inlet.import n WHERE n.sync_id = s.sync_id AND n.status NOT IN ('Skipped', 'Canceled')
       AND n.number >= greatest(s.first_number, (
         SELECT m.number FROM inlet.import m
         WHERE m.sync_id = s.sync_id AND m.status = 'Completed' AND m.start_time IS NOT NULL
           AND (m.start_bound IS DISTINCT FROM 'open transaction'
                OR coalesce(m.opened_at, m.due_at) < to_timestamp(m.start_time) + interval '15 minutes')
         ORDER BY m.number DESC LIMIT 1))
     ORDER BY n.number DESC LIMIT 2000)
    UNION
    (SELECT n.number FROM inlet.import n WHERE n.sync_id = s.sync_id AND n.alerts_due AND n.number >= s.first_number))
  ORDER BY i.number DESC`;
