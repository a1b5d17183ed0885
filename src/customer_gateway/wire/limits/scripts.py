"""Scripts that decide a budget in Redis, which runs one at a time: the law of `sliding_window.py` in Lua.

A tally is two sorted sets. Calls that have started are members `BEGAN:CALL` scored by the latest moment at which the
vendor may have counted them; turns promised to calls that wait are members `CALL` scored by the turn. Times are
microseconds of Redis's own clock, so that the clocks of the workers do not matter. They are written by `text`: Lua's
own way from number to text, in older servers, keeps fourteen digits of the sixteen.
"""

from __future__ import annotations

from typing import Final

TIME: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
"""

_TEXT: Final = """
local function text(number) return string.format('%.0f', number) end
"""

RESERVE: Final = (
    TIME
    + _TEXT
    + """
-- KEYS: the pause; of each tally the calls started and the turns promised.
-- ARGV: the call, the longest wait, lag, skew and grace; of each tally its calls and its window.
-- The answer: the wait (0: started, and counted), and now.
local id, longest, lag = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local skew, grace = tonumber(ARGV[4]), tonumber(ARGV[5])

-- The calls started, and the turns ahead of this call's own: the later a mark is counted, the further back.
local function marks_of(started, promised, window)
  redis.call('ZREMRANGEBYSCORE', started, '-inf', text(now - window))
  redis.call('ZREMRANGEBYSCORE', promised, '-inf', text(now - grace))
  local marks = {}
  local calls = redis.call('ZRANGE', started, 0, -1, 'WITHSCORES')
  for i = 1, #calls, 2 do
    marks[#marks + 1] = {counted = tonumber(calls[i + 1]), at = tonumber(string.match(calls[i], '^%d+'))}
  end
  local turns = redis.call('ZRANGE', promised, 0, -1, 'WITHSCORES')
  for i = 1, #turns, 2 do
    if turns[i] == id then break end
    local turn = tonumber(turns[i + 1])
    marks[#marks + 1] = {counted = turn + lag, at = turn}
  end
  table.sort(marks, function(one, other)
    if one.counted ~= other.counted then return one.counted < other.counted end
    return one.at < other.at
  end)
  return marks
end

local tallies = {}
for i = 2, #KEYS, 2 do
  local window = tonumber(ARGV[i + 5])
  tallies[#tallies + 1] = {
    started = KEYS[i], promised = KEYS[i + 1], calls = tonumber(ARGV[i + 4]), window = window,
    marks = marks_of(KEYS[i], KEYS[i + 1], window),
  }
end

local moment = now + math.max(redis.call('PTTL', KEYS[1]), 0) * 1000
repeat
  local before = moment
  for _, tally in ipairs(tallies) do
    for i = 1, #tally.marks - tally.calls + 1 do
      local first, last = tally.marks[i], tally.marks[i + tally.calls - 1]
      if last.at - tally.window < moment and moment < first.counted + tally.window then
        moment = first.counted + tally.window
      end
    end
  end
until moment == before

for _, tally in ipairs(tallies) do
  if moment <= now then
    redis.call('ZREM', tally.promised, id)
    redis.call('ZADD', tally.started, text(now + skew), text(now) .. ':' .. id)
    redis.call('PEXPIRE', tally.started, text(math.ceil((skew + tally.window) / 1000)))
  elseif moment - now > longest then
    redis.call('ZREM', tally.promised, id)
  else
    redis.call('ZADD', tally.promised, text(moment), id)
    local life = math.ceil((moment - now + grace) / 1000) + 1000
    redis.call('PEXPIRE', tally.promised, text(math.max(life, redis.call('PTTL', tally.promised))))
  end
end
return {moment - now, now}
"""
)
"""A turn for a call: it starts now, or is promised one, or is told that it would be too late."""

NOTE: Final = (
    TIME
    + _TEXT
    + """
-- KEYS: the calls started, of each tally. ARGV: the call, skew; of each tally its window.
for i, started in ipairs(KEYS) do
  local window = tonumber(ARGV[i + 2])
  redis.call('ZREMRANGEBYSCORE', started, '-inf', text(now - window))
  redis.call('ZADD', started, text(now + ARGV[2]), text(now) .. ':' .. ARGV[1])
  redis.call('PEXPIRE', started, text(math.ceil((ARGV[2] + window) / 1000)))
end
return 0
"""
)
"""A call has started without asking."""

SETTLE: Final = (
    TIME
    + _TEXT
    + """
-- KEYS: the calls started, of each tally. ARGV: the member.
for _, started in ipairs(KEYS) do
  local counted = redis.call('ZSCORE', started, ARGV[1])
  if counted and tonumber(counted) > now then redis.call('ZADD', started, text(now), ARGV[1]) end
end
return 0
"""
)
"""A call's answer is there: the vendor counted it by now at the latest."""

GIVE_BACK: Final = """
-- KEYS: sorted sets. ARGV: members.
for _, key in ipairs(KEYS) do redis.call('ZREM', key, unpack(ARGV)) end
return 0
"""
"""A call that was let in, or promised a turn, will not be made."""

PAUSE: Final = """
-- KEYS: the pause. ARGV: milliseconds.
if tonumber(ARGV[1]) > math.max(redis.call('PTTL', KEYS[1]), 0) then redis.call('SET', KEYS[1], 1, 'PX', ARGV[1]) end
return 0
"""
"""The vendor asked everybody to wait."""
