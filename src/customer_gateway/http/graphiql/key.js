// The panel "API key": it puts a key in use for this page, shows what the key may do, and lets it be forgotten.
//
// The key is sent once and stays in a cookie that no script can read. What the page has is a token that goes with it; the
// cookie counts only for requests that carry the token.
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
    needsKey(inUse) && !inUse.problem && element("p", null, adviceOn(inUse)),
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
  return scopes.length
    ? element("ul", { "aria-label": "Scopes" }, ...scopes.map((scope) => element("li", null, element("code", null, scope))))
    : element("p", null, "It has no scopes.");
}

function stateOf({ caller, csrfToken }) {
  if (csrfToken) {
    return caller.kind === "user" ? `In use: a token of the user ${caller.name}.` : `In use: the key ${caller.name}.`;
  }
  return caller ? "No key in use. Requests have the scopes of anonymous callers:" : "No key in use.";
}

function adviceOn({ caller, csrfToken }) {
  if (!caller) {
    return "Requests without a key are refused. Enter one; the operator makes it by `customer-gateway keys create`.";
  }
  const lacking = "The schema is not shown without the scope schema:read. ";
  return lacking + (csrfToken ? "For it, forget this key and enter one that has the scope." : "For it, enter a key that has the scope.");
}
