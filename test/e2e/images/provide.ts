import { join, relative } from 'node:path';
import { importImages } from '../../../cluster/embedded/node.ts';
import { listRecords } from '../../../cluster/embedded/record.ts';
import { ensureImages, redisImages } from '../../../cluster/images.ts';
import { cloneDirectory } from '../../../cluster/paths.ts';
import { createProgress } from '../../../cluster/progress.ts';

const findRecord = async () => (await listRecords()).find(({ layout }) => layout.clone === cloneDirectory);

/** Why no image can be put on the nodes of this cluster, or false. */
export const noOwnImages: string | false = (await findRecord())
  ? false
  : 'needs the embedded cluster, which has no registry';

/** Puts the image of the folder of that name, made over Redis 8.0, on the node; resolves with its reference. */
export async function provideImage(name: string): Promise<string> {
  const progress = createProgress(console.error);
  const record = await findRecord();
  const [base] = await ensureImages(redisImages.slice(-1), progress);
  if (!record || !base) throw new Error('there is no embedded cluster in this clone; bring one up with: npm start');
  const folder = join(import.meta.dirname, name);
  const source = {
    reference: `docker.io/cubby-dev/${name}:8.0`,
    dockerfile: relative(cloneDirectory, join(folder, 'Dockerfile')),
    files: { 'redis-server': join(folder, 'redis-server') },
    base,
  };
  await importImages(record, await ensureImages([source], progress));
  return source.reference;
}
