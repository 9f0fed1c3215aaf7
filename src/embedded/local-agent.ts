import type { Log } from '../telemetry/log.ts';
import type { Catalog } from './catalog.ts';
import type { Changes } from './changes.ts';
import type { CheckDefinition } from './check-definition.ts';
import type { Clock } from './clock.ts';
import { ApiError } from './errors.ts';
import { httpProbe, startProbing, tcpProbe } from './probe.ts';
import type { CheckRow, CheckStatus, ServiceRow } from './rows.ts';
import { SERF_CHECK, SERVER_SERVICE } from './self.ts';
import type { ServiceDefinition } from './service-definition.ts';
import { type Report, startTtl, type TtlCheck } from './ttl.ts';

export interface LocalAgentParts {
  /** The name of the node that everything is registered on. */
  readonly node: string;
  readonly catalog: Catalog;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly log: Log;
}

interface RunningCheck {
  readonly definition: CheckDefinition;
  readonly serviceId: string;
  readonly run: TtlCheck | { stop(): void };
  /** Set while the check is critical and its service is to be taken out for it. */
  cancelReaping?: () => void;
}

const DEFAULT_REASON =
  'Maintenance mode is enabled for this service, but no reason was provided. This is a default message.';

/**
 * The services of this node with the checks that run for them: what Consul's agent does, as opposed to its
 * catalog. Each call is one change of the catalog.
 */
export class LocalAgent {
  readonly #parts: LocalAgentParts;
  readonly #running = new Map<string, RunningCheck>();

  constructor(parts: LocalAgentParts) {
    this.#parts = parts;
  }

  /**
   * Registers, or registers again: a check that is known by its id keeps its status and output, whatever
   * the definition says, so that nothing flaps (as Consul 1.8.7 does).
   *
   * @param options.replaceChecks drop checks that the definition no longer names; else they stay
   */
  register({ row, checks }: ServiceDefinition, { replaceChecks }: { replaceChecks: boolean }): void {
    const { catalog, changes } = this.#parts;
    const named = new Set(checks.map(check => check.id));
    const others = this.#checksOf(row.ID).filter(check => !named.has(check.CheckID));
    changes.commit(moment => {
      catalog.putService(moment, row);
      for (const check of checks) catalog.putCheck(moment, this.#checkRow(check, row));
      for (const check of others) {
        if (replaceChecks) catalog.removeCheck(moment, row.Node, check.CheckID);
        else catalog.putCheck(moment, withService(check, row));
      }
    });
    if (replaceChecks) for (const check of others) this.#stop(check.CheckID);
    for (const check of checks) this.#start(check, row.ID);
  }

  /** Without effect where the id is unknown, as in Consul. */
  deregister(serviceId: string): void {
    if (serviceId === SERVER_SERVICE) return;
    const { catalog, changes, node } = this.#parts;
    for (const check of this.#checksOf(serviceId)) this.#stop(check.CheckID);
    changes.commit(moment => catalog.removeService(moment, node, serviceId));
  }

  /** @param serviceId empty for a check of the whole node */
  registerCheck(check: CheckDefinition, serviceId: string): void {
    const { catalog, changes, node } = this.#parts;
    const service = serviceId === '' ? undefined : catalog.service(node, serviceId);
    if (serviceId !== '' && service === undefined) {
      throw new ApiError(500, `ServiceID "${serviceId}" does not exist`);
    }
    changes.commit(moment => catalog.putCheck(moment, this.#checkRow(check, service)));
    this.#start(check, serviceId);
  }

  deregisterCheck(checkId: string): void {
    if (checkId === SERF_CHECK) return;
    const { catalog, changes, node } = this.#parts;
    this.#stop(checkId);
    changes.commit(moment => catalog.removeCheck(moment, node, checkId));
  }

  /** A verdict from the service itself; only TTL checks take one. */
  updateTtl(checkId: string, status: CheckStatus, output: string): void {
    const run = this.#running.get(checkId)?.run;
    if (run === undefined || !('refresh' in run)) {
      throw new ApiError(500, `CheckID "${checkId}" does not have associated TTL`);
    }
    run.refresh(output);
    this.#setStatus(checkId, status, output);
  }

  /** A critical check of its own; a second reason does not replace the first. */
  setMaintenance(serviceId: string, enable: boolean, reason: string): void {
    const { catalog, changes, node } = this.#parts;
    const service = catalog.service(node, serviceId);
    if (service === undefined) throw new ApiError(404, `No service registered with ID "${serviceId}"`);
    const id = `_service_maintenance:${serviceId}`;
    if (!enable) this.deregisterCheck(id);
    if (!enable || catalog.check(node, id) !== undefined) return;
    const row: CheckRow = {
      ...ofService(service),
      Node: node,
      CheckID: id,
      Name: 'Service Maintenance Mode',
      Status: 'critical',
      Notes: reason === '' ? DEFAULT_REASON : reason,
      Output: '',
      Type: 'maintenance',
    };
    changes.commit(moment => catalog.putCheck(moment, row));
  }

  stop(): void {
    for (const checkId of [...this.#running.keys()]) this.#stop(checkId);
  }

  #checksOf(serviceId: string): CheckRow[] {
    const { catalog, node } = this.#parts;
    return catalog
      .checks(check => check.Node === node && check.ServiceID === serviceId)
      .map(({ CreateIndex: _c, ModifyIndex: _m, ...row }) => row);
  }

  #checkRow(check: CheckDefinition, service: ServiceRow | undefined): CheckRow {
    const { catalog, node } = this.#parts;
    const before = catalog.check(node, check.id);
    return {
      ...(service === undefined ? OF_THE_NODE : ofService(service)),
      Node: node,
      CheckID: check.id,
      Name: check.name,
      Status: before?.Status ?? check.status,
      Notes: check.notes,
      Output: before?.Output ?? '',
      Type: check.kind.type,
    };
  }

  #start(definition: CheckDefinition, serviceId: string): void {
    this.#stop(definition.id);
    const report: Report = (status, output) => this.#setStatus(definition.id, status, output);
    this.#running.set(definition.id, { definition, serviceId, run: this.#run(definition, report) });
    this.#watchCritical(definition.id);
  }

  #run({ kind }: CheckDefinition, report: Report): RunningCheck['run'] {
    const { clock } = this.#parts;
    switch (kind.type) {
      case 'ttl':
        return startTtl(kind.ttlMs, clock, report);
      case 'http':
        return startProbing(httpProbe(kind), kind.intervalMs, clock, report);
      case 'tcp':
        return startProbing(tcpProbe(kind.address, kind.timeoutMs), kind.intervalMs, clock, report);
    }
  }

  #stop(checkId: string): void {
    const check = this.#running.get(checkId);
    check?.run.stop();
    check?.cancelReaping?.();
    this.#running.delete(checkId);
  }

  #setStatus(checkId: string, status: CheckStatus, output: string): void {
    const { catalog, changes, node } = this.#parts;
    const before = catalog.check(node, checkId);
    if (before === undefined) return;
    const { CreateIndex: _c, ModifyIndex: _m, ...row } = before;
    changes.commit(moment => catalog.putCheck(moment, { ...row, Status: status, Output: output }));
    this.#watchCritical(checkId);
  }

  /** Starts the reaper's clock when a check has turned critical, and stops it when it has recovered. */
  #watchCritical(checkId: string): void {
    const { catalog, clock, log, node } = this.#parts;
    const check = this.#running.get(checkId);
    const after = check?.definition.deregisterAfterMs;
    if (check === undefined || after === undefined || check.serviceId === '') return;
    if (catalog.check(node, checkId)?.Status !== 'critical') {
      check.cancelReaping?.();
      delete check.cancelReaping;
      return;
    }
    check.cancelReaping ??= clock.after(after, () => {
      const { serviceId } = check;
      log.warn({ serviceId, checkId, criticalForMs: after }, 'deregistered a service that stayed critical');
      this.deregister(serviceId);
    });
  }
}

type ServicePart = Pick<CheckRow, 'ServiceID' | 'ServiceName' | 'ServiceTags'>;

const OF_THE_NODE: ServicePart = { ServiceID: '', ServiceName: '', ServiceTags: [] };

const ofService = ({ ID, Service, Tags }: ServiceRow): ServicePart => ({
  ServiceID: ID,
  ServiceName: Service,
  ServiceTags: Tags,
});

const withService = (check: CheckRow, service: ServiceRow): CheckRow => ({ ...check, ...ofService(service) });
