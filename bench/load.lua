-- One wrk run: the bodies of BENCH_BODIES (a JSON text a line) as POSTs, in the order that BENCH_ORDER says.
-- "turn": shuffled once by a fixed seed, then in turn; "random": a random one for each request.
-- Prints one line of JSON at its end; latencies in microseconds.
local requests, place, in_turn = {}, 0, true

function init()
  math.randomseed(20261121)
  in_turn = os.getenv("BENCH_ORDER") == "turn"
  local headers = {
    ["content-type"] = "application/json",
    ["accept"] = "application/graphql-response+json, application/json;q=0.9",
  }
  for body in io.lines(os.getenv("BENCH_BODIES")) do
    requests[#requests + 1] = wrk.format("POST", nil, headers, body)
  end
  for last = #requests, 2, -1 do
    local other = math.random(last)
    requests[last], requests[other] = requests[other], requests[last]
  end
end

function request()
  place = in_turn and place % #requests + 1 or math.random(#requests)
  return requests[place]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"microseconds":%d,"bytes":%d,"p50":%d,"p99":%d,"failed":%d}\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
