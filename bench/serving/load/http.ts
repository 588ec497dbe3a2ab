// A minimal HTTP client: POSTs over connections that are kept alive, one request at a time on each.
// The load generator shares the processors with the server, and node:http would take several times
// as much processor time.
import { connect, type Socket } from 'node:net';

/** Time that an answer may take. */
const LIMIT_MS = 30_000;
const HEAD_END = Buffer.from('\r\n\r\n');

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

export interface Connection {
  /**
   * Sends JSON by POST, and opens the connection if needed. The answer to the previous request must
   * have come.
   */
  post(path: string, body: string, headers?: string): Promise<Answer>;
  close(): void;
}

export function connection(port: number): Connection {
  let socket: Socket | undefined;
  let received: Buffer = Buffer.alloc(0);
  let waiting: { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void } | undefined;

  const end = (error: Error): void => {
    socket?.destroy();
    socket = undefined;
    received = Buffer.alloc(0);
    const reject = waiting?.reject;
    waiting = undefined;
    reject?.(error);
  };

  const open = (): Socket => {
    const opened = connect({ port, host: '127.0.0.1', noDelay: true });
    opened.setTimeout(LIMIT_MS, () => waiting && end(new Error(`no answer within ${LIMIT_MS} ms`)));
    opened.on('error', end);
    opened.on('close', () => {
      if (socket === opened) end(new Error('the server closed the connection'));
    });
    opened.on('data', (chunk) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      const answer = parse(received);
      if (answer instanceof Error) end(answer);
      if (answer === undefined || answer instanceof Error) return;
      received = received.subarray(answer.length);
      const resolve = waiting?.resolve;
      waiting = undefined;
      resolve?.(answer);
    });
    return opened;
  };

  return {
    post: (path, body, headers = '') =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket ??= open();
        const length = Buffer.byteLength(body);
        socket.write(
          `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\naccept: application/json\r\n` +
            `${headers}content-length: ${length}\r\n\r\n${body}`,
        );
      }),
    close: () => end(new Error('closed')),
  };
}

/**
 * Returns the first complete answer and its length in bytes. Returns undefined if part of the
 * answer is still missing.
 */
export function parse(received: Buffer): (Answer & { readonly length: number }) | Error | undefined {
  const headEnd = received.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const head = received.toString('latin1', 0, headEnd);
  const size = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (size === undefined) return new Error(`expected an answer with content-length, got: ${head.slice(0, 200)}`);
  const from = headEnd + HEAD_END.length;
  const length = from + Number(size);
  if (received.length < length) return undefined;
  return { status: Number(head.slice(9, 12)), body: received.subarray(from, length), length };
}
