import assert from 'node:assert/strict';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkTexts, textsOf } from '../../src/documents/check.ts';

it('the example routes are in force together, without a word about them', async () => {
  const texts = await textsOf([fileURLToPath(new URL('../../examples/routes', import.meta.url))]);
  const { shelf } = checkTexts(texts);
  assert.deepEqual(shelf.problems, []);
  assert.deepEqual(shelf.routes.map(({ route }) => route.name).sort(), [
    'default/api',
    'default/api-search',
    'default/checkout',
    'default/https-only',
    'default/shop',
  ]);
});
