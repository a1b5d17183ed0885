import { Client, cacheExchange, fetchExchange } from "@urql/core";

/** Asks by a client as front ends make it; returns what they would see. */
export async function ask({ url, key, query, variables, get }) {
  const client = new Client({
    url,
    exchanges: [cacheExchange, fetchExchange],
    fetchOptions: { headers: { authorization: `Bearer ${key}` } },
    ...(get === undefined ? {} : { preferGetMethod: get }),
  });
  const { data = null, error } = await client.query(query, variables).toPromise();
  if (error === undefined) return { data };
  if (error.networkError) return { data, thrown: error.networkError.name };
  return { data, codes: error.graphQLErrors.map((each) => each.extensions.code) };
}
