// openid-client on the lab's authorization server: node openid_client.cjs ISSUER SECRET SERVER_SECRET
"use strict";
const { visit, load, refused } = require("./oauth_person.cjs");

const [issuer, secret, serverSecret] = process.argv.slice(2);
const CALLBACK = "http://127.0.0.1:7/callback";
const SCOPE = "openid profile photos.read";

const main = async () => {
  const oidc = await load("openid-client");
  const options = { execute: [oidc.allowInsecureRequests] };
  const discover = (id, auth, more = {}) =>
    oidc.discovery(new URL(issuer), id, more.metadata, auth, { ...options, ...more.options });

  // Code and PKCE; state, nonce, iss and the id_token's signature are checked by the library.
  const grant = async (config, more = {}, known = {}) => {
    const verifier = oidc.randomPKCECodeVerifier();
    const checks = { pkceCodeVerifier: verifier, expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce(), ...known };
    const wanted = {
      redirect_uri: CALLBACK, scope: SCOPE, state: checks.expectedState, nonce: checks.expectedNonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256", ...more,
    };
    const pushed = more.pushed && delete wanted.pushed;
    const url = pushed ? await oidc.buildAuthorizationUrlWithPAR(config, wanted) : oidc.buildAuthorizationUrl(config, wanted);
    const callback = new URL(await visit(url));
    return { callback, checks, tokens: await oidc.authorizationCodeGrant(config, callback, checks) };
  };

  const told = {};
  const web = await discover("web-app", oidc.ClientSecretBasic(secret));
  oidc.enableNonRepudiationChecks(web);
  const first = await grant(web);
  const sub = first.tokens.claims().sub;
  const person = await oidc.fetchUserInfo(web, first.tokens.access_token, sub);
  told.code = { name: person.name, scope: first.tokens.scope, iss: first.callback.searchParams.get("iss") === issuer };
  const photos = await oidc.fetchProtectedResource(web, first.tokens.access_token, new URL(`${issuer}/api/photos`), "GET");
  told.api = photos.status;

  const second = await oidc.refreshTokenGrant(web, first.tokens.refresh_token);
  told.rotated = second.refresh_token !== first.tokens.refresh_token;
  told.reused = await refused(oidc.refreshTokenGrant(web, first.tokens.refresh_token));
  told.family = await refused(oidc.refreshTokenGrant(web, second.refresh_token));

  const again = await grant(web, { pushed: true, max_age: "600" }, { maxAge: 600 });
  told.pushed = again.tokens.token_type;
  told.replayed = await refused(oidc.authorizationCodeGrant(web, again.callback, again.checks));

  const post = await discover("web-app", oidc.ClientSecretPost(secret));
  const last = await grant(post);
  const server = await discover("files-server", oidc.ClientSecretBasic(serverSecret));
  const before = await oidc.tokenIntrospection(server, last.tokens.access_token);
  await oidc.tokenRevocation(post, last.tokens.access_token);
  const after = await oidc.tokenIntrospection(server, last.tokens.access_token);
  told.introspected = [before.active, before.client_id, after.active];

  const own = await oidc.clientCredentialsGrant(web, { scope: "photos.read" });
  told.own = [own.token_type, own.scope, own.refresh_token === undefined];

  const app = await discover("native-app", oidc.None());
  told.public = (await grant(app)).tokens.token_type;
  const denied = new URL(await visit(oidc.buildAuthorizationUrl(app, {
    redirect_uri: CALLBACK, scope: SCOPE, code_challenge_method: "S256",
    code_challenge: await oidc.calculatePKCECodeChallenge(oidc.randomPKCECodeVerifier()),
  }), { decision: "deny" }));
  told.denied = await refused(oidc.authorizationCodeGrant(app, denied));

  const registered = await oidc.dynamicClientRegistration(new URL(issuer), {
    redirect_uris: [CALLBACK], client_name: "openid-client", token_endpoint_auth_method: "client_secret_post",
  }, undefined, options);
  told.registered = (await grant(registered)).tokens.token_type;

  const tv = await discover("tv", oidc.None());
  const device = await oidc.initiateDeviceAuthorization(tv, { scope: "openid photos.read" });
  const waiting = oidc.pollDeviceAuthorizationGrant(tv, device);
  told.page = (await visit(device.verification_uri_complete, { user: "bob" })).includes("may go on");
  told.device = (await waiting).claims().sub.startsWith("bob");
  process.stdout.write(JSON.stringify(told) + "\n");
};

main().catch((error) => {
  process.stderr.write(`${error.stack}\n${JSON.stringify(error.cause ?? null)}\n`);
  process.exitCode = 1;
});
