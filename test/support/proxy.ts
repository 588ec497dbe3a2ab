// A TCP proxy in front of a server, on real loopback sockets. Tests use the proxy to make a server
// stop responding, drop its connections or disappear.

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Proxy {
  /** URL of the server through the proxy. */
  readonly url: string;
  /** Number of connections accepted so far. */
  accepted(): number;
  /** Stops passing on data in both directions, but still accepts connections. */
  silence(): void;
  /**
   * Passes on the data of new connections again. If `held` is true, old connections continue too,
   * as if the server had been paused. Otherwise old connections stay dead without notice to their
   * clients, as after a network failure.
   */
  speak(held: boolean): void;
  /** Breaks all connections. */
  cut(): void;
  close(): Promise<void>;
}

interface Link {
  readonly ends: readonly [Socket, Socket];
  dead: boolean;
}

export async function openProxy(target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target);
  const links = new Set<Link>();
  let silent = false;
  let accepted = 0;

  const stop = ({ ends: [client, server] }: Link): void => {
    client.pause();
    server.pause();
  };
  const pass = ({ ends: [client, server] }: Link): void => {
    client.resume();
    server.resume();
  };
  const listener = createServer((client) => {
    accepted++;
    const server = connect(Number(port), hostname);
    const link: Link = { ends: [client, server], dead: false };
    links.add(link);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on('data', (bytes) => to.write(bytes));
      from.on('error', () => undefined);
      from.on('close', () => {
        links.delete(link);
        if (!link.dead) to.destroy();
      });
    }
    if (silent) stop(link);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');

  const cut = (): void => {
    for (const { ends } of links) for (const end of ends) end.destroy();
  };
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String((listener.address() as AddressInfo).port);
  return {
    url: url.toString(),
    accepted: () => accepted,
    silence() {
      silent = true;
      links.forEach(stop);
    },
    speak(held) {
      silent = false;
      for (const link of links) {
        if (!held) link.dead = true;
        else if (!link.dead) pass(link);
      }
    },
    cut,
    async close() {
      cut();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
