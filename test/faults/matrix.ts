import { CLIENT_FAULTS, clientRow } from './clients.ts';
import { OUTAGE_SCENES } from './outages.ts';
import { INSTANCE_SCENES } from './processes.ts';
import { REUSED_SCENES } from './reused.ts';
import type { Row } from './row.ts';
import { STATE_SCENES } from './state.ts';
import { WIRE_FAULTS, wireRow } from './wire.ts';

/** docs/faults.md, line by line. */
export const FAULT_ROWS: readonly Row[] = [
  ...WIRE_FAULTS.map(wireRow),
  ...REUSED_SCENES,
  ...INSTANCE_SCENES,
  ...OUTAGE_SCENES,
  ...CLIENT_FAULTS.map(clientRow),
  ...STATE_SCENES,
];
