/** The case of many rules: so many services with so many paths each. load/wrk.lua makes the same paths. */
export const RULE_SERVICES = 100;
export const RULES = 10_000;

/** A path that only rule number `i` matches. */
export const rulePath = (i: number): string => `/s${i % RULE_SERVICES}/p${Math.floor(i / RULE_SERVICES)}/x`;
