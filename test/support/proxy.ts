// A TCP proxy in front of a server, for tests of what happens when that server falls silent, drops
// its connections or is gone. Real sockets on loopback.

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Proxy {
  /** The server's URL, by way of the proxy. */
  readonly url: string;
  /** Connections accepted so far. */
  accepted(): number;
  /** From now on nothing is passed on, in either direction; connections are accepted still. */
  silence(): void;
  /**
   * Passes on what new connections send. `held`: also what was held back, as of a server that was
   * stopped and goes on; else the connections of before stay dead, as after a network break, and
   * their clients are not told.
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
