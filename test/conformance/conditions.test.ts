import { describe } from 'node:test';
import { conformance, row } from './harness.ts';
import { route, V1, V2, V3 } from './routes.ts';

describe('HTTPRouteHeaderMatching', () => {
  const rules = `
    - matches: [{headers: [{name: version, value: one}]}]
      backendRefs: [{name: ${V1}}]
    - matches: [{headers: [{name: version, value: two}]}]
      backendRefs: [{name: ${V2}}]
    - matches: [{headers: [{name: version, value: two}, {name: color, value: orange}]}]
      backendRefs: [{name: ${V1}}]
    - matches: [{headers: [{name: color, value: blue}]}, {headers: [{name: color, value: green}]}]
      backendRefs: [{name: ${V1}}]
    - matches: [{headers: [{name: color, value: red}]}, {headers: [{name: color, value: yellow}]}]
      backendRefs: [{name: ${V2}}]`;
  conformance(route('header-matching', rules), [
    row('/', V1, { Version: 'one' }),
    row('/', V2, { Version: 'two' }),
    row('/', V1, { Version: 'two', Color: 'orange' }),
    row('/', V2, { Version: 'two', Color: 'blue' }),
    row('/', 404, { Color: 'orange' }),
    row('/', 404, { 'Some-Other-Header': 'one' }),
    row('/', V1, { Color: 'blue' }),
    row('/', V1, { Color: 'green' }),
    row('/', V2, { Color: 'red' }),
    row('/', V2, { Color: 'yellow' }),
    row('/', 404, { Color: 'purple' }),
  ]);
});

describe('HTTPRouteMethodMatching', () => {
  const rules = `
    - matches: [{method: POST}]
      backendRefs: [{name: ${V1}}]
    - matches: [{method: GET}]
      backendRefs: [{name: ${V2}}]
    - matches: [{path: {type: PathPrefix, value: /path1}, method: GET}]
      backendRefs: [{name: ${V1}}]
    - matches: [{headers: [{name: version, value: one}], method: PUT}]
      backendRefs: [{name: ${V2}}]
    - matches: [{path: {type: PathPrefix, value: /path2}, headers: [{name: version, value: two}], method: POST}]
      backendRefs: [{name: ${V3}}]
    - matches:
        - {path: {type: PathPrefix, value: /path3}, method: PATCH}
        - {path: {type: PathPrefix, value: /path4}, headers: [{name: version, value: three}], method: DELETE}
      backendRefs: [{name: ${V1}}]
    - matches: [{path: {type: PathPrefix, value: /path5}}]
      backendRefs: [{name: ${V1}}]
    - matches: [{method: PATCH}]
      backendRefs: [{name: ${V2}}]
    - matches: [{headers: [{name: version, value: four}]}]
      backendRefs: [{name: ${V3}}]`;
  conformance(route('method-matching', rules), [
    row('POST /', V1),
    row('GET /', V2),
    row('HEAD /', 404),
    row('GET /path1', V1),
    row('PUT /', V2, { version: 'one' }),
    row('POST /path2', V3, { version: 'two' }),
    row('PATCH /path3', V1),
    row('DELETE /path4', V1, { version: 'three' }),
    row('PUT /', 404),
    row('DELETE /path4', 404),
    row('PATCH /path5', V1),
    row('PATCH /', V2, { version: 'four' }),
  ]);
});

describe('HTTPRouteQueryParamMatching', () => {
  const rules = `
    - matches: [{queryParams: [{name: animal, value: whale}]}]
      backendRefs: [{name: ${V1}}]
    - matches: [{queryParams: [{name: animal, value: dolphin}]}]
      backendRefs: [{name: ${V2}}]
    - matches:
        - queryParams: [{name: animal, value: dolphin}, {name: color, value: blue}]
        - queryParams: [{name: ANIMAL, value: Whale}]
      backendRefs: [{name: ${V3}}]
    - matches: [{path: {type: PathPrefix, value: /path1}, queryParams: [{name: animal, value: whale}]}]
      backendRefs: [{name: ${V1}}]
    - matches: [{headers: [{name: version, value: one}], queryParams: [{name: animal, value: whale}]}]
      backendRefs: [{name: ${V2}}]
    - matches:
        - path: {type: PathPrefix, value: /path2}
          headers: [{name: version, value: two}]
          queryParams: [{name: animal, value: whale}]
      backendRefs: [{name: ${V3}}]
    - matches:
        - path: {type: PathPrefix, value: /path3}
          queryParams: [{name: animal, value: shark}]
        - path: {type: PathPrefix, value: /path4}
          headers: [{name: version, value: three}]
          queryParams: [{name: animal, value: kraken}]
      backendRefs: [{name: ${V1}}]
    - matches: [{path: {type: PathPrefix, value: /path5}}]
      backendRefs: [{name: ${V1}}]
    - matches: [{queryParams: [{name: animal, value: hydra}]}]
      backendRefs: [{name: ${V2}}]
    - matches: [{headers: [{name: version, value: four}]}]
      backendRefs: [{name: ${V3}}]`;
  conformance(route('query-param-matching', rules), [
    row('/?animal=whale', V1),
    row('/?animal=dolphin', V2),
    row('/?animal=dolphin&color=blue', V3),
    row('/?ANIMAL=Whale', V3),
    row('/?animal=whale&otherparam=irrelevant', V1),
    row('/?animal=dolphin&color=yellow', V2),
    row('/?color=blue', 404),
    row('/?animal=dog', 404),
    row('/?animal=whaledolphin', 404),
    row('/', 404),
    row('/path1?animal=whale', V1),
    row('/?animal=whale', V2, { version: 'one' }),
    row('/path2?animal=whale', V3, { version: 'two' }),
    row('/path3?animal=shark', V1),
    row('/path4?animal=kraken', V1, { version: 'three' }),
    row('/?animal=shark', 404),
    row('/path4?animal=kraken', 404),
    row('/path5?animal=hydra', V1),
    row('/?animal=hydra', V3, { version: 'four' }),
  ]);
});
