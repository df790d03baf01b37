// A real authorization server on loopback, for the journeys and the demo.
//
//   node oidc-server.mjs [PORT]        0 or nothing: any free port
//
// stdout: first `ISSUER=http://127.0.0.1:PORT`, then one JSON line for every request to the endpoints in `watched`,
// without any token in it. The line is written before the answer leaves, so a caller that has its answer finds itself counted.
// The server ends when its stdin closes, so none is left behind by a killed test.
//
// KEYWARD_OIDC_PAR        1: pushed authorization requests (RFC 9126) are taken
// KEYWARD_OIDC_TTL        seconds an access token lives (default 90)
// GET  /_test/stats       {"requests": [{endpoint, grant_type, client_id, status, error}…], "grants_revoked": N}
//                         (a grant is revoked on request, or because a refresh token was used twice)
// Clients: see `clients`; a confidential one's secret is `secret`, `keyward-signed` authenticates with the key of RFC 8037 A.1.
// POST /_test/control     any of {"ttl": S, "delay_ms": MS, "fail": {"status": 503, "times": 2, "error": "server_error"}}
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const control = { ttl: Number(process.env.KEYWARD_OIDC_TTL ?? 90), delay_ms: 0, fail: null };
const stats = { requests: [], grants_revoked: 0 };

const server = createServer();
await new Promise((done) => server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', done));
const issuer = `http://127.0.0.1:${server.address().port}`;

// RFC 8252 §7.3: the port of a loopback redirect is not compared, so one address serves every listener.
const redirect_uris = ['http://127.0.0.1/callback', 'http://[::1]/callback'];
const code = ['authorization_code', 'refresh_token'];
const deviceCode = 'urn:ietf:params:oauth:grant-type:device_code';
const none = { response_types: [], redirect_uris: [] };
const native = { application_type: 'native', response_types: ['code'], redirect_uris };
const secret = 'an-entirely-public-test-secret-0001';

const provider = new Provider(issuer, {
  clients: [
    // A public client, as a desktop program is one: PKCE instead of a secret.
    { ...native, client_id: 'keyward-native', token_endpoint_auth_method: 'none', grant_types: ['authorization_code', 'refresh_token'] },
    // The same with a secret.
    { ...native, client_id: 'keyward-confidential', client_secret: secret, token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code', 'refresh_token'] },
    // Never receives a refresh token, whatever it asks for.
    { ...native, client_id: 'keyward-norefresh', token_endpoint_auth_method: 'none', grant_types: ['authorization_code'] },
    // For a code that is typed in on another device.
    { ...none, client_id: 'keyward-device', application_type: 'native', token_endpoint_auth_method: 'none', grant_types: [deviceCode, 'refresh_token'] },
    // Nobody consents: the client asks for itself.
    { ...none, client_id: 'keyward-machine', client_secret: secret, token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['client_credentials'] },
    // The same with an assertion in place of a secret.
    { ...none, client_id: 'keyward-signed', token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'EdDSA',
      grant_types: ['client_credentials'],
      jwks: { keys: [{ kty: 'OKP', crv: 'Ed25519', kid: 'k1', use: 'sig', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }] } },
    // Takes no request but a pushed one.
    { ...native, client_id: 'keyward-pushed', token_endpoint_auth_method: 'none', grant_types: code,
      ...(process.env.KEYWARD_OIDC_PAR === '1' ? { require_pushed_authorization_requests: true } : {}) },
    // For redirects that are compared with their port.
    { client_id: 'keyward-web', application_type: 'web', response_types: ['code'], grant_types: code, token_endpoint_auth_method: 'none',
      redirect_uris: ['https://tools.example/oauth/done'] },
  ],
  scopes: ['openid', 'offline_access', 'profile', 'api:read', 'api:write'],
  pkce: { required: () => true },
  // Each refresh token is good once; a second use ends its whole family, as strict providers do it.
  rotateRefreshToken: true,
  ttl: {
    AccessToken: () => control.ttl, AuthorizationCode: 60, IdToken: 300, RefreshToken: 3600,
    Session: 3600, Grant: 3600, Interaction: 600, DeviceCode: 600, ClientCredentials: () => control.ttl,
  },
  features: {
    // The built-in sign-in and consent pages: they take any name.
    devInteractions: { enabled: true },
    revocation: { enabled: true, allowedPolicy: () => true },
    introspection: { enabled: true, allowedPolicy: () => true },
    userinfo: { enabled: true },
    deviceFlow: { enabled: true },
    clientCredentials: { enabled: true },
    registration: { enabled: true },
    // Off unless asked for: a request that is pushed shows nothing of itself in its address.
    pushedAuthorizationRequests: { enabled: process.env.KEYWARD_OIDC_PAR === '1' },
    resourceIndicators: { enabled: false },
  },
  findAccount: async (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id, name: `Person ${id}` }) }),
  cookies: { keys: ['only-for-tests'] },
});

provider.on('grant.revoked', () => { stats.grants_revoked += 1; });
provider.on('server_error', (_ctx, error) => console.error('server_error', error));

const watched = { '/token': 'token', '/token/revocation': 'revocation', '/request': 'pushed', '/reg': 'registration', '/device/auth': 'device' };

provider.use(async (ctx, next) => {
  const endpoint = watched[ctx.path];
  if (ctx.method !== 'POST' || !endpoint) return next();
  if (endpoint === 'token' && control.delay_ms > 0) await new Promise((done) => setTimeout(done, control.delay_ms));
  if (endpoint === 'token' && control.fail?.times > 0) {
    control.fail.times -= 1;
    ctx.status = control.fail.status;
    ctx.body = { error: control.fail.error ?? 'temporarily_unavailable' };
  } else {
    await next();
  }
  const line = {
    endpoint, grant_type: ctx.oidc?.params?.grant_type ?? null, client_id: ctx.oidc?.client?.clientId ?? null,
    status: ctx.status, error: ctx.status < 400 ? null : ctx.body?.error ?? null,
  };
  stats.requests.push(line);
  console.log(JSON.stringify(line));
});

async function test(request, response) {
  if (request.method === 'POST' && request.url === '/_test/control') {
    let text = '';
    for await (const part of request) text += part;
    Object.assign(control, JSON.parse(text));
  }
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(stats));
}

const answer = provider.callback();
server.on('request', (request, response) => (request.url.startsWith('/_test/') ? test(request, response) : answer(request, response)));

process.stdin.on('end', () => process.exit(0)).resume();
console.log(`ISSUER=${issuer}`);
