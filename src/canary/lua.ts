/** The scripts around rollouts, as Redis runs them: each atomically. */

/**
 * One beat of a gateway. KEYS: `running`, then a key of figures for each rollout that it counts for. ARGV: its id, how
 * long figures are kept (milliseconds), how many gateways at most, then id and figures of each rollout. Figures are
 * totals since the gateway began to count, so that writing them twice, or late, does no harm; those for a rollout that
 * is over are dropped. Reply: the time in milliseconds, and service, what, service, what … of what runs.
 */
export const BEAT = `
local running = redis.call('HGETALL', KEYS[1])
local ids = {}
for i = 2, #running, 2 do ids[string.match(running[i], '^%S*')] = true end
for i = 2, #KEYS do
  local id, figures = ARGV[2 * i], ARGV[2 * i + 1]
  local room = redis.call('HLEN', KEYS[i]) < tonumber(ARGV[3]) or redis.call('HEXISTS', KEYS[i], ARGV[1]) == 1
  if ids[id] and room then
    redis.call('HSET', KEYS[i], ARGV[1], figures)
    redis.call('PEXPIRE', KEYS[i], ARGV[2])
  end
end
local time = redis.call('TIME')
return { time[1] * 1000 + math.floor(time[2] / 1000), running }
`;

/**
 * Takes or renews the lead. KEYS: `leader`, `fence`. ARGV: who, for how many milliseconds. A new leader gets the next
 * number; a write with an older one is refused (Kleppmann, "How to do distributed locking", 2016). Reply: the number,
 * or nil where another leads.
 */
export const LEAD = `
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return false end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if held then return tonumber(redis.call('GET', KEYS[2])) end
return redis.call('INCR', KEYS[2])
`;

/** Gives the lead up. KEYS: `leader`. ARGV: who. */
export const RESIGN = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0
`;

/**
 * Keeps a rollout as it is now. KEYS: `rollouts`, `running`, `fence`. ARGV: service, the revision that it replaces
 * (0: none), its state, what of it every gateway is to know, its id first, or '' when it is over, the leader's number or ''. Reply: 1, or 0 where
 * another revision is kept, or -1 where another leads by now.
 */
export const KEEP = `
if ARGV[5] ~= '' and ARGV[5] ~= redis.call('GET', KEYS[3]) then return -1 end
local kept = redis.call('HGET', KEYS[1], ARGV[1])
local revision = kept and string.match(kept, '^%d+') or '0'
if revision ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', revision + 1) .. ' ' .. ARGV[3])
if ARGV[4] == '' then redis.call('HDEL', KEYS[2], ARGV[1]) else redis.call('HSET', KEYS[2], ARGV[1], ARGV[4]) end
return 1
`;
