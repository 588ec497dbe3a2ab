// Prevents a single client from using up all memory. Node starts all requests of a connection at
// once, and keeps the answers that the client does not read. With this file, the next request of a
// connection begins only when the previous answer has been sent.

import type { FastifyInstance } from 'fastify';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface SocketLimits {
  /**
   * Maximum number of requests on one connection that wait for an earlier answer. A client that
   * sends more is cut off.
   */
  readonly waitingEach: number;
  /** Maximum number of such waiting requests on all connections together. */
  readonly waiting: number;
  /**
   * Maximum size of all unread answers together, in bytes. Beyond it, the connection with the
   * oldest unread answer is cut off.
   */
  readonly unreadBytes: number;
}

export interface Sockets {
  /** Cuts off all connections with an unanswered request or an unread answer. */
  destroyBusy(): void;
}

export function limitSockets(app: FastifyInstance, limits: SocketLimits): Sockets {
  /** Connections with a request that has begun and is not yet answered. */
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
    // The answer is complete, but the part that the operating system has not accepted yet is still
    // in memory.
    response.once('prefinish', () => unread.add(socket));
    response.once('close', () => {
      busy.delete(socket);
      unread.forget(socket);
      // The client has gone, so its next request does not begin.
      if (socket.destroyed) return;
      const next = lineOf(socket).shift();
      if (!next) return;
      waiting--;
      next();
    });
    run();
  }

  app.addHook('onRequest', ({ raw: { socket } }, { raw: response }, done) => {
    // Node still delivers requests that it has read from a connection that was cut off.
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

/** Connections with unread answers, oldest first. */
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
      // A request injected by a test has no connection and no length.
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
