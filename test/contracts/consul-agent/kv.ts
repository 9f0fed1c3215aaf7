import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Api } from './api.ts';

interface Pair {
  readonly Key: string;
  readonly Value: string | null;
  readonly Flags: number;
}

export const kvContract = (api: Api): void => {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');

  describe('keys and values', () => {
    test('are written, read as JSON and raw, listed and deleted', async () => {
      await api.put('/kv/shop/a', 'one');
      await api.put('/kv/shop/b/c?flags=42', 'two');
      await api.put('/kv/shop/empty');
      const one = await api.get<Pair[]>('/kv/shop/a');
      assert.deepEqual([one.body[0]?.Key, one.body[0]?.Value], ['shop/a', base64('one')]);
      assert.ok(one.index > 0);
      assert.equal((await api.call('GET', '/kv/shop/a?raw')).body, 'one');
      assert.deepEqual(
        (await api.get<Pair[]>('/kv/shop?recurse')).body.map(p => [p.Key, p.Value, p.Flags]),
        [
          ['shop/a', base64('one'), 0],
          ['shop/b/c', base64('two'), 42],
          ['shop/empty', null, 0],
        ],
      );
      assert.deepEqual((await api.get('/kv/shop/?keys&separator=/')).body, [
        'shop/a',
        'shop/b/',
        'shop/empty',
      ]);
      assert.equal((await api.call('DELETE', '/kv/shop/a')).body.trim(), 'true');
      assert.equal((await api.call('GET', '/kv/shop/a')).status, 404);
      await api.call('DELETE', '/kv/shop?recurse');
      assert.equal((await api.call('GET', '/kv/shop?recurse')).status, 404);
    });

    test('who waits for a prefix is woken by a key below it, and by its deletion', async () => {
      await api.put('/kv/watch/a', 'one');
      const first = await api.get<Pair[]>('/kv/watch/?recurse');
      const writing = api.wait<Pair[]>('/kv/watch/?recurse', first.index);
      await api.put('/kv/watch/b', 'two');
      const second = await writing;
      assert.equal(second.body.length, 2);
      const deleting = api.wait<Pair[]>('/kv/watch/?recurse', second.index);
      await api.call('DELETE', '/kv/watch/b');
      assert.equal((await deleting).body.length, 1);
      await api.call('DELETE', '/kv/watch?recurse');
    });
  });
};
