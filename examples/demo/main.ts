// The demo: a gateway, two versions of a service, another one that they call, some traffic, and a live view of
// where it goes. `npm run demo` runs it. What is started, and how, is in stage.ts.

import { setTimeout as sleep } from 'node:timers/promises';
import { type Arguments, readArguments, USAGE } from './arguments.ts';
import { type Addresses, chooseAddresses, hints } from './commands.ts';
import { readDial } from './dial.ts';
import { openScreen } from './screen.ts';
import { takeSignals } from './signals.ts';
import { createStage } from './stage.ts';
import { openTracePage } from './trace-page.ts';
import { runTraffic, Window } from './traffic.ts';
import { frame, paintFor, pictureOf, plainLine } from './view.ts';

const REQUESTS_PER_SECOND = 20;
const WINDOW = 10_000;

/** @returns why it ended before it was told to */
const demo = async ({ real, duration }: Arguments): Promise<unknown> => {
  const began = performance.now();
  const { stopping, hurry } = takeSignals();
  // `npm run demo | head`: nobody is there to look any more.
  process.stdout.on('error', () => stopping.abort());
  const notes: string[] = [];
  const note = (line: string): void => {
    notes.push(line);
    console.log(line);
  };

  const addresses = await chooseAddresses(real, (what, port, address) =>
    note(`Port ${port} is taken, so ${what} is at ${address}.`),
  );
  const page = await openTracePage(addresses.page, addresses.otlp);
  console.log(`Starting ${real ? 'Consul, Redis, ' : ''}the gateway, orders v1 and v2, and users …`);
  const stage = createStage(addresses, stopping.signal);
  let failure: unknown;
  stage.died.catch(error => {
    failure = error;
    stopping.abort();
  });
  let ending: NodeJS.Timeout | undefined;
  try {
    await stage.started;
    note(`The first request was answered after ${((performance.now() - began) / 1_000).toFixed(1)} s.`);
    if (duration !== undefined) ending = setTimeout(() => stopping.abort(), duration);
    await show(addresses, notes, stopping.signal);
  } catch (error) {
    if (!stopping.signal.aborted) failure = error;
  }
  clearTimeout(ending);
  stopping.abort();
  console.log('Stopping …');
  await stage.stop(hurry);
  await page.close();
  return failure;
};

/** Traffic and its picture, until it is told to stop. */
const show = async (addresses: Addresses, notes: readonly string[], stopping: AbortSignal): Promise<void> => {
  const { gateway, admin, redis } = addresses;
  const { stdout, env } = process;
  const still = {
    title: `Sluice demo: ${redis === undefined ? 'embedded Consul, weights in memory' : 'real Consul and Redis'}`,
    hints: hints(addresses),
    notes,
  };
  const paint = paintFor(stdout.isTTY && (env.NO_COLOR ?? '') === '');
  const screen = stdout.isTTY ? openScreen(stdout) : undefined;
  if (screen === undefined) {
    for (const { about, lines } of still.hints) console.log([`${about}:`, ...lines].join('\n'));
  }
  const window = new Window(WINDOW);
  const traffic = runTraffic(`http://${gateway}`, REQUESTS_PER_SECOND, stopping, sample =>
    window.add(sample),
  );
  try {
    let dial = await readDial(admin, 'orders');
    while (!stopping.aborted) {
      const picture = { ...still, ...pictureOf(dial, window, performance.now()) };
      if (screen === undefined) console.log(plainLine(picture));
      else screen.draw(frame(picture, paint));
      await sleep(1_000, undefined, { signal: stopping }).catch(() => {});
      dial = await readDial(admin, 'orders').catch(() => dial);
    }
    await traffic;
  } finally {
    screen?.close();
  }
};

const given = readArguments(process.argv.slice(2));
if ('problem' in given) {
  console.error(`demo: ${given.problem}\n\n${USAGE}`);
  process.exit(2);
}
const failure = await demo(given);
if (failure !== undefined) console.error(failure instanceof Error ? failure.message : failure);
process.exitCode = failure === undefined ? 0 : 1;
