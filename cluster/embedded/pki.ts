import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../command.ts';
import { inside, type Layout } from './layout.ts';

/** One certificate of the cluster: its file name, its subject and, for servers, the names that it serves. */
interface Certificate {
  name: string;
  subject: string;
  alternativeNames?: readonly string[];
}

const VALID_DAYS = '3650';

/** The certificates of Kubernetes' "PKI certificates and requirements", for one node and one authority. */
function listCertificates(layout: Layout): Certificate[] {
  return [
    {
      name: `apiserver-${layout.nodeAddress}`,
      subject: '/CN=kube-apiserver',
      alternativeNames: [
        ...['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'localhost'].map((name) => `DNS:${name}`),
        'DNS:kubernetes.default.svc.cluster.local',
        ...[inside.apiServiceAddress, layout.nodeAddress, '127.0.0.1'].map((address) => `IP:${address}`),
      ],
    },
    {
      name: `kubelet-${layout.nodeAddress}`,
      subject: `/CN=${inside.nodeName}`,
      alternativeNames: [`DNS:${inside.nodeName}`, `IP:${layout.nodeAddress}`],
    },
    { name: 'admin', subject: '/O=system:masters/CN=kubernetes-admin' },
    { name: 'apiserver-kubelet-client', subject: '/O=system:masters/CN=kube-apiserver-kubelet-client' },
    { name: 'controller-manager', subject: '/CN=system:kube-controller-manager' },
    { name: 'scheduler', subject: '/CN=system:kube-scheduler' },
    { name: 'proxy', subject: '/CN=system:kube-proxy' },
    { name: 'node', subject: `/O=system:nodes/CN=system:node:${inside.nodeName}` },
  ];
}

/** Issues what is missing of the cluster's keys and certificates in `directory`, with openssl. */
export async function ensureCertificates(directory: string, layout: Layout): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const openssl = (...args: string[]) => run('openssl', args, { cwd: directory });
  if (!existsSync(join(directory, 'ca.crt'))) {
    await openssl('req', '-x509', ...newKey('ca'), '-subj', '/CN=cubby', '-days', VALID_DAYS, '-out', 'ca.crt');
  }
  if (!existsSync(join(directory, 'service-accounts.key'))) {
    await openssl('genrsa', '-out', 'service-accounts.key', '2048');
  }
  for (const certificate of listCertificates(layout)) {
    if (existsSync(join(directory, `${certificate.name}.crt`))) continue;
    await openssl(
      ...['req', '-x509', ...newKey(certificate.name), '-subj', certificate.subject, '-days', VALID_DAYS],
      ...['-CA', 'ca.crt', '-CAkey', 'ca.key', '-addext', 'basicConstraints=critical,CA:FALSE'],
      ...['-addext', 'extendedKeyUsage=serverAuth,clientAuth'],
      ...(certificate.alternativeNames ? ['-addext', `subjectAltName=${certificate.alternativeNames.join(',')}`] : []),
      ...['-out', `${certificate.name}.crt`],
    );
  }
}

/** Writes a kubeconfig that carries the client certificate `name` and its authority, both read from `pki`. */
export async function writeKubeconfig(path: string, pki: string, name: string, server: string): Promise<void> {
  const encode = async (file: string) => (await readFile(join(pki, file))).toString('base64');
  const cluster = { server, 'certificate-authority-data': await encode('ca.crt') };
  const user = {
    'client-certificate-data': await encode(`${name}.crt`),
    'client-key-data': await encode(`${name}.key`),
  };
  // JSON is YAML.
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'cubby', cluster }],
    users: [{ name, user }],
    contexts: [{ name: 'cubby', context: { cluster: 'cubby', user: name } }],
    'current-context': 'cubby',
  };
  await writeFile(path, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
}

function newKey(name: string): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${name}.key`];
}
