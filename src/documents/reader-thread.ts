import { parentPort } from 'node:worker_threads';
import { readText } from './text.ts';

/** The thread of `createReader`: an answer for each text, in order. */
parentPort?.on('message', (text: string) => parentPort?.postMessage(readText(text)));
