// How long requests live: until they are answered, their client is gone or their time is up. Code
// that computes for a request learns of its end by `request.lifetime`. Also bounds how many live at
// once.

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { VitrineError } from '../../errors';

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * Aborts when nobody waits for the answer any more; its reason is a VitrineError. Fastify's
     * own `signal` aborts as soon as the body of a POST is read.
     */
    lifetime: AbortSignal;
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
  const end = (request: FastifyRequest): void => {
    clearTimeout(living.get(request));
    living.delete(request);
  };
  app.decorateRequest('lifetime');
  app.addHook('onRequest', (request, reply, done) => {
    const controller = new AbortController();
    request.lifetime = controller.signal;
    if (living.size >= inFlight && !request.url.startsWith('/health/')) {
      const message = `${inFlight} requests are being answered already, which is the limit; try again in a moment`;
      done(new VitrineError('OVERLOADED', message));
      return;
    }
    reply.raw.once('close', () => {
      if (!reply.raw.writableEnded) controller.abort(new VitrineError('OVERLOADED', 'the client has gone'));
    });
    const timer = setTimeout(() => {
      end(request);
      controller.abort(new VitrineError('OVERLOADED', `no answer within ${ms} ms; try again in a moment`));
      // An answer whose head is sent is slow to be read, which is not limited here.
      if (!reply.raw.headersSent) reply.send(controller.signal.reason);
    }, ms).unref();
    living.set(request, timer);
    done();
  });
  // When its answer is made, whether or not it can still be sent.
  app.addHook('onSend', (request, _reply, _payload, done) => {
    end(request);
    done();
  });
}
