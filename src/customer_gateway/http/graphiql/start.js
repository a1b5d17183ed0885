// Starts GraphiQL on the page: same origin, a tab for each example, and the query of a shared link where the address
// has one. Nothing is sent before the reader presses a button, but for the schema and whose key is in use.
//
// Tabs are kept by the browser (localStorage), so whoever comes back finds them as they were left; "Clear data" in the
// settings brings the examples back. A shared link opens beside them.
const narrow = window.matchMedia("(max-width: 700px)").matches;
const shared = new URLSearchParams(location.search);
const examples = [...document.querySelectorAll("textarea.example")].map((example) => ({
  query: example.value.trimEnd(),
  variables: example.dataset.variables || null,
}));
const linked = shared.has("query") ? { query: shared.get("query"), variables: shared.get("variables") ?? "" } : null;
const tabs = linked ? [linked, ...examples] : examples;
const plugins = [KEY_PANEL];

// An open dialog adds a <style> that hides the page's scroll bar. The page's policy refuses it, with an error in the
// console; and this page has no scroll bar. So what is made in its place is an element that does nothing.
const createElement = document.createElement.bind(document);
document.createElement = (name, options) => createElement(name === "style" ? "template" : name, options);

// Another key is another fetcher, with which GraphiQL reads the schema again.
function Explorer({ atFirst }) {
  const [inUse, use] = React.useState(atFirst);
  const token = inUse.csrfToken;
  const fetcher = React.useMemo(
    () => GraphiQL.createFetcher({ url: "/graphql", headers: token ? { "x-csrf-token": token } : {} }),
    [token],
  );
  const explorer = React.createElement(
    GraphiQL,
    {
      fetcher,
      plugins,
      visiblePlugin: atFirst.problem || needsKey(atFirst) ? KEY_PANEL.title : undefined,
      schemaDescription: true,
      defaultEditorToolsVisibility: narrow ? false : "variables",
      defaultQuery: "# Ctrl-Space suggests what can be asked, Ctrl-Enter asks it.\n",
      defaultTabs: tabs.length ? tabs : undefined,
      query: linked?.query,
      variables: linked?.variables,
      shouldPersistHeaders: false,
    },
    React.createElement(GraphiQL.Logo, null, "Customer Gateway"),
  );
  return React.createElement(KeyInUse.Provider, { value: { inUse, use } }, explorer);
}

askForKey().then((atFirst) => {
  const root = ReactDOM.createRoot(document.getElementById("graphiql"));
  root.render(React.createElement(Explorer, { atFirst }));
});
