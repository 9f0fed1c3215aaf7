import { isDeepStrictEqual } from 'node:util';
import type { Moment } from './changes.ts';
import {
  CHECK_STATES,
  type CheckRow,
  type Indexes,
  type NodeRow,
  type ServiceRow,
  type Stored,
} from './rows.ts';

/**
 * Nodes, services and checks with the indexes of Consul 1.8: one per table and one per service name. Writes
 * happen under a moment of `Changes`; a write of what is there already changes nothing.
 */
export class Catalog {
  readonly #nodes = new Map<string, Stored<NodeRow>>();
  readonly #services = new Map<string, Stored<ServiceRow>>();
  readonly #checks = new Map<string, Stored<CheckRow>>();
  readonly #serviceIndexes = new Map<string, number>();
  /** The index of every name that is not there: when the last instance of any service went. */
  #extinctionIndex = 1;
  #nodesIndex = 1;
  #servicesIndex = 1;
  #checksIndex = 1;

  get nodesIndex(): number {
    return this.#nodesIndex;
  }

  /** Moves with every service that comes, changes or goes; never with health. */
  get servicesIndex(): number {
    return this.#servicesIndex;
  }

  /** Moves with every check that comes, changes its status or goes; not with output. */
  get checksIndex(): number {
    return this.#checksIndex;
  }

  /** Moves only with this service's instances and their checks (node checks too). */
  serviceIndex(name: string): number {
    return this.#serviceIndexes.get(name) ?? this.#extinctionIndex;
  }

  nodes(): Stored<NodeRow>[] {
    return inOrder(this.#nodes, everyone);
  }

  node(name: string): Stored<NodeRow> | undefined {
    return this.#nodes.get(name);
  }

  services(fits: (row: ServiceRow) => boolean = everyone): Stored<ServiceRow>[] {
    return inOrder(this.#services, fits);
  }

  service(node: string, id: string): Stored<ServiceRow> | undefined {
    return this.#services.get(keyOf(node, id));
  }

  checks(fits: (row: CheckRow) => boolean = everyone): Stored<CheckRow>[] {
    return inOrder(this.#checks, fits);
  }

  check(node: string, id: string): Stored<CheckRow> | undefined {
    return this.#checks.get(keyOf(node, id));
  }

  putNode(moment: Moment, row: NodeRow): void {
    if (!store(this.#nodes, row.Node, row, moment)) return;
    this.#nodesIndex = moment.index;
    moment.touch('nodes');
    for (const service of this.#servicesOn(row.Node)) this.#touchService(moment, service.Service);
  }

  removeNode(moment: Moment, name: string): void {
    for (const { CheckID } of this.checks(row => row.Node === name)) this.removeCheck(moment, name, CheckID);
    for (const service of this.#servicesOn(name)) this.removeService(moment, name, service.ID);
    if (!this.#nodes.delete(name)) return;
    this.#nodesIndex = moment.index;
    moment.touch('nodes');
  }

  putService(moment: Moment, row: ServiceRow): void {
    const before = this.service(row.Node, row.ID);
    if (!store(this.#services, keyOf(row.Node, row.ID), row, moment)) return;
    this.#touchServices(moment, row.Service);
    if (before !== undefined && before.Service !== row.Service) this.#touchServices(moment, before.Service);
  }

  /** Its checks go with it. */
  removeService(moment: Moment, node: string, id: string): void {
    const row = this.service(node, id);
    if (row === undefined) return;
    for (const { CheckID } of this.checks(check => check.Node === node && check.ServiceID === id)) {
      this.removeCheck(moment, node, CheckID);
    }
    this.#services.delete(keyOf(node, id));
    this.#touchServices(moment, row.Service);
  }

  putCheck(moment: Moment, row: CheckRow): void {
    const before = this.check(row.Node, row.CheckID);
    const key = keyOf(row.Node, row.CheckID);
    if (before !== undefined && isDeepStrictEqual(contentOf({ ...before, Output: row.Output }), row)) {
      // Output alone wakes nobody (Consul hands it on minutes later, for the same reason: it is never still).
      this.#checks.set(key, { ...before, Output: row.Output });
      return;
    }
    this.#touchStates(moment, before, row);
    store(this.#checks, key, row, moment);
    if (before !== undefined) this.#touchServicesOf(moment, before);
    this.#touchServicesOf(moment, row);
  }

  removeCheck(moment: Moment, node: string, id: string): void {
    const row = this.check(node, id);
    if (row === undefined) return;
    this.#touchStates(moment, row);
    this.#checks.delete(keyOf(node, id));
    this.#touchServicesOf(moment, row);
  }

  #servicesOn(node: string): Stored<ServiceRow>[] {
    return this.services(row => row.Node === node);
  }

  #touchServices(moment: Moment, name: string): void {
    this.#servicesIndex = moment.index;
    moment.touch('services');
    this.#touchService(moment, name);
  }

  #touchService(moment: Moment, name: string): void {
    moment.touch(`service:${name}`);
    if ([...this.#services.values()].some(row => row.Service === name))
      this.#serviceIndexes.set(name, moment.index);
    else {
      this.#serviceIndexes.delete(name);
      this.#extinctionIndex = moment.index;
    }
  }

  /** A check of the node is a check of every service on it. */
  #touchServicesOf(moment: Moment, check: CheckRow): void {
    const names =
      check.ServiceID === '' ? this.#servicesOn(check.Node).map(row => row.Service) : [check.ServiceName];
    for (const name of new Set(names)) this.#touchService(moment, name);
  }

  /**
   * As in Consul, who waits for a state is woken by changes into, within and out of it; while no check is in
   * that state, by every change of any check.
   */
  #touchStates(moment: Moment, ...rows: (CheckRow | undefined)[]): void {
    this.#checksIndex = moment.index;
    moment.touch('checks');
    const present = new Set([...this.#checks.values()].map(row => row.Status));
    for (const state of CHECK_STATES) {
      if (!present.has(state) || rows.some(row => row?.Status === state)) moment.touch(`state:${state}`);
    }
  }
}

/** No two pairs share a key, whatever characters the ids hold. */
const keyOf = (node: string, id: string): string => JSON.stringify([node, id]);

const contentOf = <Row>({ CreateIndex: _c, ModifyIndex: _m, ...row }: Row & Indexes): unknown => row;

/** @returns whether anything changed */
const store = <Row extends object>(
  table: Map<string, Stored<Row>>,
  key: string,
  row: Row,
  { index }: Moment,
): boolean => {
  const before = table.get(key);
  if (before !== undefined && isDeepStrictEqual(contentOf(before), row)) return false;
  table.set(key, { ...row, CreateIndex: before?.CreateIndex ?? index, ModifyIndex: index });
  return true;
};

const everyone = (): boolean => true;

const inOrder = <Row>(table: ReadonlyMap<string, Row>, fits: (row: Row) => boolean): Row[] =>
  [...table]
    .filter(([, row]) => fits(row))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, row]) => row);
