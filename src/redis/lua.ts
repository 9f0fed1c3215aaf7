import { LEDGER_LENGTH, MAX_VERSIONS } from '../core/model/weights.ts';

/**
 * The scripts around the weights of a service, as Redis runs them: each atomically.
 *
 * KEYS are pairs: the hash of the weights, the stream of the ledger. `LOOK` is what they all begin with. The last
 * entry of the ledger also tells what may be done next: `until` and `back`, while weights are set for a time;
 * `frozen`, while they are.
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

-- When weights that were set for a time go back, and what to.
local function revertOf(entry)
  local at, back = tonumber(field(entry, 'until') or ''), field(entry, 'back')
  if at and back then return at, back end
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
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function whole(number)
  return string.format('%.0f', number)
end

local function revision(state)
  return tonumber(field(state.last, 'revision') or 0) or 0
end

local OPTIONAL = { 'action', 'until', 'back', 'frozen' }

local function enter(ledger, state, change)
  state.last = {
    'revision', whole(revision(state) + 1), 'at', whole(now()),
    'actor', change.actor, 'reason', change.reason,
    'from', state.entered, 'to', change.to, 'source', change.source,
  }
  for _, name in ipairs(OPTIONAL) do
    if change[name] then
      state.last[#state.last + 1] = name
      state.last[#state.last + 1] = change[name]
    end
  end
  state.entered = change.to
  redis.call('XADD', ledger, 'MAXLEN', '~', ${LEDGER_LENGTH}, '*', unpack(state.last))
end

local function put(weights, fields)
  redis.call('DEL', weights)
  if #fields > 0 then redis.call('HSET', weights, unpack(fields)) end
end

local function putBack(weights, json)
  local names, values, fields = {}, cjson.decode(json), {}
  for name in pairs(values) do names[#names + 1] = name end
  table.sort(names, before)
  for _, name in ipairs(names) do
    fields[#fields + 1] = name
    fields[#fields + 1] = values[name]
  end
  put(weights, fields)
end

-- What happens without a write of ours: somebody's redis-cli, and the end of a time that weights were set for.
local function settle(weights, ledger, state)
  if state.byHand then
    local frozen, held = field(state.last, 'frozen'), state.entered
    enter(ledger, state,
      { actor = 'unknown', reason = '', to = state.json, source = 'hand', frozen = frozen })
    if frozen then
      enter(ledger, state, {
        actor = cjson.decode(frozen).by, reason = 'put back: they are frozen', to = held,
        source = 'gateway', frozen = frozen,
      })
      putBack(weights, held)
    end
  end
  local at, back = revertOf(state.last)
  if at and now() >= at then
    enter(ledger, state, {
      actor = field(state.last, 'actor'), source = 'gateway', to = back,
      reason = 'the time of revision ' .. field(state.last, 'revision') .. ' is over',
    })
    putBack(weights, back)
  end
end
`;

/** KEYS: pairs, as many as one likes. Reply: per pair `RawReading`. */
export const READ = `${LOOK}
-- Redis' own clock decides; who may not ask it may not write either, and leaves it to others.
local function untilRevert(state)
  local at = revertOf(state.last)
  if not at or not state.sound or state.byHand then return -1 end
  local time = redis.pcall('TIME')
  if time.err then return -1 end
  return math.max(0, at - time[1] * 1000 - math.floor(time[2] / 1000))
end

local readings = {}
for i = 1, #KEYS, 2 do
  local state = look(KEYS[i], KEYS[i + 1])
  readings[#readings + 1] = {
    state.type, state.fields, state.size, state.ledger, state.last, state.byHand and 1 or 0, untilRevert(state)
  }
end
return readings
`;

/**
 * KEYS: one pair. ARGV: channel, service. Settles what happened without a write of ours, once however many call it.
 * Reply: 1 where there was something.
 */
export const SETTLE = `${LOOK}${ENTER}
local state = look(KEYS[1], KEYS[2])
local before = state.last
if state.sound then settle(KEYS[1], KEYS[2], state) end
if state.last == before then return 0 end
redis.call('PUBLISH', ARGV[1], ARGV[2])
return 1
`;

/**
 * KEYS: one pair, then the key of the fence where there is one. ARGV: channel, service, `RawChange` as JSON, then
 * version, weight, version, weight …; none of these deletes the hash. Reply: `RawOutcome`.
 */
export const WRITE = `${LOOK}${ENTER}
local change, fields = cjson.decode(ARGV[3]), { unpack(ARGV, 4) }
local state = look(KEYS[1], KEYS[2])
if not state.sound then
  local key, what = KEYS[1], state.type .. ' with ' .. state.size .. ' fields'
  if state.ledger ~= 'stream' and state.ledger ~= 'none' then key, what = KEYS[2], state.ledger end
  return redis.error_reply('NOTWEIGHTS ' .. key .. ' is a ' .. what
    .. ', so something else may live there; look at it, then DEL ' .. key)
end
if KEYS[3] and redis.call('GET', KEYS[3]) ~= change.fence then return { 'fenced', state.last } end
-- What Redis may refuse (rights on the channel, memory, rights on the ledger) comes before anything is lost.
-- The message reaches nobody before the script has ended.
redis.call('PUBLISH', ARGV[1], ARGV[2])
settle(KEYS[1], KEYS[2], state)
local frozen = field(state.last, 'frozen')
if change.expect and change.expect ~= revision(state) then return { 'conflict', state.last } end
if change.action == 'unfreeze' then
  if not frozen then return { 'unfrozen', state.last } end
elseif frozen then
  return { 'frozen', state.last }
end
if change.action == 'freeze' then
  change.frozen = cjson.encode({ by = change.actor, reason = change.reason, since = now() })
end
if change.action then
  change.to = state.entered
else
  change.to = canonical(fields)
end
if change.lasting then
  -- Who prolongs what was set for a time does not make it permanent.
  change.back = field(state.last, 'back') or state.entered
  change['until'] = whole(now() + change.lasting)
end
enter(KEYS[2], state, change)
if not change.action then put(KEYS[1], fields) end
return { 'written', state.last }
`;
