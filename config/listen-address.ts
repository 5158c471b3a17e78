import { ConfigError } from './config-error.js';

/** Where a worker serves its health and metrics, or a codec endpoint its answers. */
export interface ListenAddress {
  host: string;
  port: number;
}

/**
 * Reads `HOST:PORT`, such as `127.0.0.1:9464`, `0.0.0.0:9464` or `[::1]:9464`; port 0 is any free one.
 * @param from where the text stands, `--listen` or a variable's name, for the message
 * @throws ConfigError
 */
export function parseListenAddress(text: string, from: string): ListenAddress {
  const [, bracketed, plain, digits] =
    /^(?:\[([0-9A-Fa-f:.%]+)\]|([^\s:/@[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || !(port <= 65_535))
    throw new ConfigError([
      {
        file: from,
        message: `"${text.slice(0, 100)}" is not HOST:PORT. Write an address of this machine and a port, such as 127.0.0.1:9464, or 0.0.0.0:9464 for all of its addresses.`,
      },
    ]);
  return { host, port };
}
