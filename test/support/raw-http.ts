// HTTP on plain sockets, for tests with requests that a well-behaved client never sends.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Returns the text of an HTTP request that posts a query. */
export function rawPost(query: string): string {
  const body = JSON.stringify({ query });
  const length = Buffer.byteLength(body);
  return `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`;
}

/** Connects to the server at `url`. An error closes the socket and is not thrown. */
export async function connectTo(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Sends text on a new connection. Returns the answer when the server ends the connection. */
export async function exchange(url: string, text: string): Promise<string> {
  const socket = await connectTo(url);
  let answer = '';
  socket.setEncoding('utf8').on('data', (piece: string) => (answer += piece));
  socket.write(text);
  await once(socket, 'close');
  return answer;
}
