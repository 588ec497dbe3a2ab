// The commands about keys, and which servers start without one.

import { ADDRESS, openProgram, type Program } from './program';

let program: Program;
beforeAll(async () => {
  program = await openProgram('cli_keys');
});
afterAll(() => program?.close());
beforeEach(() => program.database.sql('TRUNCATE api_keys, audit_entries'));

interface Made {
  readonly id: string;
  readonly text: string;
}

const make = (...args: string[]): Promise<Made> => program.answerOf('keys', 'make', ...args);

async function statusOf(address: string, key?: string): Promise<number> {
  const { status } = await fetch(`${address}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
    body: JSON.stringify({ query: '{ articles { nodes { id } } }' }),
  });
  return status;
}

test('keys are made, listed, ended and told in the audit', async () => {
  const { id, text } = await make('order system', '--scopes', 'events:write', '--expires', '90d');
  expect(text).toContain(id);
  const listed = await program.vitrine(['keys', 'list']);
  expect(listed.stdout).toMatch(new RegExp(`${id} +order system +secret +events:write .* expires `));
  expect(listed.stdout).not.toContain(text);
  expect((await program.vitrine(['keys', 'revoke', id])).stdout).toMatch(/revoked \d{4}-/);
  const { stdout } = await program.vitrine(['keys', 'audit']);
  expect(stdout.split('\n').slice(2)).toEqual([
    expect.stringMatching(/command line +key.revoke/),
    expect.stringMatching(/command line +key.make/),
    '',
  ]);
});

test.each<[string, string[], string]>([
  ['no scopes', ['make', 'x'], '--scopes with some of catalogue:read'],
  ['an unknown scope', ['make', 'x', '--scopes', 'everything'], 'got "everything"'],
  ['a span that is none', ['make', 'x', '--scopes', 'admin', '--expires', 'soon'], '90d, 12h or 30m'],
  ['an unknown id', ['revoke', 'nothing'], 'there is no key nothing'],
])('%s is refused with what was expected', async (_what, args, message) => {
  const { code, stderr } = await program.vitrine(['keys', ...args]);
  expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
});

describe('a server', () => {
  test('on this machine is open and says so, until a key is made', async () => {
    const running = program.start(['serve', '--port', '0']);
    await running.heard(/Programs on this machine need no key/);
    const address = await running.heard(ADDRESS);
    expect(await statusOf(address)).toBe(200);
    const { text } = await make('ops', '--scopes', 'admin');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await statusOf(address)).toBe(401);
    expect(await statusOf(address, text)).toBe(200);
    running.child.kill('SIGTERM');
    await running.ended;
  });

  test('that other machines reach does not start without a key, and says what to type', async () => {
    const { code, stderr } = await program.vitrine(['serve', '--port', '0'], { HOST: '0.0.0.0' });
    expect(code).toBe(1);
    expect(stderr).toContain('npx vitrine keys make NAME --scopes admin');
    expect(stderr).toContain('VITRINE_OPEN=true');
  });

  test('that a gateway guards starts without a key', async () => {
    const running = program.start(['serve', '--port', '0'], { HOST: '0.0.0.0', VITRINE_OPEN: 'true' });
    await running.heard(/may read and write everything \(VITRINE_OPEN\)/);
    running.child.kill('SIGTERM');
    await running.ended;
  });

  test('with --first-key makes a key for an admin, prints it, and makes no second one', async () => {
    const first = program.start(['serve', '--port', '0', '--first-key'], { HOST: '0.0.0.0' });
    const address = (await first.heard(/http:\/\/\S+:\d+/)).replace('0.0.0.0', '127.0.0.1');
    first.child.kill('SIGTERM');
    const { stdout } = await first.ended;
    expect(stdout).toMatch(/^The key of the admin, which is shown only now: vitrine_sk_\w+\n$/);
    expect(address).toMatch(/:\d+$/);
    const second = program.start(['serve', '--port', '0', '--first-key'], { HOST: '0.0.0.0' });
    await second.heard(/http:\/\/\S+:\d+/);
    second.child.kill('SIGTERM');
    expect((await second.ended).stdout).toBe('');
    expect(await program.answerOf<unknown[]>('keys', 'list')).toHaveLength(1);
  });
});

test('doctor tells whether there are keys, and whether servers let anybody in', async () => {
  const finding = async (more: Record<string, string> = {}): Promise<string> =>
    /. keys .*(\n +→.*)?/.exec((await program.vitrine(['doctor'], more)).stdout)?.[0] ?? '';
  expect(await finding()).toContain('✔ keys');
  expect(await finding({ HOST: '0.0.0.0' })).toMatch(/✘ keys .*lets other machines in\n.*keys make/);
  const { id } = await make('ops', '--scopes', 'admin');
  expect(await finding({ HOST: '0.0.0.0' })).toMatch(/✔ keys +1 of 1 hold/);
  await program.vitrine(['keys', 'revoke', id]);
  expect(await finding()).toMatch(/! keys +0 of 1 hold.*nobody gets in/);
});
