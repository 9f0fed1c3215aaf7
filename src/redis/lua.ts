import { LEDGER_LENGTH, MAX_VERSIONS } from '../core/weights.ts';

/**
 * The scripts around the weights of a service, as Redis runs them: each atomically.
 *
 * KEYS are pairs: the hash of the weights, the stream of the ledger. `LOOK` is what they all begin with.
 */

/** Characters of JSON; a hash with more is no weights: it is neither read nor entered into the ledger. */
const MAX_TEXT = 200_000;

const LOOK = `
-- Lua compares strings by the locale of the server; the ledger must read the same on its replica.
local function before(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

-- {'v2', '5', 'v1', '95'} -> '{"v1":"95","v2":"5"}': the same weights give the same text.
local function canonical(flat)
  local names, values = {}, {}
  for i = 1, #flat, 2 do
    names[#names + 1] = flat[i]
    values[flat[i]] = flat[i + 1]
  end
  table.sort(names, before)
  for i, name in ipairs(names) do
    names[i] = cjson.encode(name) .. ':' .. cjson.encode(values[name])
  end
  return '{' .. table.concat(names, ',') .. '}'
end

local function field(entry, name)
  for i = 1, #entry, 2 do
    if entry[i] == name then return entry[i + 1] end
  end
end

local function look(weights, ledger)
  local state = {
    type = redis.call('TYPE', weights).ok, fields = {}, size = 0,
    ledger = redis.call('TYPE', ledger).ok, last = {},
  }
  if state.type == 'hash' then
    state.size = redis.call('HLEN', weights)
    if state.size <= ${MAX_VERSIONS} then state.fields = redis.call('HGETALL', weights) end
  end
  if state.ledger == 'stream' then
    local found = redis.call('XREVRANGE', ledger, '+', '-', 'COUNT', 1)
    if found[1] then state.last = found[1][2] end
  end
  state.json = canonical(state.fields)
  if #state.json > ${MAX_TEXT} then state.fields = {} end
  state.sound = (state.type == 'none' or #state.fields > 0)
    and (state.ledger == 'stream' or state.ledger == 'none')
  state.entered = field(state.last, 'to') or '{}'
  state.byHand = state.sound and state.json ~= state.entered
  return state
end
`;

const ENTER = `
local function enter(ledger, state, change)
  local time = redis.call('TIME')
  state.last = {
    'revision', string.format('%.0f', (tonumber(field(state.last, 'revision') or 0) or 0) + 1),
    'at', string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)),
    'actor', change.actor, 'reason', change.reason,
    'from', state.entered, 'to', change.to, 'source', change.source,
  }
  state.entered = change.to
  redis.call('XADD', ledger, 'MAXLEN', '~', ${LEDGER_LENGTH}, '*', unpack(state.last))
end

local function enterByHand(ledger, state)
  enter(ledger, state, { actor = 'unknown', reason = '', to = state.json, source = 'hand' })
end
`;

/** KEYS: any number of pairs. Reply: per pair `RawReading`. */
export const READ = `${LOOK}
local readings = {}
for i = 1, #KEYS, 2 do
  local state = look(KEYS[i], KEYS[i + 1])
  readings[#readings + 1] =
    { state.type, state.fields, state.size, state.ledger, state.last, state.byHand and 1 or 0 }
end
return readings
`;

/**
 * KEYS: one pair. ARGV: channel, service. Enters what someone changed by hand, once however many call it.
 * Reply: 1 where something was entered.
 */
export const NOTE = `${LOOK}${ENTER}
local state = look(KEYS[1], KEYS[2])
if not state.byHand then return 0 end
enterByHand(KEYS[2], state)
redis.call('PUBLISH', ARGV[1], ARGV[2])
return 1
`;

/**
 * KEYS: one pair. ARGV: channel, service, actor, reason, source, then version, weight, version, weight …; none
 * of these deletes the hash. Reply: the new entry of the ledger, name, value, name, value …
 */
export const WRITE = `${LOOK}${ENTER}
local state = look(KEYS[1], KEYS[2])
if not state.sound then
  local key, what = KEYS[1], state.type .. ' with ' .. state.size .. ' fields'
  if state.ledger ~= 'stream' and state.ledger ~= 'none' then key, what = KEYS[2], state.ledger end
  return redis.error_reply('NOTWEIGHTS ' .. key .. ' is a ' .. what
    .. ', so something else may live there; look at it, then DEL ' .. key)
end
-- What Redis may refuse (rights on the channel, memory, rights on the ledger) comes before anything is lost.
-- The message reaches nobody before the script has ended.
redis.call('PUBLISH', ARGV[1], ARGV[2])
if state.byHand then enterByHand(KEYS[2], state) end
local fields = { unpack(ARGV, 6) }
enter(KEYS[2], state, { actor = ARGV[3], reason = ARGV[4], source = ARGV[5], to = canonical(fields) })
redis.call('DEL', KEYS[1])
if #fields > 0 then redis.call('HSET', KEYS[1], unpack(fields)) end
return state.last
`;
