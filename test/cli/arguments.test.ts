// The help texts, and errors reported before any work: wrong arguments, wrong settings, missing
// data.
import { join } from 'node:path';
import { openProgram, type Program } from './program';

let program: Program;
let base: string;
beforeAll(async () => {
  program = await openProgram('cli_arguments');
  base = program.base;
});
afterAll(() => program?.close());

describe('help', () => {
  test('lists the commands, and each command has an example', async () => {
    const { stdout } = await program.vitrine(['--help']);
    const commands = [...stdout.matchAll(/^ {2}([a-z]+) .*/gm)]
      .map(([, name]) => name)
      .filter((name) => name !== 'help');
    expect(commands).toEqual(
      expect.arrayContaining('doctor generate inspect import train evaluate recommend similar serve demo'.split(' ')),
    );
    const pages = await Promise.all(commands.map((command) => program.vitrine([command, '--help'])));
    pages.forEach(({ code, stdout: page }, i) => {
      expect(code).toBe(0);
      expect(page).toContain(`Example:\n  $ npx vitrine ${commands[i]}`);
      expect(page).toContain('Options:');
    });
  });
});

describe('an argument that the program does not understand', () => {
  test.each([
    ['an unknown command', ['trian'], "unknown command 'trian'"],
    ['an unknown option', ['train', '--fast'], "unknown option '--fast'"],
    ['a command without its argument', ['recommend'], "missing required argument 'id'"],
    ['a count of nothing', ['generate', 'x', '--customers', '0'], 'Expected a whole number above 0'],
    ['a count in pieces', ['generate', 'x', '--transactions', '1.5'], 'Expected a whole number'],
    ['a size that there is not', ['train', '--size', 'huge'], 'Allowed choices are tiny, small, full'],
    ['a port beyond the last', ['serve', '--port', '65536'], 'Expected a port from 0 to 65535'],
    ['a date in another order', ['evaluate', '--cut', '15.09.2020'], 'Expected a date as YYYY-MM-DD'],
    ['a protocol that there is not', ['evaluate', '--protocol', 'lottery'], 'temporal, leave-one-out, rolling'],
  ])('is refused in one line that names --help: %s', async (_what, args, message) => {
    const { code, stdout, stderr } = await program.vitrine(args);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    expect(stderr).toContain('--help');
    expect(stderr).not.toContain('    at '); // only bugs print a stack trace
  });

  test.each([
    ['--cut', 'rolling', ['--cut', '2020-09-01', '--end', '2020-09-15'], 'temporal'],
    ['--days', 'leave-one-out', ['--days', '7'], 'temporal'],
    ['--weeks', 'temporal', ['--weeks', '3'], 'rolling'],
    ['--end', 'leave-one-out', ['--end', '2020-09-15'], 'rolling'],
    ['--validation', 'temporal', ['--validation'], 'leave-one-out'],
  ])('is refused before any work: %s with --protocol %s', async (option, protocol, args, owner) => {
    const { code, stderr } = await program.vitrine(['evaluate', '--protocol', protocol, ...args]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${option} belongs to --protocol ${owner}, and this is ${protocol}`);
  });

  test('is refused before any work: weeks without an end, and a report that cannot be written', async () => {
    expect((await program.vitrine(['evaluate', '--protocol', 'rolling'])).stderr).toContain('needs --end');
    const { code, stderr } = await program.vitrine(['evaluate', '--report', join(base, 'nowhere', 'report.html')]);
    expect(code).toBe(1);
    expect(stderr).toContain(join(base, 'nowhere'));
  });

  test('is refused in one line: a day that does not exist', async () => {
    expect((await program.vitrine(['evaluate', '--cut', '2020-02-31'])).stderr).toContain('Expected a date');
  });
});

describe('a command that cannot work', () => {
  test('reports all wrong settings at once', async () => {
    const { code, stdout, stderr } = await program.vitrine(['doctor'], {
      PORT: 'abc',
      VITRINE_DEVICE: 'abacus',
      LOG_LEVEL: 'x',
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('3 settings are not valid');
    expect(stderr).toContain("PORT: expected a whole number from 0 to 65535, got 'abc'");
    expect(stderr).toContain("VITRINE_DEVICE: expected one of cpu, cuda, webgpu, got 'abacus'");
    expect(stderr).toContain('.env.example');
  });

  test.each([
    ['no database', ['train'], { DATABASE_URL: 'postgresql://me:secret@127.0.0.1:1/shop' }, '127.0.0.1:1/shop'],
    ['no purchases', ['train', '--size', 'tiny'], {}, 'npx vitrine import'],
    ['no release', ['recommend', 'somebody'], {}, 'npx vitrine train'],
    ['no folder', ['import', 'nowhere'], {}, 'nowhere'],
  ])('says why and what to do, without a stack or a password: %s', async (_what, args, more, message) => {
    const { code, stdout, stderr } = await program.vitrine(args, more);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^ {4}at |secret/m);
  });
});

test('with --json an error is JSON with its code, its message and its remedy', async () => {
  const { code, stdout } = await program.vitrine(['recommend', 'somebody', '--json']);
  expect(code).toBe(1);
  const { error } = JSON.parse(stdout) as { error: Record<string, string> };
  expect(error).toMatchObject({ code: 'RELEASE_MISSING' });
  expect(error.message).toContain(join(base, 'models'));
  expect(error.remedy).toContain('npx vitrine train');
});
