// oauth4webapi on the lab's authorization server: node oauth4webapi_client.cjs ISSUER SECRET SERVER_SECRET
"use strict";
const { visit, load, refused } = require("./oauth_person.cjs");

const [issuer, secret, serverSecret] = process.argv.slice(2);
const CALLBACK = "http://[::1]:7/callback";

const main = async () => {
  const oauth = await load("oauth4webapi");
  const plain = { [oauth.allowInsecureRequests]: true };
  const url = new URL(issuer);
  const found = async (algorithm) =>
    oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, { algorithm, ...plain }));
  const as = await found("oauth2");
  const told = { discovered: [as.issuer === issuer, (await found("oidc")).issuer === issuer] };
  const web = { client_id: "web-app" }, basic = oauth.ClientSecretBasic(secret);

  const grant = async (client, auth, more = {}) => {
    const verifier = oauth.generateRandomCodeVerifier(), state = oauth.generateRandomState();
    const nonce = oauth.generateRandomNonce();
    const given = new URLSearchParams({
      client_id: client.client_id, redirect_uri: CALLBACK, response_type: "code", scope: "openid photos.read", state, nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256", ...more,
    });
    const callback = new URL(await visit(`${as.authorization_endpoint}?${given}`));
    const answer = oauth.validateAuthResponse(as, client, callback, state); // iss and state
    const response = await oauth.authorizationCodeGrantRequest(as, client, auth, answer, CALLBACK, verifier, plain);
    return oauth.processAuthorizationCodeResponse(as, client, response, { expectedNonce: nonce, requireIdToken: true });
  };
  const introspect = async (token) => {
    const server = { client_id: "files-server" };
    const response = await oauth.introspectionRequest(as, server, oauth.ClientSecretPost(serverSecret), token, plain);
    return oauth.processIntrospectionResponse(as, server, response);
  };

  const tokens = await grant(web, basic);
  const claims = oauth.getValidatedIdTokenClaims(tokens);
  const userinfo = await oauth.processUserInfoResponse(as, web, claims.sub, await oauth.userInfoRequest(as, web, tokens.access_token, plain));
  told.sub = userinfo.sub === claims.sub;

  // It verifies an RFC 9068 token as a resource server would, by the server's key set.
  const request = () => new Request(`${issuer}/api/photos`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
  told.verified = (await oauth.validateJwtAccessToken(as, request(), `${issuer}/api`, plain)).client_id;
  told.audience = (await refused(oauth.validateJwtAccessToken(as, request(), `${issuer}/files`, plain))) !== "";
  const resource = new URL(`${issuer}/files`);
  const described = await oauth.processResourceDiscoveryResponse(resource, await oauth.resourceDiscoveryRequest(resource, plain));
  told.resource = described.authorization_servers[0] === issuer;

  const refresh = async (token) => oauth.processRefreshTokenResponse(as, web, await oauth.refreshTokenGrantRequest(as, web, basic, token, plain));
  const next = await refresh(tokens.refresh_token);
  told.reused = await refused(refresh(tokens.refresh_token));
  told.family = [await refused(refresh(next.refresh_token)), (await introspect(next.access_token)).active];

  const other = await grant({ client_id: "native-app" }, oauth.None(), { resource: `${issuer}/files` });
  const introspected = await introspect(other.access_token);
  told.introspected = [introspected.active, introspected.aud === `${issuer}/files`];
  const revoked = await oauth.revocationRequest(as, { client_id: "native-app" }, oauth.None(), other.refresh_token, plain);
  await oauth.processRevocationResponse(revoked);
  told.revoked = (await introspect(other.access_token)).active;

  const own = await oauth.clientCredentialsGrantRequest(as, web, basic, { scope: "photos.read" }, plain);
  told.own = (await oauth.processClientCredentialsResponse(as, web, own)).scope;

  const made = await oauth.processDynamicClientRegistrationResponse(
    await oauth.dynamicClientRegistrationRequest(as, { redirect_uris: [CALLBACK], token_endpoint_auth_method: "none" }, plain));
  told.registered = (await grant(made, oauth.None())).token_type;

  const tv = { client_id: "tv" };
  const started = await oauth.deviceAuthorizationRequest(as, tv, oauth.None(), { scope: "photos.read" }, plain);
  const device = await oauth.processDeviceAuthorizationResponse(as, tv, started);
  const poll = async () =>
    oauth.processDeviceCodeResponse(as, tv, await oauth.deviceCodeGrantRequest(as, tv, oauth.None(), device.device_code, plain));
  told.polls = [await refused(poll()), await refused(poll())];
  await visit(device.verification_uri_complete);
  told.device = (await poll()).token_type;
  process.stdout.write(JSON.stringify(told) + "\n");
};

main().catch((error) => {
  process.stderr.write(`${error.stack}\n${JSON.stringify(error.cause ?? null)}\n`);
  process.exitCode = 1;
});
