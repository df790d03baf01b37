// A second authorization server that nobody here wrote (npm `oauth2-mock-server`): it agrees to everything at once and signs
// ID tokens by another library than the first one.
//
//   node second-server.mjs [PORT]      0 or nothing: any free port
//
// stdout: `ISSUER=http://127.0.0.1:PORT`. It ends when its stdin closes.
//
// KEYWARD_ID_TOKEN_ALG    RS256 (default), PS256, ES256 or EdDSA
import { OAuth2Server } from 'oauth2-mock-server';

const server = new OAuth2Server();
await server.issuer.keys.generate(process.env.KEYWARD_ID_TOKEN_ALG ?? 'RS256');
await server.start(Number(process.argv[2] ?? 0), '127.0.0.1');
server.issuer.url = `http://127.0.0.1:${server.address().port}`;

process.stdin.on('end', () => process.exit(0)).resume();
console.log(`ISSUER=${server.issuer.url}`);
