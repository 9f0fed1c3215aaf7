import type { Health, Instance } from '../core/model/instance.ts';
import { formatHostPort, isHost } from '../core/values.ts';
import type { HealthEntry } from './answers.ts';

export interface ReadInstances {
  readonly instances: readonly Instance[];
  /** One line for each entry that can't be routed to. */
  readonly skipped: readonly string[];
}

/** The typed instances of one answer of `/v1/health/service/NAME`, in a stable order. */
export const readInstances = (entries: readonly HealthEntry[]): ReadInstances => {
  const instances: Instance[] = [];
  const skipped: string[] = [];
  for (const entry of entries) {
    const { Node: node, Service: service } = entry;
    const address = service.Address || node.Address;
    if (!isHost(address) || service.Port < 1 || service.Port > 65_535) {
      skipped.push(`${node.Node}/${service.ID} has no ${isHost(address) ? 'port' : 'address'}`);
      continue;
    }
    const health = healthOf(entry);
    instances.push({
      id: `${node.Node}/${service.ID}@${formatHostPort({ host: address, port: service.Port })}`,
      service: service.Service,
      serviceId: service.ID,
      node: node.Node,
      address,
      port: service.Port,
      health,
      tags: service.Tags ?? [],
      weight: (health === 'warning' ? service.Weights?.Warning : service.Weights?.Passing) ?? 1,
      createIndex: service.CreateIndex,
      modifyIndex: service.ModifyIndex,
    });
  }
  // Consul's own order changes when an instance registers again; that alone is no change.
  instances.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  return { instances, skipped };
};

/** The worst of all checks of the instance and its node. Maintenance is a check of a well-known name. */
const healthOf = ({ Checks: checks }: HealthEntry): Health => {
  let worst: Health = 'passing';
  for (const { CheckID: id, Status: status } of checks ?? []) {
    if (id === '_node_maintenance' || id.startsWith('_service_maintenance:')) return 'maintenance';
    if (status === 'warning') worst = worst === 'passing' ? 'warning' : worst;
    else if (status !== 'passing') worst = 'critical';
  }
  return worst;
};
