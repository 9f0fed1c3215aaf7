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
import { frame, paintFor, plainLine, rowsOf, weightsText } from './view.ts';

const REQUESTS_PER_SECOND = 20;
const WINDOW = 10_000;

const say = (line: string): void => console.log(line);

/** @returns why it ended before it was told to */
const demo = async ({ real, duration }: Arguments): Promise<unknown> => {
  const began = performance.now();
  const { stopping, hurry } = takeSignals();
  // `npm run demo | head`: nobody is there to look any more.
  process.stdout.on('error', () => stopping.abort());

  const addresses = await chooseAddresses(real, (what, port, address) =>
    say(`Port ${port} is taken, so ${what} is at ${address}.`),
  );
  const page = await openTracePage(addresses.page, addresses.otlp);
  say(`Starting ${real ? 'Consul, Redis, ' : ''}the gateway, orders v1 and v2, and users …`);
  const stage = createStage(addresses, stopping.signal);
  let failure: unknown;
  stage.died.catch(error => {
    failure = error;
    stopping.abort();
  });
  try {
    await stage.started;
    say(`The first request was answered after ${((performance.now() - began) / 1_000).toFixed(1)} s.`);
    const ending = setTimeout(() => stopping.abort(), duration ?? 0);
    if (duration === undefined) clearTimeout(ending);
    await show(addresses, real, stopping.signal);
    clearTimeout(ending);
  } catch (error) {
    if (!stopping.signal.aborted) failure = error;
  }
  stopping.abort();
  say('Stopping …');
  await stage.stop(hurry);
  await page.close();
  return failure;
};

/** Traffic and its picture, until it is told to stop. */
const show = async (addresses: Addresses, real: boolean, stopping: AbortSignal): Promise<void> => {
  const { stdout, env } = process;
  const screen = stdout.isTTY ? openScreen(stdout) : undefined;
  const paint = paintFor(stdout.isTTY && (env.NO_COLOR ?? '') === '');
  const title = `Sluice demo: ${real ? 'real Consul and Redis' : 'embedded Consul, weights in memory'}`;
  const toTry = hints(addresses);
  if (screen === undefined) {
    for (const { about, lines } of toTry) for (const line of [`${about}:`, ...lines]) say(line);
  }
  const window = new Window(WINDOW);
  const url = `http://${addresses.gateway}`;
  const traffic = runTraffic(url, REQUESTS_PER_SECOND, stopping, sample => window.add(sample));
  try {
    let dial = await readDial(addresses.admin, 'orders');
    while (!stopping.aborted) {
      const now = performance.now();
      const picture = {
        title,
        weights: weightsText(dial),
        rows: rowsOf(dial, window, now),
        total: window.figures(now),
        hints: toTry,
      };
      if (screen === undefined) say(plainLine(picture));
      else screen.draw(frame(picture, paint));
      await sleep(1_000, undefined, { signal: stopping }).catch(() => {});
      dial = await readDial(addresses.admin, 'orders').catch(() => dial);
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
