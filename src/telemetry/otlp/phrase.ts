import { type SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { SpanLimits } from '../span-limits.ts';
import { writeAttribute } from './attributes.ts';
import { ProtobufWriter } from './protobuf.ts';

/** Fields of a Span (trace.proto) that phrases hold. */
const NAME = 5;
const KIND = 6;
const ATTRIBUTES = 9;
const STATUS = 15;
const STATUS_CODE = 3;

/** What many spans say in the same words: encoded once, then copied. */
export interface Phrase {
  readonly bytes: Uint8Array;
  /** Where its attributes begin, and where each of them ends. */
  readonly ends: readonly number[];
}

/** A part of a phrase that is no attribute, and so is never left out. */
export type Opening = (to: ProtobufWriter) => void;

const nothing: Opening = () => {};

export const named =
  (name: string, kind: SpanKind): Opening =>
  to => {
    to.string(NAME, name);
    // The API has no word for an unspecified kind, so its kinds are one less.
    to.uint32(KIND, kind + 1);
  };

/** The span's status is an error. */
export const failed: Opening = to => {
  const start = to.begin(STATUS);
  to.uint32(STATUS_CODE, SpanStatusCode.ERROR);
  to.end(start);
};

/** @param attributes those that are undefined are left out */
export type Phrasing = (
  attributes: Readonly<Record<string, string | number | undefined>>,
  opening?: Opening,
) => Phrase;

export const createPhrasing =
  ({ valueLength }: SpanLimits): Phrasing =>
  (attributes, opening = nothing) => {
    const to = new ProtobufWriter(256);
    opening(to);
    const ends = [to.length];
    for (const [key, value] of Object.entries(attributes)) {
      if (value === undefined) continue;
      writeAttribute(to, ATTRIBUTES, key, typeof value === 'string' ? value.slice(0, valueLength) : value);
      ends.push(to.length);
    }
    return { bytes: Uint8Array.from(to.bytes()), ends };
  };
