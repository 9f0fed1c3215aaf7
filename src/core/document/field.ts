import { closest } from './closest.ts';

/** The way to a field from the top of its document: `spec`, `rules`, 0, `matches`. */
export type FieldPath = readonly (string | number)[];

/**
 * What there is to say of a document:
 * - `error`: the document is not in force
 * - `unserved`: the document is in force, but this rule answers 500
 * - `note`: what stands there has no effect
 */
export type Severity = 'error' | 'unserved' | 'note';

export interface Finding {
  readonly severity: Severity;
  readonly path: FieldPath;
  /** It is about the field's name, not about its value. */
  readonly isKey?: true;
  /** What is wrong and what to do about it, in one line. */
  readonly message: string;
}

/** What a text has to look like. Its length is in characters. */
export interface TextForm {
  /** Default: 1. */
  readonly least?: number;
  readonly most: number;
  readonly pattern?: RegExp;
  /** Completes "expected …". */
  readonly expected: string;
}

/**
 * A value in a document and where it stands. Each reader gives what it asks for, or reports why it can't and gives
 * undefined; whoever reads goes on, so that everything that is wrong is told at once.
 */
export class Field {
  readonly value: unknown;
  readonly path: FieldPath;
  readonly #findings: Finding[];

  constructor(value: unknown, path: FieldPath, findings: Finding[]) {
    this.value = value;
    this.path = path;
    this.#findings = findings;
  }

  error(message: string): undefined {
    this.#findings.push({ severity: 'error', path: this.path, message });
  }

  report(severity: Severity, message: string): void {
    this.#findings.push({ severity, path: this.path, message });
  }

  /** A map with these fields and no others. One that is null counts as absent, as in Kubernetes. */
  object<K extends string>(...names: readonly K[]): Partial<Record<K, Field>> {
    const { value } = this;
    const fields: Partial<Record<string, Field>> = {};
    if (!isMap(value)) {
      this.error(`expected fields (${names.join(', ')}), not ${describe(value)}`);
      return {};
    }
    for (const [name, content] of Object.entries(value)) {
      const path = [...this.path, name];
      if (!(names as readonly string[]).includes(name)) {
        const near = closest(name, names);
        const hint = near === undefined ? `known are ${names.join(', ')}` : `did you mean "${near}"?`;
        this.#findings.push({
          severity: 'error',
          path,
          isKey: true,
          message: `unknown field ${describe(name)}; ${hint}`,
        });
      } else if (content !== null) fields[name] = new Field(content, path, this.#findings);
    }
    return fields as Partial<Record<K, Field>>;
  }

  /** @param most how many items it may have */
  list(most: number): Field[] {
    const { value } = this;
    if (!Array.isArray(value)) {
      this.error(`expected a list, not ${describe(value)}`);
      return [];
    }
    if (value.length > most) this.error(`expected at most ${most} items, not ${value.length}`);
    return value.map((item, index) => new Field(item, [...this.path, index], this.#findings));
  }

  text({ least = 1, most, pattern, expected }: TextForm): string | undefined {
    const { value } = this;
    if (typeof value !== 'string') {
      const hint = typeof value === 'object' ? '' : '; put it in quotes to make it a text';
      return this.error(`expected ${expected}, not ${describe(value)}${hint}`);
    }
    if (value.length < least || value.length > most) {
      return this.error(`expected ${expected} of ${least} to ${most} characters, not ${value.length}`);
    }
    if (pattern?.test(value) === false) return this.error(`expected ${expected}, not ${describe(value)}`);
    return value;
  }

  oneOf<const T extends string>(...values: readonly T[]): T | undefined {
    const found = values.find(value => value === this.value);
    if (found !== undefined) return found;
    const near = typeof this.value === 'string' ? closest(this.value, values) : undefined;
    const hint = near === undefined ? '' : `; did you mean "${near}"?`;
    return this.error(`expected ${values.join(', ')}, not ${describe(this.value)}${hint}`);
  }

  integer(least: number, most: number): number | undefined {
    const { value } = this;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    return this.error(`expected a whole number from ${least} to ${most}, not ${describe(value)}`);
  }

  flag(): boolean | undefined {
    if (typeof this.value === 'boolean') return this.value;
    return this.error(`expected true or false, not ${describe(this.value)}`);
  }

  /** A map that lacks a field it has to have; what is no map was told already. */
  missing(name: string, what: string): undefined {
    if (isMap(this.value)) this.error(`${name} is missing: ${what}`);
  }
}

const isMap = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** As people call it, short and without line breaks. */
const describe = (value: unknown): string => {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'fields';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
};
