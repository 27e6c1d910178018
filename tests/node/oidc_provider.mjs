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
  const native = { application_type: "native", redirect_uris: ["http://127.0.0.1/callback"],
    grant_types: ["authorization_code", "refresh_token"] };
  const device = "urn:ietf:params:oauth:grant-type:device_code";
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [
      { client_id: "basic", client_secret: "a +secret/", ...native },
      { client_id: "post", client_secret: "a +secret/",
        token_endpoint_auth_method: "client_secret_post", ...native },
      { client_id: "public", token_endpoint_auth_method: "none", ...native },
      { client_id: "service", client_secret: "a +secret/", grant_types: ["client_credentials"],
        redirect_uris: [], response_types: [] },
      { client_id: "tv", token_endpoint_auth_method: "none", grant_types: [device],
        redirect_uris: [], response_types: [] },
    ],
    routes: { authorization: "/go/ask", token: "/go/redeem", jwks: "/go/keys", userinfo: "/go/who" },
    features: { clientCredentials: { enabled: true }, deviceFlow: { enabled: true } },
    cookies: { keys: ["for this run alone"] },
  });
  server.on("request", provider.callback());
  console.log(port);
});
process.stdin.on("end", () => process.exit()).resume();
