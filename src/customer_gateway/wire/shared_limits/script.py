"""Count calls in sliding windows as `limits/sliding_window.py` does, in a script, which Redis runs whole.

A window is two sorted sets. Calls that have started are members `BEGAN:NAME` scored by the latest moment at
which the vendor may have counted them; slots reserved for calls that wait are members `NAME` scored by their moment.
Times are microseconds of Redis's own clock, so that the clocks of the workers do not matter.
"""

from __future__ import annotations

from typing import Final

TIME: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
"""

SCRIPT: Final = (
    TIME
    + """
-- KEYS: the pause; of each window its calls started and its slots reserved.
-- ARGV: skew, grace; of each window its calls and its length; the operation and what it takes.
local skew, grace = tonumber(ARGV[1]), tonumber(ARGV[2])
local operation, name, longest, lag = unpack(ARGV, #KEYS + 2)

-- Lua's own way from number to text, in older servers, keeps fourteen digits of the sixteen.
local function text(value) return string.format('%.0f', value) end

local windows = {}
for i = 2, #KEYS, 2 do
  local calls, length = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local window = {started = KEYS[i], reserved = KEYS[i + 1], calls = calls, length = length}
  redis.call('ZREMRANGEBYSCORE', window.started, '-inf', text(now - window.length))
  redis.call('ZREMRANGEBYSCORE', window.reserved, '-inf', text(now - grace))
  windows[#windows + 1] = window
end

-- The calls started, and the slots ahead of this name's own.
local function slots_of(window)
  local slots = {}
  local calls = redis.call('ZRANGE', window.started, 0, -1, 'WITHSCORES')
  for i = 1, #calls, 2 do
    slots[#slots + 1] = {counted = tonumber(calls[i + 1]), at = tonumber(string.match(calls[i], '^%d+'))}
  end
  local reserved = redis.call('ZRANGE', window.reserved, 0, -1, 'WITHSCORES')
  for i = 1, #reserved, 2 do
    if reserved[i] == name then break end
    slots[#slots + 1] = {counted = reserved[i + 1] + lag, at = tonumber(reserved[i + 1])}
  end
  table.sort(slots, function(a, b) return a.counted < b.counted or a.counted == b.counted and a.at < b.at end)
  return slots
end

local function earliest()
  local moment = now + math.max(redis.call('PTTL', KEYS[1]), 0) * 1000
  for _, window in ipairs(windows) do window.slots = slots_of(window) end
  repeat
    local before = moment
    for _, window in ipairs(windows) do
      for i = 1, #window.slots - window.calls + 1 do
        local first, last = window.slots[i], window.slots[i + window.calls - 1]
        if last.at - window.length < moment and moment < first.counted + window.length then
          moment = first.counted + window.length
        end
      end
    end
  until moment == before
  return moment
end

local function start()
  for _, window in ipairs(windows) do
    redis.call('ZREM', window.reserved, name)
    redis.call('ZADD', window.started, text(now + skew), text(now) .. ':' .. name)
    redis.call('PEXPIRE', window.started, text(math.ceil((skew + window.length) / 1000)))
  end
end

local moment = now
if operation == 'reserve' then  -- start a call, or keep a slot for it if it may start within `longest`
  moment = earliest()
  if moment <= now then
    start()
  else
    for _, window in ipairs(windows) do
      redis.call('ZREM', window.reserved, name)
      if moment - now <= tonumber(longest) then
        redis.call('ZADD', window.reserved, text(moment), name)
        local life = math.ceil((moment - now + grace) / 1000) + 1000
        redis.call('PEXPIRE', window.reserved, text(math.max(life, redis.call('PTTL', window.reserved))))
      end
    end
  end
elseif operation == 'count' then  -- a call has started by the worker's own share
  start()
elseif operation == 'count_from_answer' then  -- a call's answer is there: the vendor counted it by now at the latest
  for _, window in ipairs(windows) do
    local counted = redis.call('ZSCORE', window.started, name)
    if counted and tonumber(counted) > now then redis.call('ZADD', window.started, text(now), name) end
  end
elseif operation == 'release' then  -- what was counted or reserved will not be used
  for _, window in ipairs(windows) do
    redis.call('ZREM', window.started, unpack(ARGV, #KEYS + 3))
    redis.call('ZREM', window.reserved, name)
  end
elseif operation == 'pause' and tonumber(name) > math.max(redis.call('PTTL', KEYS[1]), 0) then
  redis.call('SET', KEYS[1], 1, 'PX', name)
end
return {moment - now, now}
"""
)
