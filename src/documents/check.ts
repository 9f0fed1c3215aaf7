import { readFiles } from './files.ts';
import { unreadable } from './reader.ts';
import { EMPTY_SHELF, restock, type Shelf, type Source } from './shelf.ts';
import { type ReadDocument, readText } from './text.ts';
import { describeUnread, type Text } from './texts.ts';

/** What a gateway would make of some files. */
export interface Checked {
  readonly shelf: Shelf;
  readonly documents: readonly { readonly source: string; readonly document: ReadDocument }[];
  /** Source -> its lines, for people to see; of those that could be read. */
  readonly lines: ReadonlyMap<string, readonly string[]>;
}

/** Reads texts as a gateway that has just begun would, all at once. */
export const checkTexts = (texts: readonly Text[]): Checked => {
  const sources = texts.map((text): Source => {
    const documents = 'failure' in text ? unreadable(text.failure) : readText(text.text);
    return { name: text.name, documents };
  });
  return {
    shelf: restock(EMPTY_SHELF, sources),
    documents: sources.flatMap(({ name, documents }) =>
      documents.map(document => ({ source: name, document })),
    ),
    lines: new Map(
      texts.flatMap(text => ('text' in text ? [[text.name, text.text.split(/\r?\n/)] as const] : [])),
    ),
  };
};

/** A pipeline that checks nothing should not be green. */
const NO_FILES = 'the folder has no *.yaml, *.yml or *.json; those of folders in it are not read';

/** The files that these paths name: files, or folders with files of routes. Never rejects. */
export const textsOf = async (paths: readonly string[]): Promise<readonly Text[]> => {
  const all = await Promise.all(
    paths.map(path =>
      readFiles(path).then(
        ({ texts }): readonly Text[] => (texts.length > 0 ? texts : [{ name: path, failure: NO_FILES }]),
        (error: unknown): readonly Text[] => [{ name: path, failure: describeUnread(error) }],
      ),
    ),
  );
  return [...new Map(all.flat().map(text => [text.name, text])).values()];
};
