// Makes one C++ source of a built page: every file of DIST, gzipped, as a PageFile of server/page.h.
// Usage: node embed.mjs DIST OUT.cc
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';

/** @type {Record<string, string>} */
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** @param {string} folder @returns {string[]} */
function filesOf(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesOf(path) : [path];
  });
}

/** @param {Uint8Array} bytes */
function literal(bytes) {
  const lines = [];
  for (let from = 0; from < bytes.length; from += 64) {
    const line = bytes.subarray(from, from + 64);
    lines.push(
      `    "${Array.from(line, (byte) => '\\' + byte.toString(8).padStart(3, '0')).join('')}"`,
    );
  }
  return lines.join('\n');
}

/** @param {string} dist */
function sourceOf(dist) {
  const contents = [];
  const entries = [];
  for (const [index, file] of filesOf(dist).sort().entries()) {
    const path = '/' + relative(dist, file);
    const type = TYPES[extname(file)];
    if (!type) throw new Error(`embed: ${file}: no content type is known for this ending`);
    const bytes = readFileSync(file);
    const gzip = gzipSync(bytes, { level: 9 });
    const etag = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
    // Vite names what lies in assets/ by its content.
    const immutable = path.startsWith('/assets/');
    contents.push(
      `constexpr std::string_view kContent${index}(\n${literal(gzip)},\n    ${gzip.length});`,
    );
    entries.push(
      `      PageFile{"${path}", "${type}", bytes(kContent${index}), "\\"${etag}\\"", ${immutable}},`,
    );
  }
  return `// Made from web/ by web/tools/embed.mjs; edit there.
#include <array>

#include "server/page.h"

namespace fm::server {

namespace {

${contents.join('\n')}

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace

std::span<const PageFile> page_files() {
  static const std::array files = {
${entries.join('\n')}
  };
  return files;
}

}  // namespace fm::server
`;
}

const [dist, out] = process.argv.slice(2);
if (!dist || !out) throw new Error('usage: node embed.mjs DIST OUT.cc');
writeFileSync(out, sourceOf(dist));
