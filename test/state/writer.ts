import { replaceFile } from '../../src/state/file.ts';
import { encodeState } from '../../src/state/format.ts';
import { instance } from '../core/build.ts';
import { ORIGIN, snapshotOf } from './build.ts';

/** Writes a state of many chunks again and again until it is killed; says `+` at each chunk, `.` at each end. */
const [file = ''] = process.argv.slice(2);
const instances = Array.from({ length: 2_000 }, (_, n) => instance({ service: `service-${n}` }));
const snapshot = snapshotOf(instances);

const chunks = function* (): Generator<string> {
  for (const chunk of encodeState(snapshot, ORIGIN)) {
    process.stdout.write('+');
    yield chunk;
  }
};

for (;;) {
  await replaceFile(file, chunks(), Date.now());
  process.stdout.write('.');
}
