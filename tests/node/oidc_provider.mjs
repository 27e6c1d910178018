// A certified OpenID provider of other people's, on a free port of loopback, which it prints. It
// ends with its input. Anybody may log in, by its own development pages.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import http from "node:http";

const require = createRequire(`${process.env.NODE_PATH}/`);
const { default: Provider } = await import(pathToFileURL(require.resolve("oidc-provider")));

const server = http.createServer();
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address();
  const native = { application_type: "native", redirect_uris: ["http://127.0.0.1/callback"] };
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [
      { client_id: "basic", client_secret: "a +secret/", ...native },
      { client_id: "post", client_secret: "a +secret/",
        token_endpoint_auth_method: "client_secret_post", ...native },
      { client_id: "public", token_endpoint_auth_method: "none", ...native },
    ],
    routes: { authorization: "/go/ask", token: "/go/redeem", jwks: "/go/keys", userinfo: "/go/who" },
    cookies: { keys: ["for this run alone"] },
  });
  server.on("request", provider.callback());
  console.log(port);
});
process.stdin.on("end", () => process.exit()).resume();
