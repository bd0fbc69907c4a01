/** Something that is so, in one CamelCase word and in a sentence that names the remedy where one is needed. */
export interface Finding<Reason extends string = string> {
  reason: Reason;
  message: string;
}

/** A condition before it has a time: what one file of this folder says. */
export interface Verdict<Reason extends string = string> extends Finding<Reason> {
  type: string;
  status: 'True' | 'False' | 'Unknown';
}

/** The sentences of several findings as one message. */
export function joinMessages(findings: readonly Finding[]): string {
  return findings.map(({ message }) => message).join('; ');
}
