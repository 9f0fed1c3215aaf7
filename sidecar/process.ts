import { ConfigError, type Env } from '../src/core/settings/settings.ts';
import { formatHostPort } from '../src/core/values.ts';
import { openUpstreamTls, planUpstreamTls } from '../src/proxy/upstream/follow-credentials.ts';
import type { Log } from '../src/telemetry/log.ts';
import { openTelemetry, type Telemetry } from '../src/telemetry/telemetry.ts';
import type { SidecarConfig } from './config.ts';
import { createOutbound } from './outbound.ts';
import { openParts, type Parts } from './parts.ts';
import { httpProbe, tcpProbe } from './probe.ts';
import { type Program, startProgram } from './program.ts';
import { programEnv } from './program-env.ts';
import { serve } from './serve.ts';
import { type Signals, takeSignals } from './signals.ts';
import { untilWell } from './startup.ts';

/**
 * Runs a program as an instance of a service, from its start to its end.
 *
 * @returns the program's exit code, as a shell tells it
 * @throws ConfigError, ListenError where it can't begin
 */
export const runSidecar = async (config: SidecarConfig, env: Env, log: Log): Promise<number> => {
  await refuseTakenPort(config.port);
  const upstreamTlsPlan = planUpstreamTls(config);
  const parts = openParts(config, log, 'any');
  const telemetry = openTelemetry(
    { ...config, otelServiceName: config.otelServiceName ?? config.service },
    log,
  );
  let program: Program | undefined;
  const signals = takeSignals(signal => program?.signal(signal));
  const outbound = createOutbound({
    called: parts.called,
    observer: telemetry.observer('sidecar-outbound'),
    log,
  });
  const stopUpstreamTls = openUpstreamTls(upstreamTlsPlan, outbound.trust, log);
  try {
    const out = await outbound.listen(config.outbound);
    log.info({ outbound: formatHostPort(out) }, 'the program calls NAME.mesh through here');
    program = await startProgram(config.command, programEnv(env, config.port, out));
    log.info({ program: program.pid, command: config.command[0] }, 'the program is started');
    return await accompany({ config, program, parts, telemetry, signals, log });
  } finally {
    stopUpstreamTls();
    await outbound.close();
    await Promise.all([parts.close(), telemetry.close()]);
    signals.release();
  }
};

/** Whoever listens there already would be taken for the program. */
const refuseTakenPort = async (port: number): Promise<void> => {
  if (!(await tcpProbe(port)()).well) return;
  throw new ConfigError([
    `port ${port} is in use by another program; stop it, or give --port (and the program) another`,
  ]);
};

interface Company {
  readonly config: SidecarConfig;
  readonly program: Program;
  readonly parts: Parts;
  readonly telemetry: Telemetry;
  readonly signals: Signals;
  readonly log: Log;
}

/** From the program's start to its end, however that comes. */
const accompany = async (company: Company): Promise<number> => {
  const { config, program, parts, telemetry, signals, log } = company;
  const ended = new AbortController();
  void program.exited.then(() => ended.abort());
  const over = AbortSignal.any([signals.stop, ended.signal]);
  const { port, health, proto } = config;
  const probe = health === undefined ? tcpProbe(port) : httpProbe(port, health, proto);
  const what = health === undefined ? `port ${port}` : `port ${port}, path ${health}`;
  try {
    const address = await untilWell({ probe, what, log, signal: over });
    if (address !== undefined) {
      const observer = telemetry.observer('sidecar-inbound');
      await serve({
        ...{ config, consul: parts.consul, observer, probe, address, log },
        ...{ leave: over, ended: ended.signal, hurry: signals.hurry },
      });
    } else if (ended.signal.aborted) log.error(`the program ended before it was well at ${what}`);
  } finally {
    if (!ended.signal.aborted) log.info({ program: program.pid }, 'stopping the program');
    await program.stop(config.stopTimeout);
  }
  const code = await program.exited;
  log.info({ code }, 'the program has ended');
  return code;
};
