// How long requests live: until they are answered, their client is gone or their time is up. Code
// that computes for a request learns of its end by `request.lifetime`. Also bounds how many live at
// once.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { VitrineError } from '../../errors';
import { Lifetime } from '../../serving/lifetime';

declare module 'fastify' {
  interface FastifyRequest {
    /** Over when nobody waits for the answer any more; the reason is a VitrineError. */
    lifetime: Lifetime;
  }
}

export interface LifetimeLimits {
  /** Requests that are computed at once; those beyond are refused with OVERLOADED. */
  readonly inFlight: number;
  /** How long one may be computed. Then it is answered with OVERLOADED. */
  readonly ms: number;
}

/** Adds `lifetime` to all requests that are received after the hooks before this one. */
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
    // An answer whose head is sent is slow to be read, which is not limited here.
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
  // When its answer is made, whether or not it can still be sent.
  app.addHook('onSend', (request, _reply, _payload, done) => {
    leave(request);
    done();
  });
}
