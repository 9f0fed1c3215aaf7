/** The script of shared limits, as Redis runs it: atomically. */

/**
 * Enters what one gateway has let pass. KEYS: an account each. ARGV: the channel, then of each account: what a request costs,
 * how many have passed, what is owed at least, what may be owed at most, and from what is owed on everybody is to know of it
 * (-1: never); all but the number in milliseconds. A key holds when its account is paid back, by the clock of Redis (the
 * theoretical arrival time of ITU-T I.371's GCRA), and is gone when it is. What it holds that is no number counts as nothing.
 * Reply: what is owed in each. The message is a list of key and what is owed.
 */
export const ENTER = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local owed, news = {}, {}
for i, key in ipairs(KEYS) do
  local at = 2 + (i - 1) * 5
  local interval, count = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  local least, most, from = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  local kept = redis.pcall('GET', key)
  local paid = type(kept) == 'string' and tonumber(kept) or 0
  local debt = math.min(math.max(0, least, paid - now) + interval * count, most)
  redis.call('SET', key, string.format('%.3f', now + debt), 'PX', math.floor(debt) + 1)
  owed[i] = string.format('%.3f', debt)
  if from >= 0 and debt >= from then news[#news + 1] = { key, owed[i] } end
end
if #news > 0 then redis.pcall('PUBLISH', ARGV[1], cjson.encode(news)) end
return owed
`;
