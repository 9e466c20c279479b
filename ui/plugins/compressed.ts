import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin } from "vite";

const TEXT = /\.(html|js|css|svg|json|webmanifest|txt)$/;
// Below this a compressed copy saves nothing once the response headers are counted.
const LEAST_BYTES = 512;

/**
 * Writes `.gz` and `.br` beside every text file of the bundle, so that no server compresses twice.
 *
 * gzip carries no time and brotli no name: the same input gives the same bytes.
 */
export function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    async writeBundle(options, bundle) {
      const folder = options.dir ?? ".";
      const names = new Set([...Object.keys(bundle), "icon.svg", "manifest.webmanifest"]);
      await Promise.all(
        [...names]
          .filter((name) => TEXT.test(name))
          .map(async (name) => {
            const file = join(folder, name);
            const bytes = await readFile(file);
            if (bytes.length < LEAST_BYTES) return;
            const small = await promisify(gzip)(bytes, { level: 9 });
            const smaller = await promisify(brotliCompress)(bytes, {
              params: {
                [constants.BROTLI_PARAM_QUALITY]: 11,
                [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
              },
            });
            await Promise.all([writeFile(`${file}.gz`, small), writeFile(`${file}.br`, smaller)]);
          }),
      );
    },
  };
}
