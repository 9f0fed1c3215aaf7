import { isAddressBlock } from '../address-set.ts';
import { type SettingValues, setting } from './settings.ts';

const readBlocks = (value: string): readonly string[] | undefined => {
  const blocks = value.split(',').map(each => each.trim());
  return blocks.every(isAddressBlock) ? blocks : undefined;
};

/** What stands between clients and the gateway, and what is asked of them. */
export const CLIENT_SETTINGS = {
  trustedProxies: setting<readonly string[]>({
    flag: '--trusted-proxies <addresses>',
    env: ['SLUICE_TRUSTED_PROXIES'],
    fallback: [],
    fallbackText: 'nobody',
    read: readBlocks,
    expected: 'addresses or CIDR blocks joined by commas, e.g. 10.0.0.0/8,192.0.2.7',
    help: 'whose word holds for who the client is and how it asked: X-Forwarded-*, Forwarded, the PROXY protocol',
  }),
  proxyProtocol: setting<'off' | 'require'>({
    flag: '--proxy-protocol <off|require>',
    env: ['SLUICE_PROXY_PROTOCOL'],
    fallback: 'off',
    read: value => (value === 'off' || value === 'require' ? value : undefined),
    expected: 'off or require',
    help: 'whether each connection begins with a header of the PROXY protocol (v1 or v2); others are closed',
  }),
};

export type ClientSettings = SettingValues<typeof CLIENT_SETTINGS>;

/** What does not go together, a line each. */
export const clientProblems = ({ trustedProxies, proxyProtocol }: ClientSettings): string[] =>
  proxyProtocol === 'require' && trustedProxies.length === 0
    ? [
        '--proxy-protocol: require takes connections of trusted proxies only: say which, e.g. --trusted-proxies 10.0.0.0/8',
      ]
    : [];
