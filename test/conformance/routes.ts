export const V1 = 'infra-backend-v1';
export const V2 = 'infra-backend-v2';
export const V3 = 'infra-backend-v3';

/**
 * The text of one document.
 *
 * @param rules in YAML: a list
 */
export const route = (name: string, rules: string, hostnames: readonly string[] = []): string => `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}, namespace: gateway-conformance-infra}
spec:
  parentRefs: [{name: same-namespace}]
  hostnames: ${JSON.stringify(hostnames)}
  rules: ${rules}
`;
