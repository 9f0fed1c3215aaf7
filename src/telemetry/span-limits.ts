import { type SettingValues, setting } from '../core/settings/settings.ts';
import { readCount } from '../core/values.ts';

/** How much a span may say (OpenTelemetry specification, "Attribute Limits"). */
export interface SpanLimits {
  /** Attributes beyond these are left out, and counted in the span. */
  readonly attributeCount: number;
  /** Characters of a text; the rest is cut off. */
  readonly valueLength: number;
}

export const DEFAULT_SPAN_LIMITS: SpanLimits = { attributeCount: 128, valueLength: Number.POSITIVE_INFINITY };

/** The variable for spans is stronger than the one for everything that has attributes. */
const variables = (name: string): readonly string[] => [`OTEL_SPAN_${name}`, `OTEL_${name}`];

/** The limits, in the variables that every OpenTelemetry SDK knows. */
export const SPAN_LIMIT_SETTINGS = {
  spanAttributeCount: setting({
    env: variables('ATTRIBUTE_COUNT_LIMIT'),
    fallback: DEFAULT_SPAN_LIMITS.attributeCount,
    read: readCount,
    expected: 'a number from 1, e.g. 128',
    help: 'attributes of a span; those beyond are left out and counted',
  }),
  spanValueLength: setting({
    env: variables('ATTRIBUTE_VALUE_LENGTH_LIMIT'),
    fallback: DEFAULT_SPAN_LIMITS.valueLength,
    fallbackText: 'no limit',
    read: readCount,
    expected: 'a number from 1, e.g. 1024',
    help: 'characters of a text in a span; the rest is cut off',
  }),
};

export type SpanLimitSettings = SettingValues<typeof SPAN_LIMIT_SETTINGS>;
