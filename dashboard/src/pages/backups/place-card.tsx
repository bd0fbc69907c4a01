import { useState } from 'react';
import type { BackupPlace } from '../../../../sdk/src/index.ts';
import { Button } from '../../components/button.tsx';
import { PlaceDialog } from './place-dialog.tsx';
import { placeWords } from './words.ts';

/** Where further backups go. */
export function PlaceCard({ place, mayManage }: { place: BackupPlace | null; mayManage: boolean }) {
  const [asking, setAsking] = useState(false);
  return (
    <section className="card section" aria-labelledby="place-title">
      <div className="section-head">
        <h2 id="place-title">Where backups go</h2>
        {mayManage && <Button onClick={() => setAsking(true)}>{place ? 'Change' : 'Choose'}</Button>}
      </div>
      {place ? (
        <p>
          <span className="mono">{placeWords(place)}</span>
          {place.s3?.endpoint && ` at ${place.s3.endpoint}`},{' '}
          {place.encryption_secret ? `encrypted with the key in ${place.encryption_secret}` : 'not encrypted by Cubby'}
        </p>
      ) : (
        <p className="soft">This store does not say. A backup needs a volume or a bucket to go to.</p>
      )}
      {asking && <PlaceDialog place={place} onClose={() => setAsking(false)} />}
    </section>
  );
}
