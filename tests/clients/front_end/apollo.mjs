import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from "@apollo/client";

/** Asks by a client as front ends make it; returns what they would see. */
export async function ask({ url, key, query, variables, get = false }) {
  const client = new ApolloClient({
    cache: new InMemoryCache(),
    clientAwareness: { name: "shop", version: "1.0" }, // two headers, which many front ends send
    link: new HttpLink({ uri: url, useGETForQueries: get, headers: { authorization: `Bearer ${key}` } }),
  });
  const { data = null, error } = await client.query({ query: gql(query), variables, errorPolicy: "all" });
  if (error === undefined) return { data };
  if (!CombinedGraphQLErrors.is(error)) return { data, thrown: error.name };
  return { data, codes: error.errors.map((each) => each.extensions.code) };
}
