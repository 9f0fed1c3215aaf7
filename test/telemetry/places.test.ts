import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Places } from '../../src/telemetry/places.ts';
import { MAX_SERIES } from '../../src/telemetry/series.ts';

const createPlaces = () => {
  const made: string[] = [];
  const places = new Places((...where) => {
    made.push(where.join(' '));
    return where;
  });
  return { places, made };
};

describe('places', () => {
  it('are told apart by each of their parts, and made once', () => {
    const { places, made } = createPlaces();
    const all = ['r1', 'r2'].flatMap(route =>
      ['s1', 's2'].flatMap(service => ['v1', 'v2'].map(version => ({ route, service, version }))),
    );
    for (const where of [...all, ...all.toReversed(), {}]) {
      const { route = '', service = '', version = '' } = where as Record<string, string>;
      assert.deepEqual(places.at(where), [route, service, version]);
      assert.deepEqual(places.at(where), [route, service, version]);
    }
    assert.equal(made.length, all.length + 1);
  });

  it('are made anew once they are cleared, the last one too', () => {
    const { places, made } = createPlaces();
    places.at({ route: 'r' });
    places.clear();
    places.at({ route: 'r' });
    assert.equal(made.length, 2);
  });

  it('do not grow without end', () => {
    const { places, made } = createPlaces();
    for (let i = 0; i <= MAX_SERIES; i++) places.at({ route: `r${i}` });
    places.at({ route: 'r0' });
    assert.equal(made.filter(where => where.startsWith('r0 ')).length, 2);
  });
});
