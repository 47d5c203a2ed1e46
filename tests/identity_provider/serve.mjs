// An OpenID provider on the loopback address, over TLS. Everything it knows is thrown away.
//
//   node serve.mjs CERTIFICATE.pem RESOURCE LOGOUT_URI
//
// Prints {"issuer": ...} once it listens. Then reads commands, one a line, and answers each:
// `rotate` signs with a new key and goes on publishing the old one, `forget` publishes the new
// one alone.
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { createInterface } from 'node:readline';

import Provider, { errors } from 'oidc-provider';

// Advice for production, of which there is none here; standard output is for answers.
console.info = console.warn = () => {};

const [certificate, resource, logoutUri] = process.argv.slice(2);
const pem = readFileSync(certificate);
const people = { alice: ['eng'], bob: ['ops'] };
const scope = 'rag.search rag.read rag.ingest';

let made = 0;
function newKey() {
  made += 1;
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: `key-${made}`, use: 'sig', alg: 'RS256' };
}

function configuration(keys) {
  return {
    jwks: { keys },
    cookies: { keys: ['a throw-away cookie key'] },
    scopes: ['openid', 'offline_access', ...scope.split(' ')],
    pkce: { required: () => true },
    // Without its guard: the loopback address is the very one that it keeps from being asked.
    fetch: (url, { dispatcher, ...options }) => fetch(url, options),
    findAccount: (ctx, sub) => people[sub] && { accountId: sub, claims: () => ({ sub }) },
    extraTokenClaims: (ctx, token) => token.accountId && { groups: people[token.accountId] },
    issueRefreshToken: async (ctx, client) => client.grantTypeAllowed('refresh_token'),
    clients: [
      {
        client_id: 'chat',
        redirect_uris: ['http://127.0.0.1:9/callback'],
        token_endpoint_auth_method: 'none',
        application_type: 'native',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        backchannel_logout_uri: logoutUri,
      },
      // Its tokens say nothing to anybody but their issuer.
      {
        client_id: 'opaque-chat',
        redirect_uris: ['http://127.0.0.1:9/callback'],
        token_endpoint_auth_method: 'none',
        application_type: 'native',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
      // The page on which readers open citations.
      {
        client_id: 'reader-page',
        client_secret: 'a throw-away secret of the page',
        redirect_uris: [`${new URL(resource).origin}/reader/signed-in`],
        grant_types: ['authorization_code'],
        response_types: ['code'],
        backchannel_logout_uri: logoutUri,
      },
      // The service, when it asks about them.
      {
        client_id: 'readership',
        client_secret: 'a throw-away client secret',
        redirect_uris: [],
        grant_types: [],
        response_types: [],
      },
    ],
    features: {
      devInteractions: { enabled: true },
      registration: { enabled: true },
      revocation: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 1) },
      rpInitiatedLogout: { enabled: true },
      backchannelLogout: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        useGrantedResource: () => true,
        getResourceServerInfo: (ctx, named, client) => {
          if (named !== resource) throw new errors.InvalidTarget();
          return {
            scope,
            audience: resource,
            accessTokenTTL: 300,
            accessTokenFormat: client.clientId === 'opaque-chat' ? 'opaque' : 'jwt',
            jwt: { sign: { alg: 'RS256' } },
          };
        },
      },
    },
  };
}

let keys = [newKey()];
let answer;
const server = createServer({ key: pem, cert: pem }, (request, response) => answer(request, response));
server.listen(0, '127.0.0.1', () => {
  const issuer = `https://127.0.0.1:${server.address().port}`;
  const publish = () => {
    const provider = new Provider(issuer, configuration(keys));
    provider.on('backchannel.error', (context, error) => {
      process.stderr.write(`the logout was not delivered: ${error} ${error.cause ?? ''}\n`);
    });
    answer = provider.callback();
  };
  publish();
  process.stdout.write(`${JSON.stringify({ issuer })}\n`);
  createInterface({ input: process.stdin })
    .on('line', (command) => {
      // The first signs.
      keys = command === 'rotate' ? [newKey(), ...keys] : keys.slice(0, 1);
      publish();
      process.stdout.write(`${JSON.stringify({ kids: keys.map((key) => key.kid) })}\n`);
    })
    .on('close', () => process.exit(0));
});
