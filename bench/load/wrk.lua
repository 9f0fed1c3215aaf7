-- METHOD BODY_BYTES CONNECTION RULES, after wrk's `--`. Prints its figures as one line of JSON.

function init(args)
  local bytes, rules = tonumber(args[2]), tonumber(args[4])
  wrk.method = args[1]
  if bytes > 0 then wrk.body = string.rep("x", bytes) end
  if args[3] == "close" then wrk.headers["Connection"] = "close" end
  if rules > 1 then
    -- As in ../rule-path.ts. A stride that is prime to their number visits all, never neighbours in a row.
    local requests, at = {}, 0
    for i = 0, rules - 1 do
      requests[i] = wrk.format(nil, string.format("/s%d/p%d/x", i % 100, math.floor(i / 100)))
    end
    request = function()
      at = (at + 7919) % rules
      return requests[at]
    end
  end
end

function done(summary)
  local e = summary.errors
  io.write(string.format('\n{"requests":%d,"micros":%d,"bad":%d}\n',
    summary.requests, summary.duration, e.status + e.connect + e.read + e.write + e.timeout))
end
