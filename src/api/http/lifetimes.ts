// Lifetimes of requests. A request lives until it is answered, its client has gone or its time is
// up. Code that works for a request learns from `request.lifetime` that the request has ended. The
// number of requests alive at the same time is limited too.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { VitrineError } from '../../errors';
import { Lifetime } from '../../serving/lifetime';

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * Ends when the client no longer waits for the answer. The reason of the end is a VitrineError.
     */
    lifetime: Lifetime;
  }
}

export interface LifetimeLimits {
  /**
   * Maximum number of requests computed at the same time. Further requests are refused with
   * OVERLOADED.
   */
  readonly inFlight: number;
  /**
   * Time that computing a request may take, in ms. After that the request is answered with
   * OVERLOADED.
   */
  readonly ms: number;
}

/** Adds `lifetime` to every request that earlier hooks have not refused. */
export function limitLifetimes(app: FastifyInstance, { inFlight, ms }: LifetimeLimits): void {
  const living = new Map<FastifyRequest, NodeJS.Timeout>();
  const leave = (request: FastifyRequest): void => {
    clearTimeout(living.get(request));
    living.delete(request);
  };
  const late = (request: FastifyRequest, reply: FastifyReply): void => {
    leave(request);
    const reason = new VitrineError('OVERLOADED', `no answer within ${ms} ms; try again in a moment`);
    request.lifetime.end(reason);
    // If the headers have been sent, only the client is slow, and slow clients are not limited
    // here.
    if (!reply.raw.headersSent) reply.send(reason);
  };
  app.decorateRequest('lifetime');
  app.addHook('onRequest', (request, reply, done) => {
    const lifetime = new Lifetime();
    request.lifetime = lifetime;
    if (living.size >= inFlight && !request.url.startsWith('/health/')) {
      const message = `${inFlight} requests are being answered already, which is the limit; try again in a moment`;
      done(new VitrineError('OVERLOADED', message));
      return;
    }
    reply.raw.once('close', () => {
      if (!reply.raw.writableEnded) lifetime.end(new VitrineError('OVERLOADED', 'the client has gone'));
    });
    living.set(request, setTimeout(late, ms, request, reply).unref());
    done();
  });
  // The answer is ready, whether or not it can still be sent.
  app.addHook('onSend', (request, _reply, _payload, done) => {
    leave(request);
    done();
  });
}
