// Keeps one client from taking all memory. Node starts every request of a connection as soon as it
// is parsed, and keeps the answers that the client does not read. Here the next request of a
// connection begins when the answer to the former has left.

import type { FastifyInstance } from 'fastify';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface SocketLimits {
  /**
   * Requests that wait on one connection for the answer before; beyond it the client is cut off.
   */
  readonly waitingEach: number;
  /** Requests that wait so on all connections together. */
  readonly waiting: number;
  /** Bytes of answers that are not read yet, altogether; beyond it the oldest is cut off. */
  readonly unreadBytes: number;
}

export interface Sockets {
  /** Cuts off the connections whose request is not answered yet, or whose answer is not read. */
  destroyBusy(): void;
}

export function limitSockets(app: FastifyInstance, limits: SocketLimits): Sockets {
  /** Connections with a request that has begun. */
  const busy = new Set<Socket>();
  const lines = new WeakMap<Socket, (() => void)[]>();
  const unread = createUnread(limits.unreadBytes);
  let waiting = 0;

  function lineOf(socket: Socket): (() => void)[] {
    const known = lines.get(socket);
    if (known) return known;
    const line: (() => void)[] = [];
    lines.set(socket, line);
    socket.once('close', () => {
      waiting -= line.length;
      line.length = 0;
      busy.delete(socket);
      unread.forget(socket);
    });
    return line;
  }

  function begin(socket: Socket, response: ServerResponse, run: () => void): void {
    busy.add(socket);
    // The answer is complete then, but what the kernel has not taken yet is in memory.
    response.once('prefinish', () => unread.add(socket));
    response.once('close', () => {
      busy.delete(socket);
      unread.forget(socket);
      // Nothing more begins for a client that has gone.
      if (socket.destroyed) return;
      const next = lineOf(socket).shift();
      if (!next) return;
      waiting--;
      next();
    });
    run();
  }

  app.addHook('onRequest', ({ raw: { socket } }, { raw: response }, done) => {
    // Node goes on with what it has read of a connection that was cut off.
    if (socket.destroyed) return;
    const line = lineOf(socket);
    if (!busy.has(socket)) {
      begin(socket, response, done);
      return;
    }
    if (line.length >= limits.waitingEach || waiting >= limits.waiting) {
      socket.destroy();
      return;
    }
    waiting++;
    line.push(() => begin(socket, response, done));
  });

  return {
    destroyBusy() {
      for (const socket of busy) socket.destroy();
    },
  };
}

/** Connections whose answers are not read yet, oldest first. */
function createUnread(limit: number) {
  const bytes = new Map<Socket, number>();
  let total = 0;
  const forget = (socket: Socket): void => {
    total -= bytes.get(socket) ?? 0;
    bytes.delete(socket);
  };
  return {
    forget,
    add(socket: Socket): void {
      // Without a connection, as in tests, there is no length.
      if (!(socket.writableLength > 0)) return;
      bytes.set(socket, socket.writableLength);
      total += socket.writableLength;
      for (const oldest of bytes.keys()) {
        if (total <= limit || oldest === socket) return;
        forget(oldest);
        oldest.destroy();
      }
    },
  };
}
