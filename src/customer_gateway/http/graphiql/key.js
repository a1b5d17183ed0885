// The panel "API key": it puts a key in use for this page, shows what the key may do, and lets it be forgotten.
//
// The key is sent once and stays in a cookie that no script can read. What the page has is a token that goes with it:
// the cookie counts only for requests that carry the token.
const KEY_ADDRESS = "/graphql/key";
const element = React.createElement;
const KeyInUse = React.createContext(null);

const KEY_PANEL = {
  title: "API key",
  icon: () =>
    element(
      "svg",
      { viewBox: "0 0 20 20", fill: "none", stroke: "currentColor", strokeWidth: 1.5, "aria-hidden": true },
      element("circle", { cx: 6.5, cy: 13.5, r: 4 }),
      element("path", { d: "M9.5 10.5 17 3m-3.5 3.5 3 3" }),
    ),
  content: KeyPanel,
};

// Returns what the gateway says: `caller` (null: none without a key), `csrfToken` (null: no key in use), or `problem`.
async function askForKey(options = {}) {
  try {
    const response = await fetch(KEY_ADDRESS, options);
    if (response.status === 204) {
      return {};
    }
    const said = await response.json();
    return response.ok ? said : { problem: said.detail };
  } catch {
    return { problem: "The gateway did not answer; try again." };
  }
}

function needsKey({ caller }) {
  return !caller?.scopes.includes("schema:read");
}

function KeyPanel() {
  const { inUse, use } = React.useContext(KeyInUse);
  const [problem, setProblem] = React.useState(inUse.problem);
  const [busy, setBusy] = React.useState(false);
  const ask = async (options) => {
    setBusy(true);
    const said = await askForKey(options);
    setBusy(false);
    setProblem(said.problem);
    return said.problem ? null : said;
  };
  const enter = async (event) => {
    event.preventDefault();
    const field = event.target.querySelector("input");
    const body = JSON.stringify({ key: field.value });
    field.value = "";
    const said = await ask({ method: "POST", headers: { "content-type": "application/json" }, body });
    if (said) {
      use(said);
    }
  };
  // Answers and schema that were got by the key go with it: the page begins again.
  const forget = async (event) => {
    event.preventDefault();
    if (await ask({ method: "DELETE", headers: { "x-csrf-token": inUse.csrfToken } })) {
      location.reload();
    }
  };
  return element(
    "section",
    { className: "key-panel", "aria-label": KEY_PANEL.title },
    element("div", { className: "graphiql-doc-explorer-title" }, KEY_PANEL.title),
    element("p", { role: "status" }, stateOf(inUse)),
    inUse.caller && element(Scopes, inUse.caller),
    needsKey(inUse) && !inUse.problem && element("p", null, ...[adviceOn(inUse)].flat()),
    problem && element("p", { role: "alert", className: "graphiql-doc-explorer-error" }, problem),
    inUse.csrfToken
      ? element("form", { onSubmit: forget }, element(Send, { busy }, "Forget"))
      : element("form", { onSubmit: enter, autoComplete: "off" }, element(Field), element(Send, { busy }, "Use")),
  );
}

function Field() {
  const known = { type: "password", required: true, autoComplete: "off", spellCheck: false };
  return element(
    React.Fragment,
    null,
    element("label", { htmlFor: "api-key" }, "API key"),
    element("input", { id: "api-key", "aria-describedby": "api-key-note", ...known }),
    element(
      "small",
      { id: "api-key-note" },
      "For this page only, until the browser is closed. A user's token is taken, too.",
    ),
  );
}

function Send({ busy, children }) {
  return element("button", { type: "submit", className: "graphiql-button", disabled: busy }, children);
}

function Scopes({ scopes }) {
  const items = scopes.map((scope) => element("li", { key: scope }, element("code", null, scope)));
  return items.length ? element("ul", { "aria-label": "Scopes" }, items) : element("p", null, "None.");
}

function stateOf({ caller, csrfToken }) {
  if (csrfToken) {
    return `In use: ${caller.kind === "user" ? "a token of the user" : "the key"} ${caller.name}. Its scopes:`;
  }
  return caller ? "No key in use. Requests have the scopes of anonymous callers:" : "No key in use.";
}

function adviceOn({ caller, csrfToken }) {
  if (!caller) {
    const command = element("code", null, "customer-gateway keys create");
    return ["Requests without a key are refused. Enter one; the operator makes it by ", command, "."];
  }
  const way = csrfToken ? "forget this key and enter one" : "enter a key";
  return `The schema is not shown without the scope schema:read. For it, ${way} that has the scope.`;
}
