import { Budget } from './budget.tsx';
import { Memory } from './memory.tsx';
import { Requests } from './requests.tsx';

/** What the project uses: requests and tokens over time, and memory. */
export function UsagePage() {
  return (
    <div className="page">
      <div className="page-inner">
        <Requests />
        <Budget />
        <Memory />
      </div>
    </div>
  );
}
