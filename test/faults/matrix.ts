import { CLIENT_FAULTS, clientRow } from './clients.ts';
import { OUTAGE_SCENES } from './outages.ts';
import { INSTANCE_SCENES } from './processes.ts';
import { REUSED_SCENES } from './reused.ts';
import { type Row, tableOf } from './row.ts';
import { STATE_SCENES } from './state.ts';
import { WIRE_FAULTS, wireRow } from './wire.ts';

const SECTIONS: Readonly<Record<string, readonly Row[]>> = {
  'Between the gateway and an instance': WIRE_FAULTS.map(wireRow),
  'On a connection that is used again': REUSED_SCENES,
  'Processes and their event loops': INSTANCE_SCENES,
  'What the gateway depends on': [...OUTAGE_SCENES, ...STATE_SCENES],
  'The caller': CLIENT_FAULTS.map(clientRow),
};

/** What docs/faults.md has between its markers. */
export const faultsPage = (): string =>
  Object.entries(SECTIONS)
    .map(([title, rows]) => `\n## ${title}\n\n${tableOf(rows)}`)
    .join('');
