// Keeps a port of 127.0.0.1 forwarded to the data plane of a named cluster: `kubectl port-forward` ends whenever the
// pod that it chose does. Arguments: kubectl, kubeconfig, port.
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

const RESTART_MS = 1_000;

const [kubectl = '', kubeconfig = '', port = ''] = process.argv.slice(2);
const args = ['--kubeconfig', kubeconfig, 'port-forward', '--namespace', 'cubby-system', 'service/cubby-dataplane'];
for (;;) {
  const child = spawn('setpriv', ['--pdeathsig=KILL', '--', kubectl, ...args, `${port}:80`], { stdio: 'inherit' });
  await new Promise((resolve) => child.once('close', resolve).once('error', resolve));
  await sleep(RESTART_MS);
}
