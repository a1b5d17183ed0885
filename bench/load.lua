-- One wrk run: the lines of BENCH_LINES as requests, in the order that BENCH_ORDER says.
-- BENCH_METHOD says what a line is: the JSON body of a POST, or the target of a GET.
-- BENCH_KEY is the API key that is sent, if any.
-- "turn": shuffled once by a fixed seed, then in turn; "random": a random one for each request.
-- After BENCH_SECONDS nothing more is asked, and the run ends with the last answer. wrk alone would forget what is
-- under way at its end, up to a request a connection: half of what a slow contestant has worked at.
-- Prints one line of JSON at its end; latencies in microseconds.
local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds, nanoseconds; } bench_time;
  int clock_gettime(int clock, bench_time *time);
  int getpid(void);
  int kill(int process, int signal);
]]
local MONOTONIC, INTERRUPT = 1, 2
local time = ffi.new("bench_time")
local requests, place, in_turn, called, open, finish = {}, 0, true, 0, 0, nil
local threads = {}

local function now()
  ffi.C.clock_gettime(MONOTONIC, time)
  return tonumber(time.seconds) + tonumber(time.nanoseconds) / 1e9
end

function setup(thread)
  threads[#threads + 1] = thread
end

function init()
  math.randomseed(20261121)
  in_turn = os.getenv("BENCH_ORDER") == "turn"
  open = tonumber(os.getenv("BENCH_CONNECTIONS"))
  local posted = os.getenv("BENCH_METHOD") == "POST"
  local headers = {
    ["content-type"] = "application/json",
    ["accept"] = "application/graphql-response+json, application/json;q=0.9",
  }
  local key = os.getenv("BENCH_KEY")
  if key ~= "" then
    headers["authorization"] = "Bearer " .. key
  end
  for line in io.lines(os.getenv("BENCH_LINES")) do
    requests[#requests + 1] = posted and wrk.format("POST", nil, headers, line) or wrk.format("GET", line, headers)
  end
  for last = #requests, 2, -1 do
    local other = math.random(last)
    requests[last], requests[other] = requests[other], requests[last]
  end
end

function request()
  local at = now()
  called = called + 1
  -- The first call is wrk's own, to look at what it is going to send.
  if called == 2 then
    began, finish = at, at + tonumber(os.getenv("BENCH_SECONDS"))
  end
  if finish and at >= finish then
    return nothing_more(at)
  end
  place = in_turn and place % #requests + 1 or math.random(#requests)
  return requests[place]
end

-- A connection that sends nothing waits in silence; at the last one wrk is told to end, as by Ctrl-C.
function nothing_more(at)
  open, ended = open - 1, at
  if open == 0 then
    ffi.C.kill(ffi.C.getpid(), INTERRUPT)
  end
  return ""
end

function done(summary, latency)
  local errors, thread = summary.errors, threads[1]
  local took = ((thread:get("ended") or 0) - (thread:get("began") or 0)) * 1e6
  io.write(string.format(
    '{"requests":%d,"microseconds":%d,"bytes":%d,"p50":%d,"p99":%d,"failed":%d}\n',
    summary.requests, took > 0 and took or summary.duration, summary.bytes,
    latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
