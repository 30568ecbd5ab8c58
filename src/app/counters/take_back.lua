-- Takes back what was counted once under each key, where the window in which it was counted has not ended.
-- KEYS: what was counted. ARGV: for each key when that window ends, in milliseconds.
for i, key in ipairs(KEYS) do
    local kept = redis.call('HMGET', key, 'count', 'end')
    if kept[1] and kept[2] and tonumber(kept[2]) == tonumber(ARGV[i]) and tonumber(kept[1]) > 0 then
        redis.call('HINCRBY', key, 'count', -1)
    end
end
return 0
