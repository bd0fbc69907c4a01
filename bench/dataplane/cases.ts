import type { Load } from './load.ts';
import { cubbyLoads, nodeLoads, webdisLoads } from './requests.ts';

/** Whom a case puts under load: the data plane or a peer. */
export type SubjectName = 'cubby' | 'webdis' | 'ioredis' | 'constant-200' | 'constant-256k' | 'pipe-256k';

/** One line of the table. */
export interface Case {
  name: string;
  about: string;
  subject: SubjectName;
  load: Load;
  /** The case of a peer whose figure of the same round this one is divided by. */
  against: string | undefined;
  /** Operations on keys in one request. */
  operations: number;
}

/** Every case, in the order of the table. */
export function casesFor(tokens: Record<'main' | 'cached', string>): readonly Case[] {
  const [webdis, ioredis, cubby] = [of('webdis'), of('ioredis'), of('cubby')];
  const main = cubbyLoads(tokens.main);
  return [
    webdis('webdis-get', 'webdis GET, 200 bytes', webdisLoads.get),
    webdis('webdis-set', 'webdis SET, 200 bytes', webdisLoads.set),
    ioredis('ioredis-get', 'node:http + ioredis GET', nodeLoads.get, 'webdis-get'),
    ioredis('ioredis-put', 'node:http + ioredis PUT', nodeLoads.put, 'webdis-set'),
    of('constant-200')('constant', 'node:http, constant 200 bytes', nodeLoads.get, 'webdis-get'),
    of('constant-256k')('constant-256k', 'node:http, constant 256 KB', nodeLoads.getLarge),
    of('pipe-256k')('pipe-256k', 'node:http, 256 KB handed on from Redis', nodeLoads.getLarge),
    cubby('get', 'GET, 200 bytes', main.get, 'webdis-get'),
    cubby('get-by-node', "GET, 200 bytes, over Node's HTTP and Koa", main.getByNode, 'webdis-get'),
    cubby('put', 'PUT, 200 bytes', main.put, 'webdis-set'),
    cubby('increment', 'increment', main.increment, 'webdis-set'),
    cubby('scan', 'scan, page of 100', main.scan),
    cubby('batch', 'batch of 100: 50 get, 25 set, 25 delete', main.mixedBatch, undefined, 100),
    cubby('batch-get', 'batch of 100 gets, 200 bytes', main.getBatch, undefined, 100),
    cubby('cached-get', 'GET, reads: cached', cubbyLoads(tokens.cached).get, 'webdis-get'),
    cubby('get-256k', 'GET, 256 KB', main.getLarge, 'pipe-256k'),
    cubby('put-256k', 'PUT, 256 KB', main.putLarge, 'pipe-256k'),
  ];
}

function of(subject: SubjectName) {
  return (name: string, about: string, load: Load, against?: string, operations = 1): Case => {
    return { name, about, subject, load, against, operations };
  };
}
