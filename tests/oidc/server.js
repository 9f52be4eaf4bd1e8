// npm's oidc-provider as a program: a real OAuth 2.0 authorisation server, which shares no line with Fota, to log in at.
//   node server.js --certificate FILE --key FILE
// Listens on a free port of 127.0.0.1 with TLS, and prints "issuer https://127.0.0.1:PORT". Whoever logs in is who they say: the pages of its development mode
// ask for a name, and take any password. A token is for https://updates.example/ where the request for it says so (RFC 8707), and else for nobody. Clients: fota-cli (public; device grant, loopback with PKCE), fota-server (asks what tokens are worth), wiki (another one).
'use strict';

const fs = require('node:fs');
const https = require('node:https');
const { parseArgs } = require('node:util');

const { values } = parseArgs({ options: { certificate: { type: 'string' }, key: { type: 'string' } } });
for (const name of ['certificate', 'key']) {
  if (!values[name]) {
    console.error(`server.js: --${name}: wanted it, got none`);
    process.exit(2);
  }
}

const publicClient = (id) => ({
  client_id: id,
  application_type: 'native',
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'],
  response_types: ['code'],
  redirect_uris: ['http://127.0.0.1/callback'],
});

const configuration = {
  clients: [
    publicClient('fota-cli'),
    publicClient('wiki'),
    { client_id: 'fota-server', client_secret: 'a secret: with a colon', grant_types: [], response_types: [], redirect_uris: [] },
  ],
  scopes: ['openid', 'fota.view', 'fota.operate'],
  features: {
    deviceFlow: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      useGrantedResource: () => false,
      getResourceServerInfo: (context, resource) => {
        if (resource !== 'https://updates.example/') {
          throw new errors.InvalidTarget();
        }
        return { audience: resource, scope: 'fota.view fota.operate', accessTokenFormat: 'opaque' };
      },
    },
  },
  pkce: { required: () => true, methods: ['S256'] },
  ttl: { AccessToken: 600, AuthorizationCode: 60, DeviceCode: 120, Grant: 600, Interaction: 600, Session: 600, IdToken: 600 },
  cookies: { keys: ['for tests alone'] },
};

let errors;
let handle;
const server = https.createServer({ cert: fs.readFileSync(values.certificate), key: fs.readFileSync(values.key) }, (request, response) => handle(request, response));
server.listen(0, '127.0.0.1', async () => {
  const { default: Provider, errors: kinds } = await import('oidc-provider');
  errors = kinds;
  const issuer = `https://127.0.0.1:${server.address().port}`;
  handle = new Provider(issuer, configuration).callback();
  console.log(`issuer ${issuer}`);
});
