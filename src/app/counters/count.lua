-- Counts once more under each key, or under none of them where one has had its number: all or nothing, in one step.
-- KEYS: what is counted. ARGV: the length of a window in milliseconds, then for each key its number.
-- Answers 1 where one was full, else 0; the time; then for each key its count and when its window ends. Times are this server's own, in milliseconds.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local full, counts, ends, began = 0, {}, {}, {}
for i, key in ipairs(KEYS) do
    local kept = redis.call('HMGET', key, 'count', 'end')
    counts[i], ends[i] = tonumber(kept[1] or nil), tonumber(kept[2] or nil)
    if not counts[i] or not ends[i] or ends[i] <= now then
        counts[i], ends[i], began[i] = 0, now + ARGV[1], true
    end
    if counts[i] >= tonumber(ARGV[i + 1]) then
        full = 1
    end
end
local answer = { full, now }
for i, key in ipairs(KEYS) do
    if full == 0 then
        counts[i] = counts[i] + 1
        if began[i] then
            redis.call('HSET', key, 'count', 1, 'end', ends[i])
            redis.call('PEXPIREAT', key, ends[i])
        else
            redis.call('HINCRBY', key, 'count', 1)
        end
    end
    answer[2 * i + 1], answer[2 * i + 2] = counts[i], ends[i]
end
return answer
