import { DEFAULT_PIN_HEADER, DEFAULT_STICKY_KEY, type Picking } from '../decide/picking.ts';
import { Kept } from '../kept.ts';
import { SessionSeal } from '../route/session-seal.ts';
import { type SettingValues, setting } from './settings.ts';

export const PIN_MODES = ['off', 'header', 'path', 'both'] as const;

const HEADER_NAME = /^[!#$%&'*+.^_`|~\w-]{1,128}$/;

/** How requests pin their version, and how callers stay with theirs. */
export const PICKING_SETTINGS = {
  pin: setting<(typeof PIN_MODES)[number]>({
    flag: '--pin <mode>',
    env: ['SLUICE_PIN'],
    fallback: 'header',
    read: text => PIN_MODES.find(mode => mode === text),
    expected: PIN_MODES.join(', '),
    help: `by what a request may name the version that is to serve it: ${PIN_MODES.join(', ')}`,
  }),
  pinHeader: setting({
    flag: '--pin-header <name>',
    env: ['SLUICE_PIN_HEADER'],
    fallback: DEFAULT_PIN_HEADER,
    read: text => (HEADER_NAME.test(text) ? text.toLowerCase() : undefined),
    expected: 'the name of a header, e.g. x-version',
    help: 'the header of --pin header',
  }),
  stickyKey: setting({
    flag: '--sticky-key <text>',
    env: ['SLUICE_STICKY_KEY'],
    fallback: DEFAULT_STICKY_KEY,
    read: text => (text === '' ? undefined : text),
    expected: 'any text, the same for all gateways and sidecars',
    help: 'mixed into the hash by which sticky callers get their version, and what tokens of sessions are signed with',
    isSecret: true,
  }),
} as const;

/** Of more splits than that, those begun first begin anew at the next change: nobody would notice. */
const MOST_SEQUENCES = 16_384;

/** What a process that gives its callers something to be known by needs for it. */
export interface Introducing {
  /** The value of a cookie that nobody else has. */
  readonly newCookie: () => string;
  /** Epoch milliseconds. */
  readonly clock: () => number;
}

/** How a request may name its version. */
export const pinningOf = ({
  pin,
  pinHeader,
}: Pick<SettingValues<typeof PICKING_SETTINGS>, 'pin' | 'pinHeader'>): Pick<
  Picking,
  'pinHeader' | 'pinsByPath'
> => ({
  pinHeader: pin === 'header' || pin === 'both' ? pinHeader : undefined,
  pinsByPath: pin === 'path' || pin === 'both',
});

/** @param introducing left out where callers are given nothing */
export const pickingOf = (
  settings: SettingValues<typeof PICKING_SETTINGS>,
  introducing?: Introducing,
): Picking => ({
  ...pinningOf(settings),
  stickyKey: settings.stickyKey,
  sequences: new Kept(MOST_SEQUENCES),
  ...(introducing === undefined
    ? {}
    : {
        newCookie: introducing.newCookie,
        sessions: { seal: new SessionSeal(settings.stickyKey), clock: introducing.clock },
      }),
});
