/**
 * The chart's form of a CRD: a template rather than a file under `crds/`, because Helm never upgrades those. It is
 * switched by `crds.enabled`, and `crds.keep` leaves it (and with it every store) in place on uninstall.
 */
export function chartCrd(yaml: string): string {
  const [head, body] = splitOnce(yaml, '\nmetadata:\n');
  const escaped = body.replaceAll('{{', '{{ "{{" }}');
  return [
    '{{- if .Values.crds.enabled }}',
    '# Generated from crds/ by `npm run generate`. Do not edit.',
    head,
    'metadata:',
    '  annotations:',
    '    {{- if .Values.crds.keep }}',
    '    helm.sh/resource-policy: keep',
    '    {{- end }}',
    '    cubby.dev/chart-version: {{ .Chart.Version | quote }}',
    '  labels:',
    '    {{- include "cubby.labels" . | nindent 4 }}',
    `${escaped.trimEnd()}`,
    '{{- end }}',
    '',
  ].join('\n');
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  if (at < 0) throw new Error(`the CRD has no line ${JSON.stringify(separator.trim())}`);
  return [text.slice(0, at), text.slice(at + separator.length)];
}
