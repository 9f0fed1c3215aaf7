import assert from 'node:assert/strict';
import { deregister } from '../support/service.ts';
import { eventually } from '../support/wait.ts';
import { codeText, type Row, timeoutText } from './row.ts';
import { blockLoop } from './support/inspector.ts';
import { type Answer, type Stage, TRY_TIMEOUT } from './support/stage.ts';

/** A line whose test needs real processes. */
export interface StageScene extends Row {
  /** Whose instances are blamed or not. */
  readonly service: string;
  readonly play: (stage: Stage) => Promise<void>;
}

const statuses = (answers: readonly Answer[]): number[] => [...new Set(answers.map(({ status }) => status))];

const codeOf = ({ text }: Answer): string => JSON.parse(text).code;

/** What becomes of instances, as processes. */
export const INSTANCE_SCENES: readonly StageScene[] = [
  {
    service: 'killed',
    fault: 'an instance killed with -9',
    caller:
      'the whole answer; 502 `upstream_reset` where the method is not idempotent and the request was there',
    retried: 'idempotent methods; every method from then on, until Consul has noticed',
    blamed: 'the instance',
    play: async stage => {
      const [killed] = await stage.service('killed', 3);
      // Every request takes a moment, so that some are under way at the end.
      const before = stage.askMany('killed', 60);
      killed?.signal('SIGKILL');
      assert.deepEqual(statuses(await before), [200]);
      await killed?.exited;
      assert.deepEqual(statuses(await stage.askMany('killed', 60)), [200]);
      assert.deepEqual(statuses(await stage.askMany('killed', 10, 'POST')), [200]);
    },
  },
  {
    service: 'frozen',
    fault: 'an instance frozen (SIGSTOP)',
    caller: `${codeText('upstream_timeout')}${timeoutText('responseHead')}, until it is ejected`,
    retried: 'nothing',
    blamed: 'the instance',
    play: async stage => {
      const [frozen] = await stage.service('frozen', 2);
      await stage.askMany('frozen', 20);
      frozen?.signal('SIGSTOP');
      const answers = await stage.askMany('frozen', 20);
      // Ejected by now, it gets the odd trial and nothing else.
      const others = await stage.askMany('frozen', 20);
      assert.ok(others.filter(({ status }) => status === 200).length >= 19);
      frozen?.signal('SIGCONT');
      await eventually(async () => (await stage.ask('frozen')).pid === frozen?.pid, {
        within: 5_000,
        hint: 'it is back',
      });
      const late = answers.filter(({ status }) => status !== 200);
      assert.ok(late.length > 0 && late.length < 20, `${late.length} of 20`);
      for (const answer of late) {
        assert.equal(answer.status, 504);
        assert.equal(codeOf(answer), 'upstream_timeout');
        assert.ok(answer.milliseconds > TRY_TIMEOUT * 0.9 && answer.milliseconds < TRY_TIMEOUT + 2_500);
      }
    },
  },
  {
    service: 'blocked',
    fault: 'an instance whose event loop is blocked for less than `try-timeout`',
    caller: 'the whole answer, late',
    retried: 'nothing',
    blamed: 'nobody',
    play: async stage => {
      await stage.service('blocked', 2);
      await stage.ask('blocked/block/500');
      const answers = await stage.askMany('blocked', 20);
      assert.deepEqual(statuses(answers), [200]);
      assert.ok(answers.some(({ milliseconds }) => milliseconds > 250));
    },
  },
  {
    service: 'dead',
    fault: 'all instances killed, and Consul has not noticed',
    caller: codeText('connect_failed'),
    retried: 'every method',
    blamed: 'the instances',
    play: async stage => {
      const all = await stage.service('dead', 2);
      await Promise.all(all.map(each => each.stop('SIGKILL')));
      const answers = await stage.askMany('dead', 10);
      assert.deepEqual(statuses(answers), [502]);
      assert.deepEqual([...new Set(answers.map(codeOf))], ['connect_failed']);
    },
  },
  {
    service: 'critical',
    fault: 'all instances critical in Consul',
    caller: codeText('no_instance'),
    retried: 'nothing',
    blamed: 'nobody',
    play: async stage => {
      const [only] = await stage.service('critical', 1);
      const url = `http://${stage.consul.address}/v1/agent/service/maintenance/${only?.id}?enable=true`;
      await fetch(url, { method: 'PUT' });
      const answer = await until(stage, 'critical', 503);
      assert.equal(codeOf(answer), 'no_instance');
    },
  },
  {
    service: 'gone',
    fault: 'all instances deregistered',
    caller: codeText('no_route'),
    retried: 'nothing',
    blamed: 'nobody',
    play: async stage => {
      const [only] = await stage.service('gone', 1);
      await deregister(stage.consul.address, only?.id ?? '');
      const answer = await until(stage, 'gone', 404);
      assert.equal(codeOf(answer), 'no_route');
    },
  },
  {
    service: 'own',
    fault: "the gateway's own event loop blocked for less than half a second",
    caller: 'the whole answer, late',
    retried: 'nothing',
    blamed: 'nobody',
    play: async stage => {
      await stage.service('own', 2);
      await stage.ask('own');
      const blocked = blockLoop(stage.gateway, 400);
      assert.deepEqual(statuses(await stage.askMany('own', 20)), [200]);
      await blocked;
    },
  },
  {
    service: 'stopped',
    fault: 'the gateway frozen for longer than every time-out (SIGSTOP, SIGCONT)',
    caller: 'the whole answer, late',
    retried: 'nothing',
    blamed: 'nobody',
    play: async stage => {
      await stage.service('stopped', 2);
      // The answers come while the gateway is stopped, and are there when it goes on.
      const answers = stage.askMany(`stopped/slow/${TRY_TIMEOUT * 0.7}`, 20);
      await eventually(async () => /^sluice_requests_in_flight\S* 20$/m.test(await stage.metrics()), {
        within: TRY_TIMEOUT,
        hint: 'all are under way',
      });
      stage.gateway.signal('SIGSTOP');
      const since = performance.now();
      await eventually(() => performance.now() - since > TRY_TIMEOUT * 1.2, {
        within: 5_000,
        hint: 'some time',
      });
      stage.gateway.signal('SIGCONT');
      assert.deepEqual(statuses(await answers), [200]);
    },
  },
];

const until = (stage: Stage, name: string, status: number): Promise<Answer> =>
  eventually(
    async () => {
      const answer = await stage.ask(name);
      return answer.status === status ? answer : undefined;
    },
    { within: 2_000, hint: `${name} is a ${status}` },
  );
