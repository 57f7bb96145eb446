// Takes a token, then shows GraphiQL. The token is a variable of this page and is stored nowhere.
"use strict";
(() => {
  const endpoint = new URL("graphql", document.baseURI);
  const said = document.getElementById("said");

  async function post(secret, body) {
    const headers = { "content-type": "application/json", authorization: `Bearer ${secret}` };
    const response = await fetch(endpoint, {
      method: "POST",
      headers,
      credentials: "omit",
      body: JSON.stringify(body),
    });
    return response.json();
  }

  function messageOf(answer) {
    return answer.errors ? answer.errors.map((error) => error.message).join("; ") : answer.message;
  }

  async function check(secret) {
    const answer = await post(secret, { query: "{ viewer { role } }" });
    if (!answer.data) throw new Error(messageOf(answer));
  }

  // One socket for one subscription (graphql-transport-ws).
  function subscribe(secret, payload) {
    const url = new URL(endpoint);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return {
      subscribe(observer) {
        const socket = new WebSocket(url, "graphql-transport-ws");
        const send = (message) => socket.send(JSON.stringify(message));
        socket.onopen = () => send({ type: "connection_init", payload: { authorization: `Bearer ${secret}` } });
        socket.onmessage = ({ data }) => {
          const message = JSON.parse(data);
          if (message.type === "connection_ack") send({ type: "subscribe", id: "1", payload });
          else if (message.type === "ping") send({ type: "pong" });
          else if (message.type === "next") observer.next(message.payload);
          else if (message.type === "error") observer.next({ errors: message.payload });
          else if (message.type === "complete") observer.complete();
        };
        socket.onclose = ({ code, reason }) =>
          code === 1000 ? observer.complete() : observer.error(new Error(`the socket ended: ${code} ${reason}`));
        return { unsubscribe: () => socket.close(1000) };
      },
    };
  }

  function isSubscription({ query, operationName }) {
    try {
      const operations = GraphiQL.GraphQL.parse(query).definitions.filter((one) => one.kind === "OperationDefinition");
      const chosen = operations.find((one) => operations.length === 1 || one.name?.value === operationName);
      return chosen?.operation === "subscription";
    } catch {
      return false;
    }
  }

  // What was typed may hold secrets, and is forgotten with the page.
  function memory() {
    const kept = new Map();
    return {
      get length() {
        return kept.size;
      },
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, String(value)),
      removeItem: (key) => void kept.delete(key),
      clear: () => kept.clear(),
    };
  }

  function show(secret) {
    document.getElementById("sign-in").hidden = true;
    const place = document.getElementById("graphiql");
    place.hidden = false;
    const fetcher = (payload) => (isSubscription(payload) ? subscribe(secret, payload) : post(secret, payload));
    const explorer = React.createElement(GraphiQL, {
      fetcher,
      storage: memory(),
      defaultQuery: "{\n  viewer { role organization { name } }\n}\n",
      isHeadersEditorEnabled: false,
      shouldPersistHeaders: false,
    });
    ReactDOM.createRoot(place).render(explorer);
  }

  document.getElementById("token").addEventListener("submit", async (event) => {
    event.preventDefault();
    said.textContent = "";
    const secret = new FormData(event.target).get("token").trim();
    try {
      await check(secret);
      show(secret);
    } catch (error) {
      said.textContent = error.message;
    }
  });
})();
