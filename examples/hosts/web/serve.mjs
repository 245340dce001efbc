// Serves the page and the exported folder to this machine only: node web/serve.mjs FOLDER [--port N]
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const TYPES = { '.html': 'text/html; charset=utf-8', '.css': 'text/css', '.mjs': 'text/javascript', '.wasm': 'application/wasm', '.json': 'application/json', '.svg': 'image/svg+xml' };

// Cross-origin isolated pages may share memory between threads, which ONNX Runtime's wasm uses. Nothing is loaded from elsewhere.
const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Content-Security-Policy': "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data:",
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-cache',
};

/**
 * Starts the server.
 * @param {string} folder What export.cs wrote.
 * @param {number} port 0 for any that is free.
 * @returns {Promise<{address: string, close: () => void}>}
 */
export function serve(folder, port = 0) {
  const roots = { data: folder, shared: join(HERE, '..', 'shared'), ort: join(HERE, '..', 'node_modules', 'onnxruntime-web', 'dist'), '': HERE };
  const server = createServer(async (request, response) => {
    const path = fileOf(roots, new URL(request.url, 'http://localhost').pathname);
    const found = path && (request.method === 'GET' || request.method === 'HEAD') ? await stat(path).catch(() => null) : null;
    if (!found?.isFile()) {
      response.writeHead(404, HEADERS).end();
      return;
    }

    response.writeHead(200, { ...HEADERS, 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream', 'Content-Length': found.size });
    if (request.method === 'HEAD') response.end();
    else createReadStream(path).pipe(response);
  });
  return new Promise((started, failed) => {
    server.once('error', failed);
    server.listen(port, '127.0.0.1', () => started({ address: `http://127.0.0.1:${server.address().port}/`, close: () => server.closeAllConnections() ?? server.close() }));
  });
}

/** The file at an address; null outside the four folders. */
function fileOf(roots, pathname) {
  const decoded = decode(pathname);
  if (decoded === null) return null;
  const [, first, rest] = /^\/(data|shared|ort)\/(.*)$/.exec(decoded) ?? [null, '', decoded === '/' ? 'index.html' : decoded.slice(1)];
  const path = normalize(rest);
  return path.startsWith('..') || path.startsWith(sep) || path.includes('\0') ? null : join(roots[first], path);
}

function decode(pathname) {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return null;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { positionals: [folder = 'digits'], values } = parseArgs({ allowPositionals: true, options: { port: { type: 'string', default: '8080' } } });
  const { address } = await serve(folder, Number(values.port));
  console.log(`${address} (Ctrl+C ends it)`);
}
