import { register } from 'tsx/esm/api';

/** The reader's thread from its source: threads of Node 20 don't take over the loader of the process that tests run in. */
register();
await import('../../src/documents/reader-thread.ts');
