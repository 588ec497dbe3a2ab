// How long requests live: until they are answered, their client has gone or their time is up. Code
// that works for a request learns of its end from `request.lifetime`. The number of living requests
// is limited too.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { VitrineError } from '../../errors';
import { Lifetime } from '../../serving/lifetime';

declare module 'fastify' {
  interface FastifyRequest {
    /** Over when nobody waits for the answer any more. Its reason is a VitrineError. */
    lifetime: Lifetime;
  }
}

export interface LifetimeLimits {
  /** Requests that are computed at once. More are refused with OVERLOADED. */
  readonly inFlight: number;
  /** How long a request may be computed before it is answered with OVERLOADED. */
  readonly ms: number;
}

/** Adds `lifetime` to all requests that the earlier hooks let pass. */
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
    // If the head is sent, only the client is slow. That is not limited here.
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
  // The answer is made, whether or not it can still be sent.
  app.addHook('onSend', (request, _reply, _payload, done) => {
    leave(request);
    done();
  });
}
