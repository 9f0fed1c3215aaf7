import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { createLog, type LogLevel, silentLog } from '../../src/telemetry/log.ts';

const record = (level: LogLevel = 'debug') => {
  const lines: string[] = [];
  const log = createLog({ level, name: 'sluice', destination: { write: line => lines.push(line) } });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? 'null') as Record<string, unknown> };
};

describe('the process log', () => {
  it('writes one JSON line an event, with level by name and time as ISO 8601', () => {
    const { log, lines, last } = record();
    log.info({ port: 8080 }, 'listening');
    assert.equal(lines.length, 1);
    assert.equal(lines[0]?.endsWith('\n'), true);
    const { time, ...rest } = last();
    assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.equal(rest.level, 'info');
    assert.equal(rest.name, 'sluice');
    assert.equal(rest.msg, 'listening');
    assert.equal(rest.port, 8080);
  });

  it('takes a message without fields', () => {
    const { log, last } = record();
    log.warn('Consul is away');
    assert.equal(last().msg, 'Consul is away');
    assert.equal(last().level, 'warn');
  });

  it('leaves out what is below its level', () => {
    const { log, lines } = record('warn');
    log.debug('a');
    log.info('b');
    log.error('c');
    assert.equal(lines.length, 1);
  });

  it('keeps the message, code and stack of an error', () => {
    const { log, last } = record();
    log.error({ err: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) }, 'no Consul');
    const { message, code, stack } = last().err as Record<string, unknown>;
    assert.equal(message, 'refused');
    assert.equal(code, 'ECONNREFUSED');
    assert.match(String(stack), /log\.test/);
  });

  for (const fields of [
    { token: 'hush' },
    { password: 'hush' },
    { headers: { authorization: 'Bearer hush', cookie: 'a=hush', 'set-cookie': ['a=hush'] } },
    { headers: { Authorization: 'Bearer hush', 'X-Consul-Token': 'hush' } },
    { request: { headers: { 'x-consul-token': 'hush' } } },
  ]) {
    it(`redacts ${JSON.stringify(fields)}`, () => {
      const { log, lines } = record();
      log.info(fields, 'hello');
      assert.doesNotMatch(lines[0] ?? '', /hush/);
      assert.match(lines[0] ?? '', /\[redacted\]/);
    });
  }

  it('gets its last words out on stderr before the process exits', () => {
    const program = `
      import { createLog } from './src/telemetry/log.ts';
      createLog({ level: 'info', name: 'sluice' }).error({ port: 8080 }, 'the port is taken');
      process.exit(2);
    `;
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', program],
      { encoding: 'utf8', timeout: 10_000 },
    );
    assert.equal(status, 2);
    assert.equal(stdout, '');
    assert.equal(JSON.parse(stderr).msg, 'the port is taken');
  });

  it('has a silent twin with the same shape', () => {
    assert.deepEqual(Object.keys(silentLog).sort(), ['debug', 'error', 'info', 'warn']);
    assert.doesNotThrow(() => silentLog.error({ a: 1 }, 'nobody hears this'));
  });
});
