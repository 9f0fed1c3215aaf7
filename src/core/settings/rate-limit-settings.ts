import { readRatio } from '../values.ts';
import { setting } from './settings.ts';

export const RATE_LIMIT_SETTINGS = {
  rateLimitShare: setting({
    flag: '--rate-limit-share <share>',
    env: ['SLUICE_RATE_LIMIT_SHARE'],
    fallback: 1,
    fallbackText: '100%',
    read: text => readRatio(text) || undefined,
    expected: 'a share above 0, e.g. 25%',
    help: 'what part of a shared rate limit this gateway lets pass by itself while Redis is away; with four gateways 25% keeps the whole',
  }),
} as const;
