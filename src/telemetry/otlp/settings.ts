import { readFileSync } from 'node:fs';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { parseKeyPairsIntoRecord } from '@opentelemetry/core';
import { type SettingValues, setting } from '../../core/settings/settings.ts';
import { readCount } from '../../core/values.ts';

/** Name to value of what goes with each request to the receiver, e.g. a token. */
export type OtlpHeaders = Readonly<Record<string, string>>;

/** `name=value,name=value`, percent-encoded, as the OpenTelemetry specification has it. */
const readHeaders = (text: string): OtlpHeaders | undefined => {
  try {
    const headers = parseKeyPairsIntoRecord(text);
    for (const [name, value] of Object.entries(headers)) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
    return Object.keys(headers).length > 0 ? headers : undefined;
  } catch {
    return undefined;
  }
};

const readText = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

/** The variable for traces is stronger than the one for all signals. */
const variables = (name: string): readonly string[] => [
  `OTEL_EXPORTER_OTLP_TRACES_${name}`,
  `OTEL_EXPORTER_OTLP_${name}`,
];

/** The PEM text of a file. */
const pem = (name: string, help: string) =>
  setting<string | undefined>({
    env: variables(name),
    fallback: undefined,
    read: readText,
    expected: 'a file that can be read, e.g. /etc/otel/tls.pem',
    help,
  });

/** How the receiver of traces is reached, in the variables that every OpenTelemetry exporter knows. */
export const OTLP_SETTINGS = {
  otlpHeaders: setting<OtlpHeaders>({
    env: variables('HEADERS'),
    fallback: {},
    fallbackText: '',
    read: readHeaders,
    isSecret: true,
    expected: 'name=value,name=value with values percent-encoded, e.g. authorization=Bearer%20abc',
    help: 'headers for the receiver of traces',
  }),
  otlpTimeout: setting({
    env: variables('TIMEOUT'),
    fallback: 10_000,
    read: readCount,
    expected: 'milliseconds, e.g. 10000',
    help: 'for one delivery of traces, its retries included',
  }),
  otlpCompression: setting<'none' | 'gzip'>({
    env: variables('COMPRESSION'),
    fallback: 'none',
    read: text => (text === 'none' || text === 'gzip' ? text : undefined),
    expected: 'none or gzip',
    help: 'how traces are compressed',
  }),
  otlpCa: pem('CERTIFICATE', "file of the authority that signed the receiver's certificate (PEM)"),
  otlpCert: pem('CLIENT_CERTIFICATE', 'file of our certificate for the receiver (PEM)'),
  otlpKey: pem('CLIENT_KEY', "file of that certificate's key (PEM)"),
};

export type OtlpSettings = SettingValues<typeof OTLP_SETTINGS>;
