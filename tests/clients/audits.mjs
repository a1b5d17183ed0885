// Asks the gateway at URL every audit of graphql-http, each request with KEY; prints an audit a line, as JSON.
import { serverAudits } from "graphql-http";

const { URL: url, KEY: key } = process.env;

const fetchFn = (address, options = {}) =>
  fetch(address, { ...options, headers: { ...options.headers, authorization: `Bearer ${key}` } });

for (const audit of serverAudits({ url, fetchFn })) {
  const { id, name, status, reason, response } = await audit.fn();
  console.log(JSON.stringify({ id, name, status, reason, answered: response?.status }));
}
