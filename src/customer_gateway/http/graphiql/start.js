// Starts GraphiQL on the page: same origin, the examples in the first tab, and the query of a shared link where
// the address has one. Nothing is sent before the reader presses a button, but for the schema.
const examples = document.getElementById("examples").value.trim();
const shared = new URLSearchParams(location.search);

const explorer = React.createElement(
  GraphiQL,
  {
    fetcher: GraphiQL.createFetcher({ url: "/graphql" }),
    defaultEditorToolsVisibility: false,
    defaultQuery: examples,
    query: shared.get("query") ?? undefined,
    variables: shared.get("variables") ?? undefined,
    shouldPersistHeaders: false,
  },
  React.createElement(GraphiQL.Logo, null, "Customer Gateway"),
);

ReactDOM.createRoot(document.getElementById("graphiql")).render(explorer);
