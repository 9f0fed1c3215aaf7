import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Cookie, cookieFor } from '../../src/core/cookie.ts';

describe('the cookie that a caller gets', () => {
  const table: [cookie: Partial<Cookie>, isSecure: boolean, line: string][] = [
    [{}, false, 'id=7; Path=/; HttpOnly; SameSite=Lax'],
    [{}, true, 'id=7; Path=/; HttpOnly; SameSite=Lax; Secure'],
    [{ path: '/shop', maxAge: 60 }, false, 'id=7; Path=/shop; Max-Age=60; HttpOnly; SameSite=Lax'],
  ];
  for (const [cookie, isSecure, line] of table) {
    it(line, () => assert.equal(cookieFor({ name: 'id', ...cookie }, '7', isSecure), line));
  }
});
